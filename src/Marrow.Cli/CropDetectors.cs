using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Tasks;

namespace Marrow.Cli;

/// <summary>Checkpoints that look at a crop, with the detectors that they crop by: those that were named, else those of the hub.</summary>
internal static class CropDetectors
{
    /// <summary>
    /// Puts before the checkpoints each detector that one of them crops by and that is not among them, of exactly that
    /// digest. Throws <see cref="MarrowException"/> when the hub lacks it, or another detector was named.
    /// </summary>
    public static void Complete(List<Checkpoint> checkpoints, LocalHub hub)
    {
        foreach (var checkpoint in checkpoints.ToList())
        {
            if (checkpoint.WeightsOnly || checkpoint.Config.Input.Crop is not { } crop || checkpoints.Any(c => c.Digest == crop.Digest))
                continue;
            if (checkpoints.FirstOrDefault(c => !c.WeightsOnly && TaskCatalogue.Find(c.Config.Task) is { FindsCrops: true }) is { } other)
                throw MarrowException.Bad(checkpoint.Name, $"the detector by which its images are cropped, {crop.Detector}@{crop.Digest}", $"{other.Name}@{other.Digest}", "Leave that one out, or name checkpoints that go together.");
            var entry = hub.FindDigest(crop.Digest) ?? throw SpinePredictor.CropMissing(checkpoint);
            checkpoints.Insert(0, hub.Resolve($"{entry.Name}@{entry.Digest}"));
        }
    }
}
