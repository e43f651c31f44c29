namespace Marrow.Hub;

/// <summary>A fault that was found in one file or folder of a hub.</summary>
public sealed class HubFault
{
    internal HubFault(string path, string problem) => (Path, Problem) = (path, problem);

    /// <summary>The path of the file or folder.</summary>
    public string Path { get; }

    /// <summary>A sentence that says what is wrong with it.</summary>
    public string Problem { get; }
}

/// <summary>A checkpoint of which every byte was read.</summary>
/// <param name="Bytes">The number of bytes that were read.</param>
/// <param name="Faults">Each damaged, missing or unlisted file; empty when the checkpoint is intact.</param>
internal sealed record VerifiedCheckpoint(
    string Name, Digest Digest, string Folder, int Files, long Bytes, IReadOnlyList<HubFault> Faults);

/// <summary>The outcome of verifying a hub.</summary>
public sealed class HubVerification
{
    private readonly string _hub;

    internal HubVerification(
        string hub, IReadOnlyList<VerifiedCheckpoint> checkpoints, IReadOnlyList<HubFault> strays) =>
        (_hub, Checkpoints, Strays) = (hub, checkpoints, strays);

    internal IReadOnlyList<VerifiedCheckpoint> Checkpoints { get; }

    /// <summary>Files and folders that lie where checkpoints do but are none.</summary>
    internal IReadOnlyList<HubFault> Strays { get; }

    /// <summary>True when no fault was found.</summary>
    public bool IsWhole => Faults.Count == 0;

    /// <summary>The faults of all checkpoints and of the hub itself.</summary>
    public IReadOnlyList<HubFault> Faults => [.. Checkpoints.SelectMany(c => c.Faults), .. Strays];

    /// <summary>A report with each checkpoint that was read and each fault that was found.</summary>
    public TextReport Report
    {
        get
        {
            var damaged = Checkpoints.Count(c => c.Faults.Count > 0);
            return new(
                new
                {
                    Hub = _hub,
                    IsWhole,
                    Damaged = damaged,
                    Checkpoints,
                    Strays,
                },
                [
                    .. Checkpoints.Count > 0 ? [Table()] : (IEnumerable<ReportPart>)[],
                    .. Faults.Select(f => ReportPart.Line($"{f.Path}: {f.Problem}")),
                    ReportPart.Line(
                        IsWhole
                            ? $"{Checkpoints.Count} whole"
                            : $"{Checkpoints.Count - damaged} whole, {damaged} damaged, "
                                + NumberText.Count(Faults.Count, "fault")),
                ]);
        }
    }

    private ReportPart Table() =>
        ReportPart.Table(
            ["name", "digest", "files", "MiB", ""],
            Checkpoints.Select(c => (IReadOnlyList<string>)
                [
                    c.Name,
                    Digest.Shorten(c.Digest),
                    NumberText.Whole(c.Files),
                    NumberText.MiB(c.Bytes),
                    c.Faults.Count == 0 ? "whole" : "damaged",
                ]),
            _hub);
}
