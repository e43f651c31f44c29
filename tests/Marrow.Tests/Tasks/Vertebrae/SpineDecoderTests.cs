using Marrow.Imaging;
using Marrow.Modules;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Vertebrae;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks.Vertebrae;

public class SpineDecoderTests
{
    private const int Width = 224, Height = 640, Trials = 200;

    [Fact]
    public void Perfect_detections_come_back_in_order()
    {
        var random = new SeededRandom(1);
        for (var trial = 0; trial < Trials; trial++)
        {
            var truth = RandomSpine.Create(random);
            var detections = truth.Select(v => new Detection(v, 0.9f)).ToArray();
            random.Shuffle<Detection>(detections);
            var spine = SpineDecoder.Assemble(detections, new(), Width, Height);
            Assert.Equal(truth, spine.Vertebrae);
            Assert.DoesNotContain(true, spine.Filled);
            Assert.InRange(spine.Confidence, 0.5, 1);
        }
    }

    [Fact]
    public void Jittered_spines_with_gaps_and_strays_are_recovered()
    {
        var random = new SeededRandom(2);
        var recovered = 0;
        for (var trial = 0; trial < Trials; trial++)
        {
            var truth = RandomSpine.Create(random);
            var detections = truth
                .Select(v => new Detection(RandomSpine.Jitter(v, random, 1), (float)random.Uniform(0.4, 0.95)))
                .ToList();
            var dropped = new[] { 2 + random.Next(4), 8 + random.Next(5) };
            foreach (var index in dropped.OrderDescending())
                detections.RemoveAt(index);
            for (var stray = 0; stray < 6; stray++)
            {
                var by = new Point2D(random.Uniform(30, 90) * (random.Next(2) * 2 - 1), random.Uniform(-20, 20));
                detections.Add(
                    new(
                        truth[random.Next(17)].Transform(AffineTransform.Translate(by.X, by.Y)),
                        (float)random.Uniform(0.1, 0.6)));
            }
            var spine = SpineDecoder.Assemble(detections, new(), Width, Height);

            Assert.Equal(17, spine.Vertebrae.Count);
            var right = Enumerable
                .Range(0, 17)
                .All(i =>
                    spine.Filled[i] == dropped.Contains(i)
                    && (spine.Scores[i] == 0) == spine.Filled[i]
                    && RandomSpine.LargestDistance(spine.Vertebrae[i], truth[i]) < (spine.Filled[i] ? 8 : 5)
                ); // a height is about 25 px
            recovered += right ? 1 : 0;
        }
        Assert.InRange(recovered, Trials * 98 / 100, Trials);
    }

    [Fact]
    public void Double_detections_are_used_once()
    {
        var random = new SeededRandom(3);
        for (var trial = 0; trial < Trials; trial++)
        {
            var truth = RandomSpine.Create(random);
            var between = random.Next(16);
            var detections = truth.Select(v => new Detection(v, 0.8f)).ToList();
            var half = (truth[between + 1].Center - truth[between].Center) * 0.5;
            detections.Add(new(truth[between].Transform(AffineTransform.Translate(half.X, half.Y)), 0.6f));
            Assert.Equal(truth, SpineDecoder.Assemble(detections, new(), Width, Height).Vertebrae);
        }
    }

    [Fact]
    public void Of_more_than_seventeen_the_fainter_end_is_left_out()
    {
        var random = new SeededRandom(4);
        for (var trial = 0; trial < Trials; trial++)
        {
            var all = RandomSpine.Create(random, height: 560, count: 19); // the last two stand below the spine
            Detection[] seen = [.. all.Select((v, i) => new Detection(v, i < 17 ? 0.9f : 0.3f))];
            var spine = SpineDecoder.Assemble(seen, new(), Width, Height);
            Assert.Equal(all[..17], spine.Vertebrae);
        }
    }

    [Fact]
    public void A_missing_end_is_extended_towards_where_the_spine_usually_ends()
    {
        // Which end it is can't be told for sure: most are right, and a wrong one is off by one vertebra at both ends.
        var random = new SeededRandom(5);
        var right = 0;
        foreach (var missing in (int[])[0, 16])
        {
            for (var trial = 0; trial < Trials; trial++)
            {
                var truth = RandomSpine.Create(random);
                Detection[] seen = [.. truth.Where((_, i) => i != missing).Select(v => new Detection(v, 0.9f))];
                var spine = SpineDecoder.Assemble(seen, new(), Width, Height);
                Assert.True(spine.Filled[0] != spine.Filled[16]);
                Assert.Equal(1, spine.Filled.Count(f => f));
                if (!spine.Filled[missing])
                    continue;
                right++;
                Assert.InRange(spine.Vertebrae[missing].Center.DistanceTo(truth[missing].Center), 0, 12);
            }
        }
        Assert.InRange(right, 2 * Trials * 8 / 10, 2 * Trials);
    }

