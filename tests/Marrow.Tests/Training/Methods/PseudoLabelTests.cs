using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Modules;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Masks;
using Marrow.Tasks.Vertebrae;
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
        Sample[] labelled =
        [
            .. _images.Samples(6).Select((s, i) => s with { Vertebrae = RandomSpine.Create(new((ulong)i), 60, 90) }),
        ];
        Sample[] bare = [.. labelled.Select(s => s with { Vertebrae = [] })];
        using var cache = PackedCache.Open(labelled, contract, _images.Folder, null, TestImages.ReadNoise);
        var strong = new AugmentationOptions
        {
            RotationDegrees = 40,
            Scale = 0.3,
            Shift = 0.2,
            Stretch = 0.3,
            FlipProbability = 0.5,
            CutoutProbability = 0.5,
        };
        using var truth = new BatchLoader(labelled, cache, contract, strong, 3, 9, shuffle: true, dropLast: true);
        using var unlabeled = new BatchLoader(
            bare,
            cache,
            contract,
            strong,
            3,
            9,
            shuffle: true,
            dropLast: true,
            plain: true);
        var moved = 0;
        for (var i = 0; i < 12; i++)
        {
            using var expected = truth.Next();
            using var batch = unlabeled.Next();
            Assert.All(batch.Samples, s => Assert.Empty(s.Vertebrae));
            // The teacher sees the plain image, and each vertebra where it is on that.
            var seen = expected.Samples.Select(
                (s, n) => Seen([.. s.Sample.Vertebrae.Select(v => v.Transform(batch.Plain!.ToInput[n]))]));
            var labels = DetectVertebraeTask.PseudoLabels([.. seen], batch);
            for (var n = 0; n < labels.Count; n++)
            {
                Assert.Equal(expected.Samples[n].Sample.Id, labels[n].Target.Sample.Id);
                Assert.Equal(0.7, labels[n].Confidence);
                foreach (var (target, label) in labels[n].Target.Vertebrae.Zip(expected.Samples[n].Vertebrae))
                    Assert.InRange(RandomSpine.LargestDistance(target, label), 0, 1e-6);
                foreach (
                    var (found, label) in labels[n].Target.Sample.Vertebrae.Zip(expected.Samples[n].Sample.Vertebrae))
                    Assert.InRange(RandomSpine.LargestDistance(found, label), 0, 1e-6);
                moved +=
                    labels[n]
                        .Target.Vertebrae[0]
                        .Center.DistanceTo(
                            labels[n].Target.Sample.Vertebrae[0].Transform(batch.Plain!.ToInput[n]).Center
                        ) > 3
                        ? 1
                        : 0;
            }
        }
        Assert.InRange(moved, 20, 36); // The views do differ.
    }

    [Theory]
    [InlineData(Fit.Stretch)]
    [InlineData(Fit.Letterbox)]
    public void Masks_of_a_perfect_teacher_are_those_of_the_same_sample(Fit fit)
    {
        var contract = new InputContract { Width = Width, Height = Height, Fit = fit };
        Sample[] labelled =
        [
            .. _images
                .Samples(6)
                .Select(
                    (s, i) =>
                        s with
                        {
                            MaskAreas =
                            [
                                .. RandomSpine
                                    .Create(new((ulong)i), 60, 90)
                                    .Select(v => (Point2D[])[v.TopLeft, v.TopRight, v.BottomRight, v.BottomLeft]),
                            ],
                        }
                ),
        ];
        Sample[] bare = [.. labelled.Select(s => s with { MaskAreas = [] })];
        using var cache = PackedCache.Open(labelled, contract, _images.Folder, null, TestImages.ReadNoise);
        using var masks = MaskPack.Open(labelled, contract, 1, _images.Folder, TestContext.Current.CancellationToken);
        var strong = new AugmentationOptions
        {
            RotationDegrees = 40,
            Scale = 0.3,
            Shift = 0.2,
            Stretch = 0.3,
            FlipProbability = 0.5,
            CutoutProbability = 0.5,
        };
        using var plain = new BatchLoader(
            labelled,
            cache,
            contract,
            null,
            6,
            1,
            shuffle: false,
            dropLast: false,
            masks: masks);
        using var truth = new BatchLoader(
            labelled,
            cache,
            contract,
            strong,
            3,
            9,
            shuffle: true,
            dropLast: true,
            masks: masks);
        using var unlabeled = new BatchLoader(
            bare,
            cache,
            contract,
            strong,
            3,
            9,
            shuffle: true,
            dropLast: true,
            plain: true);
        using var all = plain.Next();
        var shown = all.Masks!.data<byte>()
            .ToArray()
            .Chunk(Width * Height)
            .Zip(all.Samples)
            .ToDictionary(p => p.Second.Sample.Id, p => p.First);
        using var model = ModelCatalogue.Create(new() { Architecture = "segment-densenet-mini" });
        using var task = new SegmentTask(
            (SegmentationNet)model,
            new() { Architecture = "segment-densenet-mini" },
            contract,
            new(["area"], false, []));
        long wrong = 0, known = 0, pixels = 0, moved = 0;
        for (var i = 0; i < 12; i++)
        {
            using var expected = truth.Next();
            using var batch = unlabeled.Next();
            // The teacher is sure of each pixel's class on the plain image.
            var labels = task.PseudoLabels(
                [.. batch.Samples.Select(s => shown[s.Sample.Id].Select(c => c == 1 ? 9f : -9f).ToArray())],
                batch);
            var classes = expected.Masks!.data<byte>().ToArray().Chunk(Width * Height).ToArray();
            for (var n = 0; n < labels.Count; n++)
            {
                Assert.Equal(expected.Samples[n].Sample.Id, labels[n].Target.Sample.Id);
                Assert.InRange(labels[n].Confidence, 0.99, 1);
                Assert.Equal(shown[labels[n].Target.Sample.Id], labels[n].Mask!.Plain);
                var of = labels[n].Mask!.Moved;
                pixels += of.Length;
                known += of.Count(c => c != SegmentationLoss.Unknown);
                wrong += of.Zip(classes[n]).Count(p => p.First != SegmentationLoss.Unknown && p.First != p.Second);
                moved += classes[n].Zip(labels[n].Mask!.Plain).Count(p => p.First != p.Second);
            }
        }
        // what the augmented image shows beyond the plain one is unknown
        Assert.InRange(known / (double)pixels, 0.5, 0.99);
        Assert.True(wrong < 0.01 * known, $"{wrong} of {known}"); // along edges
        Assert.True(moved > 5 * wrong, $"{moved}, {wrong}"); // The views do differ.
    }

    [Fact]
    public void A_mask_with_nothing_in_it_is_no_label()
    {
        var contract = new InputContract { Width = Width, Height = Height };
        var samples = _images.Samples(2);
        using var cache = PackedCache.Open(samples, contract, _images.Folder, null, TestImages.ReadNoise);
        using var loader = new BatchLoader(
            samples,
            cache,
            contract,
            new(),
            2,
            9,
            shuffle: false,
            dropLast: true,
            plain: true);
        using var batch = loader.Next();
        using var model = ModelCatalogue.Create(new() { Architecture = "segment-densenet-mini", Outputs = 3 });
        using var task = new SegmentTask(
            (SegmentationNet)model,
            new() { Architecture = "segment-densenet-mini", Outputs = 3 },
            contract,
            new(["left", "right"], true, []));
        // The first image: surely background. The second: surely the first class above, and surely background below.
        const int size = Width * Height;
        float[] empty = [.. Enumerable.Range(0, 3 * size).Select(i => i < size ? 9f : -9f)];
        float[] half =
        [
            .. Enumerable.Range(0, 3 * size).Select(i => i / size == (i % size < size / 2 ? 1 : 0) ? 9f : -9f),
        ];
        var labels = task.PseudoLabels([empty, half], batch);
        Assert.Equal(0, labels[0].Confidence);
        Assert.InRange(labels[1].Confidence, 0.99, 1); // the class that is not found says nothing
    }

    [Fact]
    public void A_filled_gap_is_neither_learnt_nor_taken_for_background()
    {
        using var scope = NewDisposeScope();
        using var model = (RetinaNet)
            ModelCatalogue.Create(
                new()
                {
                    Architecture = "retinanet-densenet-mini",
                    Detector = DetectorSpec.Vertebrae(Width, Height) with { PyramidChannels = 8, HeadConvolutions = 1 },
                }
            );
        using var noGrad = no_grad();
        var output = model.forward(zeros(1, 1, Height, Width));
        var spine = RandomSpine.Create(new(5), Width, Height);
        var all = DetectionTargets.Encode(output, [spine.AsTargets()]);
        var none = DetectionTargets.Encode(output, [spine.AsTargets([])]);
        Assert.Equal(all.Foreground, none.Foreground);

        bool[] guessed = [.. Enumerable.Range(0, Vertebra.Count).Select(n => n == 8)];
        var some = DetectionTargets.Encode(output, [spine.AsTargets(guessed)]);
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
