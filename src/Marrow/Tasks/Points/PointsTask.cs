using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Points;

/// <summary>
/// Learns and predicts a fixed number of named points directly from the image, by one heatmap for each. A point that is
/// not labelled, or that augmentation has moved out of the input, adds no loss.
/// </summary>
internal sealed class PointsTask(PointLocator model, ModelSpec spec, InputContract input, ClassLayout layout)
    : TaskModel(spec, input), IFirstLookTask
{
    private readonly TrainedOutputs _trained = new(layout);

    public override string Name => CheckpointTask.Points;
    public override string Purpose => $"finding points on radiographs ({string.Join(", ", layout.Names)})";
    public override string Limits =>
        "For research, and as a starting point for other tasks. Each point is always placed somewhere, whether it is "
            + "in the image or not. Not a medical device: no clinical decision may rest on it.";
    public override Module Model => model;

    internal PointDecoding Decoding { get; set; } = new();

    public override void AdaptTo(IReadOnlyList<Sample> training) =>
        _trained.Set(k => training.Any(s => s.HasPoint(k)));

    internal override ITaskReading Reading(IReadOnlyList<OutputMeaning> outputs) => new PointReading(this, outputs);

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
                .. layout.Names.Select(
                    (name, k) =>
                        new OutputMeaning(
                            name,
                            "input pixel",
                            $"x and y of {name}, and the share (0 to 1) of its heatmap that lies near there.",
                            _trained.Has(k))),
            ],
        };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        var points = tensor(
            batch.Samples.SelectMany(s => s.Points).SelectMany(p => (float[])[(float)p.X, (float)p.Y]).ToArray(),
            [batch.Samples.Count, layout.Names.Count, 2],
            device: images.device);
        var heatmaps = compute.Forward(() => model.Heatmaps(images));
        return
        [
            ("heatmaps", HeatmapLoss.Compute(heatmaps, points, Input.Width, Input.Height).MoveToOuterDisposeScope()),
        ];
    }

    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var pairs = new List<PointPair>();
        ForEachBatch(loader, compute, (images, batch) =>
        {
            var found = PointsOf(images, compute);
            for (var i = 0; i < found.Count; i++)
            {
                var inBatch = batch.Samples[i];
                var size = loader.OriginalSize(inBatch.Sample);
                var toOriginal = inBatch.ToInput.Invert();
                pairs.Add(new()
                {
                    Truth = inBatch.Sample.Points,
                    Found = [.. found[i].Select(p => toOriginal.Apply(p.Place))],
                    ImageWidth = size.Width,
                    ImageHeight = size.Height,
                    Patient = inBatch.Sample.Patient,
                    MmPerPixel = inBatch.Sample.MmPerPixel,
                });
            }
        });
        return PointErrors.Measure(layout.Names, pairs, bootstrap);
    }

    /// <summary>
    /// Finds out, for a model that looks at crops about points, whether their mirror images are worth a look as well.
    /// </summary>
    internal override void ChooseDecoding(BatchLoader validation, Compute compute)
    {
        if (Decoding.PointRefinement is not { } refinement)
            return;
        IReadOnlyList<int> mirrored = [];
        var looks = new List<MirrorTrial>();
        ForEachBatch(validation, compute, (images, batch) =>
        {
            mirrored = batch.Samples[0].Sample.MirroredPoints;
            if (mirrored.Count == 0)
                return;
            var onMirror = SeenOn(batch.Images.flip(3), compute);
            looks.AddRange(SeenOn(batch.Images, compute).Zip(onMirror, batch.Samples)
                .Select(look => new MirrorTrial(look.First, look.Second, look.Third.Points)));
        });
        Decoding = Decoding with { PointRefinement = refinement.Choose(mirrored, looks, Input.Width) };
    }

    bool IFirstLookTask.LeavesBorderOut => false;

    IReadOnlyList<FirstLook> IFirstLookTask.Look(
        Tensor images, IReadOnlyList<ShownImage> shown, Compute compute, bool fast) =>
        [
            .. PointsOf(images, compute).Zip(shown, (points, image) =>
            {
                var toOriginal = image.ToInput.Invert();
                return new DetectedPoints(
                    image.Width,
                    image.Height,
                    [
                        .. points.Select((point, k) => _trained.Has(k)
                            ? toOriginal.Apply(point.Place)
                            : new Point2D(double.NaN, double.NaN)),
                    ],
                    [.. points.Select(point => point.Score)]);
            }),
        ];

    FirstLook? IFirstLookTask.Restore(int width, int height, IReadOnlyList<double> numbers) =>
        DetectedPoints.Of(width, height, numbers, layout.Names.Count);

    /// <summary>
    /// Returns the points in input pixels, [N][points], as normalised images and their mirror images show them
    /// together.
    /// </summary>
    /// <param name="images">[N, C, H, W], contiguous.</param>
    /// <param name="mirrored">
    /// For each point the one that takes its place in a mirror image; empty to look at no mirror image.
    /// </param>
    public IReadOnlyList<SeenPoint[]> PointsOnBothSides(Tensor images, IReadOnlyList<int> mirrored, Compute compute)
    {
        using var scope = NewDisposeScope();
        var found = SeenOn(images, compute);
        return mirrored.Count == 0
            ? found
            :
            [
                .. found.Zip(SeenOn(images.flip(3), compute), (points, onMirror) =>
                    PointRefinementDecoding.MixMirrored(points, onMirror, mirrored, Input.Width)),
            ];
    }

    private IReadOnlyList<SeenPoint[]> SeenOn(Tensor images, Compute compute) =>
        [
            .. PointsOf(compute.Arrange(images), compute)
                .Select(points => points.Select(p => new SeenPoint(p.Place, p.Score)).ToArray()),
        ];

    /// <summary>
    /// Returns the points in input pixels, [N][points], of normalised images in the memory layout of
    /// <paramref name="compute"/>. The score (0 to 1) is the share of the heatmap near the place.
    /// </summary>
    public IReadOnlyList<(Point2D Place, double Score)[]> PointsOf(Tensor images, Compute compute)
    {
        using var scope = NewDisposeScope();
        var found = compute.Forward(() => model.forward(images)).to(float32).Values<float>(); // [N, K, 3]
        return [.. found.Chunk(3).Select(p => (new Point2D(p[0], p[1]), (double)p[2])).Chunk(layout.Names.Count)];
    }
}
