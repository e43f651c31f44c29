using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Inputs;
using Marrow.Tasks;

namespace Marrow.Cli;

/// <summary>
/// Which checkpoints measure a spine when none is named: the newest detector of a hub, and the newest regressor and the
/// newest refiner of those that go with it.
/// </summary>
internal static class SpineCheckpoints
{
    public static IReadOnlyList<string> Newest(LocalHub hub)
    {
        var entries = HubEntry.NewestFirst([.. hub.List().Where(e => e.Problem is null)]).ToList();
        var detector = Named("retinanet-").FirstOrDefault();
        var regressor = Named("cobb-").FirstOrDefault(e => CropOf(e) is not { } crop || crop.Digest == detector?.Digest);
        var refiner = detector is null ? null : Named("points-").FirstOrDefault(e => CropOf(e) is { Region: CropRegion.Vertebra } crop && crop.Digest == detector.Digest);
        var names = ((HubEntry?[])[detector, regressor, refiner]).OfType<HubEntry>().Select(e => $"{e.Name}@{e.Digest}").ToList();
        return names.Count > 0
            ? names
            : throw MarrowException.Bad(hub.Folder, "a hub with a checkpoint that measures spines", "none", "Train one with marrow run, or name another hub with --hub or a checkpoint with --checkpoint.");

        // Names begin with the architecture.
        IEnumerable<HubEntry> Named(string prefix) => entries.Where(e => e.Name.StartsWith(prefix, StringComparison.Ordinal));
    }

    /// <summary>Null for one that looks at whole images.</summary>
    private static InputCrop? CropOf(HubEntry entry) => CheckpointManifest.Read(entry.Folder).ReadListed(entry.Folder, Checkpoint.ConfigFile) is { } config
        ? CheckpointJson.Decode<CheckpointConfig>(config, Path.Combine(entry.Folder, Checkpoint.ConfigFile)).Input.Crop
        : null;
}
