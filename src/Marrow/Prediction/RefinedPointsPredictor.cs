using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Tasks.Crops;
using Marrow.Tasks.Points;

namespace Marrow.Prediction;

/// <summary>
/// Finds named points by two checkpoints: one looks at the whole image, the other at the crop about each point that the
/// first one found. Whether an image is refused is for the first one to say.
/// </summary>
internal sealed class RefinedPointsPredictor : IJudgingPredictor
{
    private readonly PointsTask _task;
    private readonly FirstLooker _first;
    private readonly PointReading _reading;
    private readonly Explainer _explainer;
    private readonly IReadOnlyList<OutputMeaning> _outputs;
    private readonly TwoLooks _looks;

    /// <summary>
    /// Loads and verifies the checkpoints. Throws <see cref="MarrowException"/> when the first look is missing, is
    /// another than the one that gave the crops in training, or finds other points.
    /// </summary>
    /// <param name="compute">The way of computing; null for the fastest one on this machine.</param>
    public RefinedPointsPredictor(Checkpoint checkpoint, Checkpoint? first, Compute? compute = null)
    {
        var crop = checkpoint.Config.Input.Crop!;
        if (first?.Digest != crop.Digest)
            throw FirstLooker.Missing(checkpoint);
        var outputs = checkpoint.Config.Outputs.Select(output => (output.Name, output.Trained)).ToList();
        if (CropKind.Of(crop.Region).Fault(first.Config, outputs) is var (expected, found))
            throw MarrowException.Bad(checkpoint.Name, expected, found, "Name checkpoints that go together.");
        compute ??= Compute.Choose();
        _outputs = checkpoint.Config.Outputs;
        _task = (PointsTask)checkpoint.BuildTask();
        try
        {
            compute.ArrangeForInference(_task.Model);
            _reading = new(_task, _outputs);
            _explainer = new(checkpoint.Name, _task, _outputs, compute);
            _first = new(first, crop.Region, new(compute.Device));
            _looks = new(_first, _task, compute);
        }
        catch
        {
            _task.Dispose();
            throw;
        }
        Checkpoints =
        [
            new(CheckpointUse.FirstLook, first.Name, first.Digest),
            new(checkpoint.Config.Task, checkpoint.Name, checkpoint.Digest),
        ];
        Untrained = [.. _outputs.Where(o => !o.Trained).Select(o => o.Name)];
    }

    /// <summary>
    /// Returns the checkpoint that, with the first look by which it crops, answers for all of these; null when none
    /// does.
    /// </summary>
    public static Checkpoint? Among(IReadOnlyList<Checkpoint> checkpoints) =>
        checkpoints.FirstOrDefault(c =>
            !c.WeightsOnly
            && c.Config.Input.Crop is { } crop
            && CropKind.Of(crop.Region).SetsPointsAnew
            && checkpoints.All(other => other == c || other.Digest == crop.Digest));

    public IReadOnlyList<string> Columns => _reading.Columns;

    public IReadOnlyList<string> Untrained { get; }

    public IReadOnlyList<string?> Masks => [];

    public IReadOnlyList<CheckpointUse> Checkpoints { get; }

    public (int Width, int Height) DecodeSize => _task.Input.DecodeSize;

    public IReadOnlyList<string> Explainable => _explainer.Names;

    public void RequireExplainable(IReadOnlyList<string> names) => _explainer.Require(names);

    public double UnfamiliarityOf(Radiograph radiograph) => _first.UnfamiliarityOf(radiograph);

    public Finding Predict(Radiograph radiograph, PredictionOptions options = default)
    {
        var refusals = _first.RefusalsOf(radiograph);
        var about = new Finding(
            file: radiograph.Source, width: radiograph.OriginalWidth, height: radiograph.OriginalHeight)
        {
            Warnings = radiograph.Warnings,
            Checkpoints = Checkpoints,
            Looks = options.Looks,
        };
        if (refusals.Count > 0 && !options.Anyway)
            return about.Refused(refusals, []);
        var refined = _looks.Look(radiograph, options.Fast);
        FoundPoint[] points =
        [
            .. refined.Zip(_outputs, (point, output) =>
                new FoundPoint(output.Name, output.Trained ? point.Place : null, point.Score)),
        ];
        string[] kept =
        [
            .. refined.Zip(_outputs).Where(p => p.First.StaysPut && p.Second.Trained).Select(p => p.Second.Name),
        ];
        var found = PointReading.Judge(points, about, _task.Decoding, kept);
        return refusals.Count > 0 ? found.Despite(refusals) : found;
    }

    public Finding Failed(string file, string reason) => Finding.Failed(file, reason, []);

    /// <summary>See <see cref="TwoLooks.Measure"/>.</summary>
    public IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<Sample> samples, BootstrapOptions bootstrap, Action<Progress>? progress, bool fast,
        Action<int>? refused) => _looks.Measure(samples, bootstrap, progress, fast, refused);

    public void Dispose()
    {
        _task.Dispose();
        _first.Dispose();
    }
}
