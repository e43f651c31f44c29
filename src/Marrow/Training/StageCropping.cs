using Marrow.Checkpoints;
using Marrow.Tensors;

namespace Marrow.Training;

/// <summary>
/// A stage's crop carried out: its detector found, every image of the stage looked at once, and the parts of the data
/// turned into windows.
/// </summary>
internal sealed class StageCropping : IDisposable
{
    private readonly CropDetector _detector;

    private StageCropping(Checkpoint source, InputCrop crop)
    {
        (Source, Crop) = (source, crop);
        _detector = new(source);
    }

    /// <summary>The detector's checkpoint.</summary>
    public Checkpoint Source { get; }

    /// <summary>What is stored with the weights.</summary>
    public InputCrop Crop { get; }

    /// <summary>Null for a stage without a crop. Throws <see cref="MarrowException"/> when it crops by no detector.</summary>
    public static StageCropping? Find(Stage stage, IReadOnlyDictionary<string, StageResult> done, Func<string, Checkpoint> resolve)
    {
        if (stage.Crop is not { } crop)
            return null;
        var source = StageInit.Find(crop.By, done, resolve);
        try
        {
            CropDetector.Require(source);
            return new(source, new(crop.Region, crop.Margin, source.Name, source.Digest));
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>The same parts, as windows. What was seen is kept in the run's folder.</summary>
    public StageSamples Apply(StageSamples data, string runFolder, Action<RunEvent> report, string stage, CancellationToken cancellation)
    {
        var name = $"{Crop.Detector}-{Crop.Digest["sha256:".Length..][..12]}.{data.Dataset.Name}.jsonl";
        using var kept = new DetectionFile(Path.Combine(runFolder, "detections", name));
        var spines = _detector.Detect([.. data.Training, .. data.Validation, .. data.HeldOut], kept,
            (done, all) => report(new() { Stage = $"{stage}: detections", Step = done, Steps = all }), cancellation);
        if (spines.Where(s => !s.Value.IsUsable).Select(s => s.Key).Order(StringComparer.Ordinal).ToList() is { Count: > 0 } without)
            report(new() { Stage = stage, Message = $"no spine found on {without.Count} of {spines.Count} images, {(Crop.Region == CropRegion.Spine ? "of which all is shown" : "which are left out")}: {string.Join(", ", without.Take(3))}{(without.Count > 3 ? " ..." : "")}" });
        return data with
        {
            Split = data.Split with { Train = Cut(data.Split.Train), HeldOut = Cut(data.HeldOut) },
            Training = Cut(data.Training),
            Validation = Cut(data.Validation),
        };

        IReadOnlyList<Datasets.Sample> Cut(IReadOnlyList<Datasets.Sample> samples) => CroppedSamples.Of([.. samples.Where(s => spines.ContainsKey(s.Id))], Crop, spines);
    }

    public void Dispose()
    {
        _detector.Dispose();
        Source.Dispose();
    }
}
