using Marrow.Hub;

namespace Marrow.Cli;

/// <summary>Which checkpoints measure a spine when none is named: the newest detector and the newest regressor of a hub.</summary>
internal static class SpineCheckpoints
{
    // Names begin with the architecture.
    private static readonly string[] Architectures = ["retinanet-", "cobb-"];

    public static IReadOnlyList<string> Newest(LocalHub hub)
    {
        var entries = hub.List();
        var names = Architectures
            .Select(prefix => entries.Where(e => e.Problem is null && e.Name.StartsWith(prefix, StringComparison.Ordinal)).MaxBy(e => e.Created))
            .OfType<HubEntry>().Select(e => $"{e.Name}@{e.Digest}").ToList();
        return names.Count > 0
            ? names
            : throw MarrowException.Bad(hub.Folder, "a hub with a checkpoint that measures spines", "none", "Train one with marrow run, or name another hub with --hub or a checkpoint with --checkpoint.");
    }
}
