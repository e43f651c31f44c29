// Made-up detections for the golden finding: what a detector would see of spines of all kinds, drawn from a seed, goes
// the way of a film from the scores of anchors to angles and a judgement. Nothing here is like a detector of today: it
// is to be the same for ever, and such that each value of the contract makes a difference.

using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks.Vertebrae;

internal static class VertebraeRehearsal
{
    private const int Cases = 6;
    private const int Width = 192, Height = 576;       // of the input, px
    private const double FilmWidth = 3.2, FilmHeight = 4; // original pixels to one of the input: it is stretched
    private const int Anchors = 1500;

    private static readonly AffineTransform ToInput = AffineTransform.Scale(1 / FilmWidth, 1 / FilmHeight);

    public static IReadOnlyList<RehearsedValue> Of(VertebraeDecoding decoding, SeededRandom random)
    {
        var (corners, scores, degrees, confidences, judgements) =
            (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < Cases; i++)
        {
            // On a cut-off film the three highest stand above it, and it is not known at which end vertebrae are
            // missing.
            var truth = i == Cases / 2
                ? Curve(random, random.Uniform(-0.14, -0.13), random.Uniform(0.9, 0.91))
                : Curve(random, random.Uniform(0.02, 0.13), random.Uniform(0.79, 0.96));
            var detections = SpineDecoder.Merge(Seen(truth, i, random), decoding.Candidates);
            var first = SpineDecoder.Assemble(detections, decoding, Width, Height);
            var spine = LookAgain(first, truth, random.NextUInt64(), decoding);
            var toFilm = ToInput.Invert();
            Vertebra[] original = [.. spine.Vertebrae.Select(v => v.Transform(toFilm))];
            var (width, height) = ((int)(FilmWidth * Width), (int)(FilmHeight * Height));
            var detected = new DetectedSpine(width, height, original, spine.Filled.Count(filled => !filled));
            var unfamiliarity = 0.4 + 0.2 * i;
            var judged = SpineJudgement.Of(spine, detected, original, ToInput, unfamiliarity, decoding);

            corners.AddRange(original.SelectMany(v => (Point2D[])[v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight])
                .SelectMany(corner => (double[])[corner.X, corner.Y]));
            scores.AddRange(spine.Scores);
            degrees.AddRange(CobbExpectation.Degrees(original, height, decoding.Angles.Errors));
            confidences.Add(spine.Confidence);
            judgements.AddRange([judged.Warnings.Count, judged.Doubts.Count, judged.Refusals.Count]);
        }
        return
        [
            new("anchors", AnchorsKept(decoding.Candidates, random)),
            new("corners", corners),
            new("scores", scores),
            new("expectedDegrees", degrees),
            new("confidences", confidences),
            new("judgements", judgements),
            .. decoding.Counting is { } counting ? (RehearsedValue[])[new("counts", Counts(counting, random))] : [],
        ];
    }

    /// <summary>
    /// Returns, for chains at many places with detections beyond their ends, where the counted ones begin and end, and
    /// their scores.
    /// </summary>
    private static List<double> Counts(CountingDecoding decoding, SeededRandom random)
    {
        const int chains = 60, mostBeyond = 3;
        var numbers = new List<double>();
        for (var i = 0; i < chains; i++)
        {
            var curve = Curve(random, random.Uniform(-0.02, 0.2), random.Uniform(0.7, 1));
            double[] scores = [.. curve.Select(_ => random.Uniform(0.2, 0.95))];
            var seen = new List<Detection>();
            for (var beyond = 1; beyond <= mostBeyond; beyond++)
            {
                foreach (var (end, inner) in ((Vertebra, Vertebra)[])[(curve[0], curve[1]), (curve[^1], curve[^2])])
                {
                    var step = (end.Center - inner.Center) * beyond;
                    var place = Moved(end.Transform(AffineTransform.Translate(step.X, step.Y)), random, 2);
                    if (random.Uniform(0, 1) < 0.8)
                        seen.Add(new(place, (float)random.Uniform(0.01, 0.9)));
                }
            }
            var chain = new SpinePrediction
            {
                Vertebrae = curve,
                Scores = scores,
                Filled = new bool[Vertebra.Count],
                Confidence = scores.Average(),
            };
            var counted = LevelCount.Of(chain, seen, decoding, Height);
            numbers.AddRange([counted.Vertebrae[0].Center.Y, counted.Vertebrae[^1].Center.Y, counted.Confidence]);
        }
        return numbers;
    }

