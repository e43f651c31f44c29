namespace Marrow;

/// <summary>
/// A folder in the system's temporary folder for one process and one purpose: of a random name, made by us or not at
/// all, closed to other users, deleted at the end. What a killed process leaves is deleted by a later one.
/// </summary>
internal sealed class ScratchFolder : IDisposable
{
    /// <summary>
    /// Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> where it can't be made.
    /// </summary>
    /// <param name="mustStay">Refuses a temporary folder in which others could put another folder in its place.</param>
    public ScratchFolder(bool mustStay = false)
    {
#pragma warning disable RS0030 // Here the folder is made safely.
        var parent = System.IO.Path.GetFullPath(System.IO.Path.GetTempPath());
#pragma warning restore RS0030
        if (mustStay && !OperatingSystem.IsWindows() && Posix.Status(parent) is { } status && !IsSafe(status))
            throw new IOException($"others may rename what lies in '{parent}': set TMPDIR to a folder of your own");
        Leftovers.SweepOnce(parent);
        Path = System.IO.Path.Combine(parent, Leftovers.NewName());
        Posix.MakePrivateFolder(Path);
    }

    public string Path { get; }

    /// <summary>/tmp may be written by all, and its sticky bit keeps each one's files from the others.</summary>
    private static bool IsSafe(PathStatus folder) =>
        folder.Owner is 0 && (folder.Mode & UnixFileMode.StickyBit) != 0
        || (folder.Owner is 0 || folder.Owner == Posix.User)
            && (folder.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == 0;

    public void Dispose() => Leftovers.Delete(new DirectoryInfo(Path));
}
