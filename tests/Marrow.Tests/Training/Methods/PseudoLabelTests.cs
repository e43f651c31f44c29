using Marrow.Datasets;
using Marrow.Losses;
using Marrow.Models;
using Marrow.Spine;
using Marrow.Tensors;
using Marrow.Tests.Models;
using Marrow.Tests.Tensors;
using Marrow.Training.Tasks;
using static TorchSharp.torch;

namespace Marrow.Tests.Training.Methods;

/// <summary>What a teacher sees on plain images becomes the student's target on the augmented ones.</summary>
public sealed class PseudoLabelTests : IDisposable
{
    private const int Width = 96, Height = 256;
    private readonly TestImages _images = new();

    public void Dispose() => _images.Dispose();

    [Theory]
    [InlineData(Fit.Stretch)]
    [InlineData(Fit.Letterbox)]
    public void Those_of_a_perfect_teacher_are_where_the_labels_of_the_same_sample_would_be(Fit fit)
    {
        var contract = new InputContract { Width = Width, Height = Height, Fit = fit };
        Sample[] labelled = [.. _images.Samples(6).Select((s, i) => s with { Vertebrae = RandomSpine.Create(new((ulong)i), 60, 90) })];
        Sample[] bare = [.. labelled.Select(s => s with { Vertebrae = [] })];
        using var cache = PackedCache.Open(labelled, contract, _images.Folder, null, TestImages.ReadNoise);
        var strong = new AugmentationOptions { RotationDegrees = 40, Scale = 0.3, Shift = 0.2, Stretch = 0.3, FlipProbability = 0.5, CutoutProbability = 0.5 };
        using var truth = new BatchLoader(labelled, cache, contract, strong, 3, 9, shuffle: true, dropLast: true);
        using var unlabeled = new BatchLoader(bare, cache, contract, strong, 3, 9, shuffle: true, dropLast: true, plain: true);
        var moved = 0;
        for (var i = 0; i < 12; i++)
        {
            using var expected = truth.Next();
            using var batch = unlabeled.Next();
            Assert.All(batch.Samples, s => Assert.Empty(s.Vertebrae));
            // The teacher sees the plain image, and each vertebra where it is on that.
            var seen = expected.Samples.Select((s, n) => Seen([.. s.Sample.Vertebrae.Select(v => v.Transform(batch.Plain!.ToInput[n]))]));
            var labels = DetectVertebraeTask.PseudoLabels([.. seen], batch);
            for (var n = 0; n < labels.Count; n++)
            {
                Assert.Equal(expected.Samples[n].Sample.Id, labels[n].Target.Sample.Id);
                Assert.Equal(0.7, labels[n].Confidence);
                foreach (var (target, label) in labels[n].Target.Vertebrae.Zip(expected.Samples[n].Vertebrae))
                    Assert.InRange(RandomSpine.LargestDistance(target, label), 0, 1e-6);
                foreach (var (found, label) in labels[n].Target.Sample.Vertebrae.Zip(expected.Samples[n].Sample.Vertebrae))
                    Assert.InRange(RandomSpine.LargestDistance(found, label), 0, 1e-6);
                moved += labels[n].Target.Vertebrae[0].Center.DistanceTo(labels[n].Target.Sample.Vertebrae[0].Transform(batch.Plain!.ToInput[n]).Center) > 3 ? 1 : 0;
            }
        }
        Assert.InRange(moved, 20, 36); // The views do differ.
    }

    [Fact]
    public void A_filled_gap_is_neither_learnt_nor_taken_for_background()
    {
        using var scope = NewDisposeScope();
        using var model = (RetinaNet)ModelCatalogue.Create(new() { Architecture = "retinanet-densenet-mini", Detector = DetectorSpec.Vertebrae(Width, Height) with { PyramidChannels = 8, HeadConvolutions = 1 } });
        using var noGrad = no_grad();
        var output = model.forward(zeros(1, 1, Height, Width));
        var spine = RandomSpine.Create(new(5), Width, Height);
        var all = DetectionTargets.Encode(output, [spine]);
        var none = DetectionTargets.Encode(output, [spine], [[]]);
        Assert.Equal(all.Foreground, none.Foreground);

        bool[] guessed = [.. Enumerable.Range(0, Vertebra.Count).Select(n => n == 8)];
        var some = DetectionTargets.Encode(output, [spine], [guessed]);
        long[] gap = [.. all.Foreground.Except(some.Foreground)];
        Assert.NotEmpty(gap);
        var matches = Matcher.Match([.. spine.Select(v => CornerCoder.BoxOf(v))], output.Anchors.Boxes);
        Assert.All(gap, row => Assert.Equal(8, matches[row]));
        Assert.DoesNotContain(some.Foreground, row => matches[row] == 8);
        Assert.All(gap, row => Assert.Equal((0f, 0f), (some.Counted[row], some.Classes[row])));
        Assert.Equal(all.Counted.Sum() - gap.Length, some.Counted.Sum());
    }

    private static SpinePrediction Seen(Vertebra[] vertebrae) => new()
    {
        Vertebrae = vertebrae,
        Scores = [.. vertebrae.Select(_ => 0.9)],
        Filled = [.. vertebrae.Select(_ => false)],
        Confidence = 0.7,
    };
}
