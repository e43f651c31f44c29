using System.Text.Json.Serialization;
using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>One checkpoint of a hub, as its manifest describes it.</summary>
public sealed class HubEntry
{
    internal HubEntry(string name, Digest digest, DateTimeOffset created, string folder, string? problem = null) =>
        (Name, Digest, Created, Folder, Problem) = (name, digest, created, folder, problem);

    /// <summary>The checkpoint's name.</summary>
    public string Name { get; }

    /// <summary>
    /// The checkpoint's digest, which is taken from the folder's name when the manifest can't be read.
    /// </summary>
    public Digest Digest { get; }

    /// <summary>The time when the checkpoint was saved.</summary>
    public DateTimeOffset Created { get; }

    [JsonInclude] internal string Folder { get; }

    /// <summary>The reason why the manifest can't be read; null when it can.</summary>
    public string? Problem { get; }

    /// <summary>The licence of the weights, as an SPDX identifier or a LicenseRef.</summary>
    public string License { get; internal init; } = Licenses.Unknown;

    /// <summary>The licences of all ancestors that the manifest lists, each once.</summary>
    public IReadOnlyList<string> AncestorLicenses { get; internal init; } = [];

    /// <summary>The digests of the checkpoints from which it was made, parents first.</summary>
    [JsonInclude] internal IReadOnlyList<string> AncestorDigests { get; init; } = [];

    /// <summary>
    /// The task for which it was trained, such as "classify"; "" for weights alone, and where its config can't be read.
    /// </summary>
    public string Task { get; internal init; } = "";

    /// <summary>The names of the data sets on which it was trained.</summary>
    public IReadOnlyList<string> Datasets { get; internal init; } = [];

    /// <summary>
    /// The parts of the body that the films of those data sets show, such as "chest"; empty when nobody has said it.
    /// </summary>
    public IReadOnlyList<string> BodyParts { get; internal init; } = [];

    /// <summary>The names of the checkpoints that it was made from.</summary>
    public IReadOnlyList<string> Parents { get; internal init; } = [];

    /// <summary>The measured value that tells most of it; null when none was measured.</summary>
    public MeasuredValue? Figure { get; internal init; }

    /// <summary>The size of all its files together, in bytes.</summary>
    public long Bytes { get; internal init; }

    /// <summary>The reference "name@sha256:...", which means exactly this checkpoint.</summary>
    public string Reference => $"{Name}@{Digest}";

    /// <summary>
    /// The largest difference that clocks of different machines may have. A later date is not believed.
    /// </summary>
    private static readonly TimeSpan ClocksMayDiffer = TimeSpan.FromDays(1);

    /// <summary>
    /// Orders entries by the time of creation, the latest first. Those dated in the future would otherwise stay the
    /// newest for years; they follow after all others, with a notice.
    /// </summary>
    internal static IEnumerable<HubEntry> NewestFirst(IReadOnlyList<HubEntry> entries)
    {
        var latest = DateTimeOffset.UtcNow + ClocksMayDiffer;
        foreach (var entry in entries.Where(e => e.Created > latest))
        {
            Notices.Say(
                $"{Digest.ShortenReference(entry.Reference)} is dated {entry.Created.UtcDateTime:yyyy-MM-dd}, in the "
                    + $"future: "
                    + "no checkpoint of today would be newer, so it counts as the oldest. Check the clock of this "
                    + "machine and of the one that made it."
            );
        }
        return entries
            .OrderBy(e => e.Created > latest)
            .ThenByDescending(e => e.Created)
            .ThenBy(e => e.Digest.Hex, StringComparer.Ordinal);
    }

    internal static HubEntry Of(CheckpointManifest manifest, string folder, long manifestBytes)
    {
        var ancestors = manifest.Parents.Ancestors();
        return new(manifest.Name, manifest.Digest, manifest.Created, folder)
        {
            License = manifest.License,
            AncestorLicenses = [.. ancestors.Select(a => a.License).Distinct(StringComparer.Ordinal)],
            AncestorDigests =
            [
                .. ancestors
                    .Where(a => a.Kind == LineageKind.Checkpoint && a.Digest.Length > 0)
                    .Select(a => a.Digest)
                    .Distinct(StringComparer.Ordinal),
            ],
            Bytes = manifestBytes + manifest.Files.Sum(f => f.Bytes),
            Task = Optional<ConfigHead>(Checkpoint.ConfigFile)?.Task ?? "",
            Datasets = [.. manifest.Parents.Datasets.Select(d => d.Name).Distinct(StringComparer.Ordinal)],
            BodyParts =
            [
                .. manifest.Parents.Datasets.Select(d => d.BodyPart).OfType<string>().Distinct(StringComparer.Ordinal),
            ],
            Parents = [.. manifest.Parents.Checkpoints.Select(p => p.Name).Distinct(StringComparer.Ordinal)],
            Figure = MeasuredValue.MainOf(Optional<List<MeasuredValue>>(Checkpoint.MetricsFile) ?? []),
        };

        // What is damaged is told where the file is used, and by `marrow hub verify`.
        T? Optional<T>(string file) where T : class
        {
            try
            {
                return manifest.ReadListed<T>(folder, file);
            }
            catch (MarrowException)
            {
                return null;
            }
        }
    }

    private sealed record ConfigHead(string Task);
}