    [Fact]
    public void Confidence_falls_with_what_is_missing()
    {
        var truth = RandomSpine.Create(new SeededRandom(6));
        Detection[] seen = [.. truth.Select(v => new Detection(v, 0.9f))];
        var confidences = new[] { 17, 12, 6, 1, 0 }
            .Select(n => SpineDecoder.Assemble([.. seen.Take(n)], new(), Width, Height))
            .Select(spine =>
            {
                Assert.Equal(17, spine.Vertebrae.Count);
                Assert.True(
                    spine.Vertebrae.Zip(spine.Vertebrae.Skip(1)).All(pair => pair.Second.Center.Y > pair.First.Center.Y)
                );
                return spine.Confidence;
            }).ToArray();
        Assert.Equal(confidences.OrderDescending(), confidences);
        Assert.Equal(0, confidences[^1]);
    }

    [Fact]
    public void Broken_detections_are_ignored()
    {
        var truth = RandomSpine.Create(new SeededRandom(7));
        var v = truth[5];
        var nan = v with { TopLeft = new Point2D(double.NaN, 3) };
        var mirrored = new Vertebra(v.TopRight, v.TopLeft, v.BottomRight, v.BottomLeft);
        var upsideDown = new Vertebra(v.BottomLeft, v.BottomRight, v.TopLeft, v.TopRight);
        var flat = new Vertebra(v.TopLeft, v.TopRight, v.TopLeft, v.TopRight);
        Detection[] detections =
        [
            .. truth.Select(t => new Detection(t, 0.9f)),
            .. new[] { nan, mirrored, upsideDown, flat }.Select(b => new Detection(b, 1f)),
        ];
        Assert.Equal(truth, SpineDecoder.Assemble(detections, new(), Width, Height).Vertebrae);
    }

    [Fact]
    public void What_the_targets_encode_the_decoder_reads_back()
    {
        using var scope = NewDisposeScope();
        var random = new SeededRandom(8);
        var spec = DetectorSpec.Vertebrae(Width, Height);
        var anchors = new AnchorGrid(spec, Width, Height, [(Height / 8, Width / 8)]);
        var truth = new[] { RandomSpine.Create(random), RandomSpine.Create(random) };
        var output = Encode(anchors, truth);
        var spines = SpineDecoder.Decode(output, new());
        Assert.Equal(2, spines.Count);
        for (var image = 0; image < 2; image++)
            Assert.All(Enumerable.Range(0, 17), i =>
                Assert.InRange(RandomSpine.LargestDistance(spines[image].Vertebrae[i], truth[image][i]), 0, 1e-3));
    }

    [Fact]
    public void Averaging_over_anchors_lowers_their_noise()
    {
        using var scope = NewDisposeScope();
        var random = new SeededRandom(9);
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(Width, Height), Width, Height, [(Height / 8, Width / 8)]);
        var truth = new[] { RandomSpine.Create(random) };
        var output = Encode(anchors, truth, noise: () => (float)(0.03 * random.NextGaussian()));
        var spine = Assert.Single(SpineDecoder.Decode(output, new()));
        var errors = Enumerable
            .Range(0, 17)
            .Select(i => spine.Vertebrae[i].TopLeft.DistanceTo(truth[0][i].TopLeft))
            .Average();
        Assert.InRange(errors, 0, 0.8); // 0.03 of an anchor of about 45 x 30 px is 2 px of distance
    }

    /// <summary>
    /// A detector that gives each foreground anchor its own vertebra with a probability of 0.9, and all others 1e-4.
    /// </summary>
    internal static DetectorOutput Encode(AnchorGrid anchors, Vertebra[][] spines, Func<float>? noise = null)
    {
        var count = anchors.Boxes.Length;
        var logits = new float[spines.Length * count];
        var offsets = new float[logits.Length * 8];
        Array.Fill(logits, -9.2f);
        for (var n = 0; n < spines.Length; n++)
        {
            var matches = Matcher.Match([.. spines[n].Select(v => CornerCoder.BoxOf(v))], anchors.Boxes);
            for (var a = 0; a < count; a++)
            {
                if (matches[a] < 0)
                    continue;
                logits[n * count + a] = 2.2f;
                var code = offsets.AsSpan((n * count + a) * 8, 8);
                CornerCoder.Encode(spines[n][matches[a]], anchors.Boxes[a], code);
                foreach (ref var number in code)
                    number += noise?.Invoke() ?? 0;
            }
        }
        return new(
            tensor(logits, [spines.Length, count, 1]),
            zeros(spines.Length, count, 4),
            tensor(offsets, [spines.Length, count, 8]),
            anchors);
    }
}