    /// <summary>Returns how many of the anchors are used, and which one is the last.</summary>
    private static double[] AnchorsKept(CandidateDecoding decoding, SeededRandom random)
    {
        var many = SpineDecoder.Best(Logits(Anchors, -3), decoding);
        var few = SpineDecoder.Best(Logits(Anchors / 4, -10), decoding);
        return [many.Length, many.LastOrDefault(), few.Length, few.LastOrDefault()];

        float[] Logits(int count, double lowest) =>
            [.. Enumerable.Range(0, count).Select(_ => (float)random.Uniform(lowest, 3))];
    }

    /// <summary>Returns seventeen vertebrae along a curve, in input pixels.</summary>
    /// <param name="first">The place of the first centre, as a share of the height.</param>
    /// <param name="last">The place of the last centre, as a share of the height.</param>
    private static Vertebra[] Curve(SeededRandom random, double first, double last)
    {
        var (middle, sway) = (Width * random.Uniform(0.4, 0.6), Width * random.Uniform(0, 0.15));
        var phase = random.Uniform(0, 2 * Math.PI);
        var (top, bottom) = (Height * first, Height * last);
        var (step, wide) = ((bottom - top) / (Vertebra.Count - 1), random.Uniform(0.8, 1.4));
        return [.. Enumerable.Range(0, Vertebra.Count).Select(n =>
        {
            var along = phase + 1.4 * Math.PI * n / (Vertebra.Count - 1);
            var tilt = Math.Atan(sway * Math.Cos(along) * 1.4 * Math.PI / (bottom - top));
            var half = new Point2D(wide * (0.07 + 0.003 * n) * Width, 0.37 * step);
            var place = AffineTransform.Translate(middle + sway * Math.Sin(along), top + n * step);
            return new Vertebra(new(-half.X, -half.Y), new(half.X, -half.Y), new(-half.X, half.Y), half)
                .Transform(AffineTransform.Rotate(-tilt).Then(place));
        })];
    }

    /// <summary>
    /// Returns detections of each vertebra by several anchors, except for the missing ones, which are neighbours and
    /// one more in each case. It adds false detections beside the spine and between vertebrae, in one case very many.
    /// </summary>
    private static List<Detection> Seen(Vertebra[] truth, int number, SeededRandom random)
    {
        const int usualStrays = 12, manyStrays = 90, looks = 5;
        var seen = new List<Detection>();
        var (missing, at) = (number, random.Next(Vertebra.Count));
        var (usual, faintest) = (random.Uniform(0.05, 0.9), random.Next(Vertebra.Count));
        for (var n = 0; n < truth.Length; n++)
        {
            if ((n >= at && n < at + missing) || truth[n].Center.Y < 0)
                continue;
            for (var look = 0; look < looks; look++)
            {
                var score = n == faintest ? 0.0004 : Math.Clamp(usual + random.Uniform(-0.4, 0.3), 0.005, 0.99);
                seen.Add(new(Moved(truth[n], random, 1.5), (float)score));
            }
        }
        for (var stray = number == Cases - 1 ? manyStrays : usualStrays; stray > 0; stray--)
        {
            var (x, y) = (random.Uniform(-0.4, 0.4) * Width, random.Uniform(-0.05, 0.05) * Height);
            var beside = truth[random.Next(truth.Length)].Transform(AffineTransform.Translate(x, y));
            seen.Add(new(Moved(beside, random, 2), (float)random.Uniform(0.005, 0.4)));
        }
        return seen;
    }

    /// <summary>Imitates a detector whose error depends on the place of a vertebra in its crop.</summary>
    private static SpinePrediction LookAgain(SpinePrediction first, Vertebra[] truth, ulong seed,
        VertebraeDecoding decoding)
    {
        var (fromCrop, cropHeight) = SecondLook.CropsOf(first, ToInput, Width, Height, decoding.SecondLook);
        return SecondLook.Combine(first, ToInput, fromCrop, decoding.SecondLook, w =>
        {
            var random = SeededRandom.Fork(seed, w);
            var toCrop = fromCrop[w].Invert();
            return
            [
                .. truth.Select(v => v.Transform(toCrop)).Where(v => v.Center.Y > 0 && v.Center.Y < cropHeight)
                    .Select(v => new Detection(Misseen(v, random), (float)random.Uniform(0, 0.6))),
            ];
        });
    }

    private static Vertebra Misseen(in Vertebra v, SeededRandom random)
    {
        var error = AffineTransform.Translate(Math.Sin(v.Center.Y / 5), 4 * random.NextGaussian());
        return Moved(v.Transform(error), random, 0.5);
    }

    private static Vertebra Moved(in Vertebra v, SeededRandom random, double spreadPixels)
    {
        return new(Corner(v.TopLeft), Corner(v.TopRight), Corner(v.BottomLeft), Corner(v.BottomRight));

        Point2D Corner(Point2D p) => p + new Point2D(random.NextGaussian(), random.NextGaussian()) * spreadPixels;
    }
}
