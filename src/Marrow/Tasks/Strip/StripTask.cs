using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Spine;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Strip;

/// <summary>
/// Learns and predicts the points of items along a curve, on strips in which it is laid straight. An item of which a
/// point is unlabelled or has left the strip adds no loss.
/// </summary>
internal sealed class StripTask(StripNet model, ModelSpec spec, InputContract input, ClassLayout layout)
    : TaskModel(spec, input)
{
    private readonly int _stride = model.Features.Levels[StripNet.FirstLevel - 1].Stride;

    public override string Name => CheckpointTask.RefinePoints;
    public override string Purpose =>
        $"finding {string.Join(", ", layout.Names)} of each of {Spec.Items} items along a curve on radiographs, on a "
            + "strip in which the curve is laid straight";
    public override string Limits =>
        "It looks where another model has seen the items, and finds points there, whatever is there. For research. Not "
            + "a medical device: no clinical decision may rest on it.";
    public override Module Model => model;

    internal StripDecoding Decoding { get; init; } = new();

    /// <summary>How many points an item has.</summary>
    internal int PointsPerItem => layout.Names.Count;

    /// <summary>Measures the mean places of the points relative to their items, in strip pixels.</summary>
    public override void AdaptTo(IReadOnlyList<Sample> training)
    {
        var (items, points) = (Spec.Items!.Value, PointsPerItem);
        var sums = new double[items * points * 2];
        foreach (var sample in training)
        {
            var strip = new StraightStrip(sample.Curve, Input.StripLayout);
            for (var i = 0; i < items * points; i++)
            {
                var offset = strip.ToStrip(sample.Points[i]) - strip.ToStrip(sample.Curve[i / points]);
                sums[2 * i] += offset.X;
                sums[2 * i + 1] += offset.Y;
            }
        }
        using var noGrad = no_grad();
        using var mean = tensor(
            [.. sums.Select(sum => (float)(sum / training.Count))], [items, points, 2], device: model.Offsets.device);
        model.Offsets.copy_(mean);
    }

    public override CheckpointConfig Describe() =>
        new()
        {
            Model = Spec,
            Task = Name,
            Classes = layout.Names,
            Input = Input,
            Decoding = Decoding.Write(),
            Outputs =
            [
                .. layout.Names.Select(name => new OutputMeaning(
                    name, "logit", $"A map of where {name} of an item is; each item has its own window of it.")),
            ],
        };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        var windows = Windows(images, [.. batch.Samples.Select(s => s.Expected)], compute);
        var points = ToTensor(batch.Samples.SelectMany(s => s.Points), batch.Samples.Count, images.device);
        var (distance, peaks) = StripLoss.Compute(windows, points, Input.Width, Input.Height, _stride);
        return
        [
            ("distance", distance.MoveToOuterDisposeScope()),
            ("peaks", peaks.MoveToOuterDisposeScope()),
        ];
    }

    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var (spines, points) = (new List<LandmarkPair>(), new List<PointPair>());
        ForEachBatch(loader, compute, (images, batch) =>
        {
            var found = Find(images, [.. batch.Samples.Select(s => s.Expected)], compute);
            foreach (var (inBatch, places) in batch.Samples.Zip(found))
            {
                var (sample, size) = (inBatch.Sample, loader.OriginalSize(inBatch.Sample));
                Point2D[] onFilm = [.. places.Select(inBatch.StripToOriginal!)];
                if (sample.Vertebrae.Count > 0)
                    spines.Add(new()
                    {
                        Truth = sample.Vertebrae,
                        Found = [.. onFilm.Chunk(PointsPerItem).Select(c => new Vertebra(c[0], c[1], c[2], c[3]))],
                        ImageWidth = size.Width,
                        ImageHeight = size.Height,
                        Patient = sample.Patient,
                    });
                else
                    points.Add(new()
                    {
                        Truth = sample.Points,
                        Found = onFilm,
                        ImageWidth = size.Width,
                        ImageHeight = size.Height,
                        Patient = sample.Patient,
                        MmPerPixel = sample.MmPerPixel,
                    });
            }
        });
        if (points.Count > 0)
            return PointErrors.Measure(
                [.. Enumerable.Range(1, Spec.Items!.Value).Select(i => $"{i}")], points, bootstrap);
        return
        [
            .. Angles.Measure(
                [.. spines.Select(s => CobbAngles.Measure(s.Truth, s.ImageHeight).Degrees)],
                [.. spines.Select(s => CobbAngles.Measure(s.Found, s.ImageHeight).Degrees)],
                [.. spines.Select(s => s.Patient)],
                bootstrap),
            .. Landmarks.Measure(spines, bootstrap),
        ];
    }

    /// <summary>
    /// Returns the points of all items in strip pixels, [N][items * points], of normalised strips in the memory layout
    /// of <paramref name="compute"/>. Throws <see cref="MarrowException"/> when the network gives no numbers.
    /// </summary>
    /// <param name="expected">Where the items are expected, in strip pixels, [N][items].</param>
    internal IReadOnlyList<Point2D[]> Find(
        Tensor strips, IReadOnlyList<IReadOnlyList<Point2D>> expected, Compute compute)
    {
        using var scope = NewDisposeScope();
        var means = Windows(strips, expected, compute).Means().Values<float>(); // [N, M, K, 2]
        if (!Array.TrueForAll(means, float.IsFinite))
            throw new MarrowException(
                "The model of strips gives values that are no numbers: its weights are of no use. Use another one.");
        return
        [
            .. means.Chunk(2).Select(p => new Point2D(p[0], p[1])).Chunk(Spec.Items!.Value * PointsPerItem),
        ];
    }

    private StripWindows.Windows Windows(
        Tensor strips, IReadOnlyList<IReadOnlyList<Point2D>> expected, Compute compute)
    {
        var logits = compute.Forward(() => model.forward(strips)).to(ScalarType.Float32);
        var items = ToTensor(expected.SelectMany(e => e), expected.Count, strips.device, points: 1);
        return StripWindows.Open(logits, items.Plus(model.Offsets.unsqueeze(0)), _stride);
    }

    private Tensor ToTensor(IEnumerable<Point2D> places, int count, Device device, int? points = null) =>
        tensor(
            [.. places.SelectMany(p => (float[])[(float)p.X, (float)p.Y])],
            [count, Spec.Items!.Value, points ?? PointsPerItem, 2],
            device: device);
}
