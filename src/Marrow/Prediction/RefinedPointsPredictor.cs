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
internal sealed class RefinedPointsPredictor : IPredictor
{
    private readonly PointsTask _task;
    private readonly FirstLooker _first;
    private readonly PointReading _reading;
    private readonly Explainer _explainer;
    private readonly IReadOnlyList<OutputMeaning> _outputs;
    private readonly Compute _compute;

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
        if (CropKind.Of(crop.Region).Fault(first.Config, checkpoint.Config.Classes) is var (expected, found))
            throw MarrowException.Bad(checkpoint.Name, expected, found, "Name checkpoints that go together.");
        _compute = compute ?? Compute.Choose();
        _outputs = checkpoint.Config.Outputs;
        _task = (PointsTask)checkpoint.BuildTask();
        try
        {
            _compute.ArrangeForInference(_task.Model);
            _reading = new(_task, _outputs);
            _explainer = new(checkpoint.Name, _task, _outputs, _compute);
            _first = new(first, crop.Region, new(_compute.Device));
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
        var refined = Refine(radiograph, options.Fast);
        FoundPoint[] points =
        [
            .. refined.Zip(_outputs, (point, output) =>
                new FoundPoint(output.Name, output.Trained ? point.Place : null, point.Score)),
        ];
        string[] kept = [.. refined.Zip(_outputs).Where(p => p.First.StaysPut).Select(p => p.Second.Name)];
        var found = PointReading.Judge(points, about, _task.Decoding, kept);
        return refusals.Count > 0 ? found.Despite(refusals) : found;
    }

    public Finding Failed(string file, string reason) => Finding.Failed(file, reason, []);

    /// <summary>Returns the metrics of the task, for points that are found as in a prediction.</summary>
    /// <param name="refused">
    /// Called with the number of images that a prediction would refuse; not where the first look refuses none.
    /// </param>
    public IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<Sample> samples, BootstrapOptions bootstrap, Action<Progress>? progress, bool fast,
        Action<int>? refused)
    {
        var pairs = new List<PointPair>();
        var count = 0;
        foreach (var sample in samples)
        {
            bootstrap.Cancellation.ThrowIfCancellationRequested();
            var film = RadiographReader.Read(sample.ImagePath, DecodeSize.Width, DecodeSize.Height);
            if (refused is not null && _first.Refuses && _first.RefusalsOf(film).Count > 0)
                count++;
            var middle = new Point2D(film.OriginalWidth / 2.0, film.OriginalHeight / 2.0);
            pairs.Add(new()
            {
                Truth = sample.Points,
                // A point that is labelled and that nobody has looked for counts as found where no place is better.
                Found = [.. Refine(film, fast).Select(point => point.Place ?? middle)],
                ImageWidth = film.OriginalWidth,
                ImageHeight = film.OriginalHeight,
                Patient = sample.Patient,
                MmPerPixel = sample.MmPerPixel,
            });
            progress?.Invoke(new("measuring", pairs.Count, samples.Count, ProgressUnit.Images));
        }
        if (_first.Refuses)
            refused?.Invoke(count);
        return PointErrors.Measure([.. _outputs.Select(o => o.Name)], pairs, bootstrap);
    }

    private IReadOnlyList<RefinedPoint> Refine(Radiograph film, bool fast) =>
        PointRefiner.Of(_task, _compute, fast).Refine(film, (DetectedPoints)_first.Look(film, fast));

    public void Dispose()
    {
        _task.Dispose();
        _first.Dispose();
    }
}
