using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Spine;
using SkiaSharp;

namespace Marrow.Tests;

/// <summary>Made-up radiographs and findings for the tests of pictures.</summary>
internal static class ReportSamples
{
    public static Radiograph Radiograph(int width, int height, Polarity polarity = Polarity.BoneBright)
    {
        var pixels = new ushort[width * height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (ushort)(i % width * 255 / width);
        return new(width, height, pixels, 8, "made-up.png") { Polarity = polarity };
    }

    /// <summary>17 vertebrae down the middle, tilted at random.</summary>
    public static List<Vertebra> Spine(int width, int height, ulong seed, double tiltDegrees = 25)
    {
        var random = new SeededRandom(seed);
        var vertebrae = new List<Vertebra>();
        for (var k = 0; k < Vertebra.Count; k++)
        {
            var middle = new Point2D(width * (0.5 + 0.1 * Math.Sin(k * 0.5)), height * (k + 1.0) / 19);
            var place = AffineTransform
                .Rotate(random.Uniform(-tiltDegrees, tiltDegrees) * Math.PI / 180)
                .Then(AffineTransform.Translate(middle.X, middle.Y));
            var (w, h) = (width * 0.08, height * 0.02);
            vertebrae.Add(new Vertebra(new(-w, -h), new(w, -h), new(-w, h), new(w, h)).Transform(place));
        }
        return vertebrae;
    }

    public static Finding Finding(int width, int height, ulong seed = 1, string file = "films/case 1.jpg") =>
        Finding(Spine(width, height, seed), width, height, file);

    public static Finding Finding(
        IReadOnlyList<Vertebra> spine,
        int width,
        int height,
        string file = "films/case 1.jpg")
    {
        var angles = CobbAngles.Measure(spine, height);
        return new(
            file: file,
            width: width,
            height: height)
        {
            Parts =
            [
                new SpinePart
                {
                    Vertebrae = [.. spine.Select((v, k) => new FoundVertebra(SpinePart.LevelName(k), v, 0.9))],
                    LandmarkAngles = angles,
                    ExpectedDegrees = [50, 30, 5],
                    RegressorDegrees = [40, 20, 10],
                    FusedDegrees = [49, 29, 5.5],
                    CobbDegrees = angles.Degrees,
                },
            ],
            Confidence = 0.875,
            Warnings = ["1 vertebra was filled in"],
            Checkpoints = [new("landmarks", "retinanet-densenet-mini.phantom", new string('a', 64))],
        };
    }

    /// <summary>The columns of predictions of spines.</summary>
    public static readonly string[] SpineColumns =
        [.. AngleColumns.Reported, "severity", "vertebrae", "confidence", .. CurveColumns.Names];

    /// <summary>A finding with an interval for each angle and a confidence that is a probability.</summary>
    public static Finding WithIntervals(int width, int height) =>
        new(Finding(width, height).WithSpine(s => new(s)
        {
            Intervals = [new(27.25, 35.5), new(0, 12), new(1, 9)],
            IntervalLevel = 0.9,
        }))
        {
            ConfidenceWithinDegrees = 5,
        };

    public static SpinePart Spine(this Finding finding) => finding.Part<SpinePart>()!;

    public static Finding WithSpine(this Finding finding, Func<SpinePart, SpinePart> change) =>
        finding.With(change(finding.Spine()));

    /// <summary>
    /// The same spine with evidence of all vertebrae but the last, whose tilts spread by 0, 0.5, 1 degrees and so on.
    /// </summary>
    public static SpinePart WithEvidence(SpinePart spine)
    {
        var looks = new SpineLooks();
        foreach (var sign in (int[])[-1, 1])
        {
            looks.Begin();
            for (var n = 0; n < spine.Vertebrae.Count - 1; n++)
            {
                var corners = spine.Vertebrae[n].Corners;
                var turn = sign * n * 0.5 / Math.Sqrt(2) * Math.PI / 180;
                looks.Add(0, n, corners.Transform(AffineTransform
                    .Translate(-corners.Center.X, -corners.Center.Y)
                    .Then(AffineTransform.Rotate(turn))
                    .Then(AffineTransform.Translate(corners.Center.X, corners.Center.Y))));
            }
        }
        return new(spine)
        {
            Vertebrae =
            [
                .. spine.Vertebrae.Select((v, n) => new FoundVertebra(v.Level, v.Corners, v.Score, v.Filled)
                {
                    Evidence = VertebraEvidence.Of(looks, n),
                }),
            ],
        };
    }

    /// <summary>A finding of two classes, each explained by a map of 2 x 3 cells with one strongest.</summary>
    public static Finding Explained(int width, int height, string file = "films/case 1.jpg", int explanations = 2)
    {
        var toInput = AffineTransform.Scale(64.0 / width, 96.0 / height);
        FoundValue[] values = [new("hand", "probability", 0.75), new("foot", "probability", 0.25)];
        return new(file: file, width: width, height: height)
        {
            Parts =
            [
                new ClassesPart("hand", values),
                new ExplanationsPart(
                [
                    .. values.Take(explanations).Select((value, k) => new Explanation(value, new(
                        [.. Enumerable.Range(0, 6).Select(cell => cell == k ? 2.0 : 0)],
                        columns: 2,
                        new(toInput, 64, 96, 32, 16),
                        width,
                        height))),
                ]),
            ],
            Checkpoints = [new("classify", "densenet-mini.phantom", new string('a', 64))],
        };
    }

    public static SKBitmap Decode(byte[] png) => SKBitmap.Decode(png);

    public static int Count(SKBitmap picture, Func<SKColor, bool> wanted) => picture.Pixels.Count(wanted);

    public static bool Near(SKColor a, SKColor b, int tolerance = 12) =>
        Math.Abs(a.Red - b.Red) <= tolerance
        && Math.Abs(a.Green - b.Green) <= tolerance
        && Math.Abs(a.Blue - b.Blue) <= tolerance;
}
