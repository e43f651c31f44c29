using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Masks;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Radiograph -> mask at the radiograph's own size, by a checkpoint for segmentation. The preprocessing is that of its
/// input contract. Not for use by several threads at once.
/// </summary>
public sealed class SegmentPredictor : IDisposable
{
    private const double LowConfidence = 0.5;

    private readonly SegmentTask _task;
    private readonly Compute _compute;
    private readonly CheckpointUse _use;

    /// <summary>Loads and verifies the checkpoint. Throws <see cref="MarrowException"/> when it is for another task.</summary>
    /// <param name="compute">Null: the fastest way of this processor.</param>
    public SegmentPredictor(Checkpoint checkpoint, Compute? compute = null)
    {
        if (checkpoint.Config.Task != CheckpointTask.Segment)
            throw MarrowException.Bad(checkpoint.Name, $"a checkpoint for {CheckpointTask.Segment}", $"one for {checkpoint.Config.Task}", "Name another with --checkpoint.");
        _task = (SegmentTask)checkpoint.BuildTask();
        _compute = compute ?? Compute.Choose();
        _compute.PrepareForInference(_task.Model);
        _use = new("segment", checkpoint.Name, checkpoint.Digest);
    }

    /// <summary>What is outlined; the value in masks is the place, from 1.</summary>
    public IReadOnlyList<string> Classes => _task.Classes;

    /// <summary>Reads and outlines one file; the radiograph is for drawing on. Throws <see cref="MarrowException"/> when it can't be read.</summary>
    public (SegmentFinding Finding, Radiograph Radiograph) Predict(string path)
    {
        var radiograph = RadiographReader.Read(path, _task.Input.DecodeSize.Width, _task.Input.DecodeSize.Height);
        return (Predict(radiograph), radiograph);
    }

    /// <summary>The same for a radiograph in memory.</summary>
    public SegmentFinding Predict(Radiograph radiograph)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var input = _task.Input;
        var packed = Preprocessor.Prepare(radiograph, input);
        var logits = _task.Logits(_compute.Prepare(Preprocessor.ToTensor([packed], input)), _compute)[0];
        var (width, height) = (radiograph.OriginalWidth, radiograph.OriginalHeight);
        var mask = MaskDecoder.Decode(logits, _task.Spec.Outputs, input.Width, input.Height, packed.ToInput, width, height);
        var expected = MaskDecoder.ExpectedDice(logits, _task.Spec.Outputs);
        var areas = new long[_task.Classes.Count + 1];
        foreach (var value in mask)
            areas[value]++;
        FoundRegion[] regions = [.. _task.Classes.Select((name, i) => new FoundRegion(name, areas[i + 1], areas[i + 1] / (double)mask.Length, areas[i + 1] == 0 ? 0 : expected[i]))];

        var found = regions.Where(r => r.AreaPixels > 0).ToList();
        var warnings = new List<string>(radiograph.Warnings);
        if (found.Count == 0)
            warnings.Add($"Nothing was found of {string.Join(", ", _task.Classes)}.");
        warnings.AddRange(found.Where(r => r.Confidence < LowConfidence).Select(r => string.Create(CultureInfo.InvariantCulture, $"The outline of {r.Class} is doubtful (confidence {r.Confidence:F2}).")));
        return new()
        {
            File = radiograph.Source,
            Width = width,
            Height = height,
            Regions = regions,
            Mask = mask,
            Confidence = found.Select(r => r.Confidence).DefaultIfEmpty(0).Min(),
            Status = found.Count == 0 || found.Any(r => r.Confidence < LowConfidence) ? FindingStatus.Check : FindingStatus.Ok,
            Warnings = warnings,
            Checkpoints = [_use],
        };
    }

    public void Dispose() => _task.Dispose();
}
