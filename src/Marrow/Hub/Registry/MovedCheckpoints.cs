namespace Marrow.Hub.Registry;

/// <summary>
/// The checkpoints that a push or a pull has transferred: the one asked for and, on request, its ancestors.
/// </summary>
public sealed class MovedCheckpoints
{
    private MovedCheckpoints(string reference, string manifest, long bytes, TextReport report) =>
        (Reference, Manifest, Bytes, Report) = (reference, manifest, bytes, report);

    /// <summary>The checkpoint's reference "name@sha256:...", which is the same in every hub.</summary>
    public string Reference { get; }

    /// <summary>The digest of the registry's manifest, by which the registry identifies exactly this upload.</summary>
    public string Manifest { get; }

    /// <summary>The number of bytes that were transferred. Files that were there already do not count.</summary>
    public long Bytes { get; }

    /// <summary>One sentence for each tag of the registry that pointed to something else before.</summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>
    /// A report of each checkpoint, the oldest first, with its licence and the bytes that were transferred for it.
    /// </summary>
    public TextReport Report { get; }

    internal static MovedCheckpoints Of(IReadOnlyList<PushedCheckpoint> pushed) =>
        new(
            $"{pushed[^1].Name}@{pushed[^1].Digest}",
            pushed[^1].Manifest,
            pushed.Sum(p => p.BytesSent),
            new(
                new { pushed },
                [
                    .. pushed.Select(one => ReportPart.Facts(
                        one.Name,
                        [
                            ("digest", Digest.Shorten(one.Digest)),
                            ("licence", one.License),
                            ("sent", Share(one.FilesSent, one.Files, one.BytesSent, one.Bytes)),
                            ("manifest", Digest.Shorten(one.Manifest)),
                            ("to", one.Reference),
                        ])),
                    ReportPart.Line($"marrow hub pull {pushed[^1].Reference}"),
                ]))
        {
            Notes =
            [
                .. pushed.Where(p => p.Replaced is not null)
                    .Select(p => $"{p.Reference} named {p.Replaced} before; that is still there under its digest."),
            ],
        };

    internal static MovedCheckpoints Of(IReadOnlyList<PulledCheckpoint> pulled, LocalHub hub) =>
        new(
            $"{pulled[^1].Name}@{pulled[^1].Digest}",
            pulled[^1].Manifest,
            pulled.Sum(p => p.BytesFetched),
            new(
                new { hub = hub.Folder, pulled },
                [
                    .. pulled.Select(one => ReportPart.Facts(
                        one.Name,
                        [
                            ("digest", Digest.Shorten(one.Digest)),
                            ("licence", one.License),
                            (
                                "fetched",
                                one.WasThere
                                    ? "nothing: it was there"
                                    : Share(one.FilesFetched, one.Files, one.BytesFetched, one.Bytes)),
                            ("from", one.Reference),
                            ("folder", one.Folder),
                        ])),
                    ReportPart.Line(
                        $"marrow hub show {pulled[^1].Name}{Digest.Mark}{Digest.Shorten(pulled[^1].Digest)}"),
                ]));

    private static string Share(int moved, int files, long movedBytes, long bytes) =>
        $"{moved} of {files} files, {NumberText.MiB(movedBytes)} of {NumberText.MiB(bytes)} MiB";
}

/// <summary>A checkpoint that was pushed.</summary>
/// <param name="Reference">The reference under which it can be pulled.</param>
/// <param name="Manifest">The digest of its manifest, by which the registry identifies exactly this upload.</param>
/// <param name="License">The licence under which it was pushed.</param>
/// <param name="FilesSent">The number of files that were sent. The repository had all others.</param>
/// <param name="Bytes">The size of the sent files and of the config in bytes.</param>
/// <param name="Replaced">
/// The digest of the manifest to which the tag pointed before; null when the tag is new or unchanged.
/// </param>
internal sealed record PushedCheckpoint(
    string Reference, string Name, string Digest, string Manifest, string License, int Files, int FilesSent,
    long Bytes, long BytesSent, string? Replaced);

/// <summary>A checkpoint that was pulled or was already in the hub.</summary>
/// <param name="License">The licence under which the registry's manifest passes it on.</param>
/// <param name="WasThere">True when the hub had it already.</param>
internal sealed record PulledCheckpoint(
    string Reference, string Name, string Digest, string Manifest, string License, string Folder, int Files,
    int FilesFetched, long Bytes, long BytesFetched, bool WasThere);
