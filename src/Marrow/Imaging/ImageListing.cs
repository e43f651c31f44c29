namespace Marrow.Imaging;

/// <summary>
/// The images below a folder, told by their first bytes, and everything else that lies there with the reason why it is
/// none: what somebody put there to be measured is measured or named.
/// </summary>
internal sealed record ImageListing
{
    /// <summary>Of a kind that is read, or named as if they were; in the order of their names.</summary>
    public required IReadOnlyList<string> Images { get; init; }

    /// <summary>Images of a kind that is known and not read, with its name ("DICOM").</summary>
    public required IReadOnlyList<(string Path, string Kind)> Unread { get; init; }

    /// <summary>What Marrow wrote (<see cref="ResultMark"/>).</summary>
    public required IReadOnlyList<string> Results { get; init; }

    /// <summary>Files that are no images.</summary>
    public required IReadOnlyList<string> Others { get; init; }

    /// <summary>Folders and links behind which images may be that nobody saw, and why.</summary>
    public required IReadOnlyList<(string Path, string Reason)> Missed { get; init; }

    public static ImageListing Of(string folder, CancellationToken cancellation = default)
    {
        var contents = FolderWalk.Files(folder, cancellation);
        var (images, results, others) = (new List<string>(), new List<string>(), new List<string>());
        var unread = new List<(string, string)>();
        foreach (var path in contents.Files)
        {
            cancellation.ThrowIfCancellationRequested();
            var start = FileStart.Read(path);
            if (ResultMark.IsOnPicture(start))
                results.Add(path);
            else if (ImageKinds.Find(start) is not null)
                images.Add(path);
            else if (ImageKinds.FindUnread(start) is { } kind)
                unread.Add((path, kind.Name));
            else if (ImageKinds.IsNamedAsImage(path))
                images.Add(path); // damaged, empty or unreadable: reading it says what
            else if (IsResult(path))
                results.Add(path);
            else
                others.Add(path);
        }
        return new() { Images = images, Unread = unread, Results = results, Others = others, Missed = contents.Missed };
    }

    /// <summary>A document, or the table beside one.</summary>
    private static bool IsResult(string path) => Path.GetExtension(path) switch
    {
        ".json" => ResultMark.IsOnJson(path),
        ".csv" => ResultMark.IsOnJson(Path.ChangeExtension(path, ".json")),
        _ => false,
    };
}
