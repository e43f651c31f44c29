
namespace Marrow;

/// <summary>One of the cache's folders.</summary>
internal sealed class CacheFolder
{
    public CacheFolder(string name, string? path, string? problem) => (Name, Path, Problem) = (name, path, problem);

    public string Name { get; }

    /// <summary>Null where there is no place for it.</summary>
    public string? Path { get; }

    /// <summary>Why it can't be used; null where it can.</summary>
    public string? Problem { get; }
}

/// <summary>
/// Where files that can be made again lie: $MARROW_CACHE, $XDG_CACHE_HOME/marrow or ~/.cache/marrow. The folders that
/// Marrow makes there are this user's alone: real folders, no links, closed to others, or they are not used. Nothing is
/// made before something is to be kept, and no command needs the cache: what can be done without it is done without it,
/// with one notice that names the folder, the reason and the variable.
/// </summary>
internal static class UserCache
{
    internal const string Variable = "MARROW_CACHE";
    internal const string Packed = "packed", Hubs = "hubs", Features = "features", FineTune = "fine-tune",
        Films = "films";

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    /// <summary>What to do about a cache that can't be used.</summary>
    public static string Remedy => $"Set {Variable} to a folder that can be written.";

    /// <summary>All of them as they are, without making any: for a report on this machine.</summary>
    public static IReadOnlyList<CacheFolder> Describe() =>
        [.. ((string[])[Packed, Hubs, Features, FineTune, Films]).Select(name => Root() is { } root
            ? new CacheFolder(name, Path.Combine(root, name), WhyNotUsable(root, name))
            : new CacheFolder(name, null, NoPlace))];

    /// <summary>
    /// A folder that is there and may be trusted; null, without a word, where there is none. Makes nothing.
    /// </summary>
    internal static string? Existing(string name)
    {
        if (Root() is not { } root)
            return null;
        var folder = Path.Combine(root, name);
        try
        {
            if (!Directory.Exists(folder))
                return null;
            foreach (var step in Steps(root, name))
                Close(step);
            return Steps(root, name).All(step => Problem(step) is null) ? folder : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The folder, made where it is absent; null, with a notice, where it can't be used.</summary>
    /// <param name="without">What is done instead: "images are packed in the temporary folder".</param>
    internal static string? Open(string name, string without)
    {
        var folder = TryOpen(name, out var problem);
        if (folder is null)
            Notices.Say($"{problem} Without it {without}. {Remedy}");
        return folder;
    }

    /// <summary>
    /// The folder, made where it is absent. Throws <see cref="MarrowException"/> where it can't be used.
    /// </summary>
    /// <param name="option">What names another folder besides the variable: "--cache".</param>
    internal static string Require(string name, string option) =>
        TryOpen(name, out var problem)
        ?? throw new MarrowException($"{problem} Name another with {option}, or set {Variable}.");

    /// <summary>
    /// Whether a file may be read as one of ours: a plain file, in the user's cache one of this user's. (Its folders
    /// are closed to others.)
    /// </summary>
    internal static bool Trusts(string path)
    {
        try
        {
            return Posix.Status(path) is { Kind: PathKind.File } status
                && (
                    status.Owner == Posix.User
                    || Root() is not { } root
                    || !Path.GetFullPath(path)
                        .StartsWith(Path.GetFullPath(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return false;
        }
    }

    private const string NoPlace = "The cache has no place: there is no home folder.";

    private static string? TryOpen(string name, out string? problem)
    {
        problem = NoPlace;
        if (Root() is not { } root)
            return null;
        var folder = Path.Combine(root, name);
        try
        {
            Make(root, name);
            problem = AtomicFile.WhyNotWritable(folder) is { } why
                ? $"{folder}: the cache can't be written ({why.Message})."
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"{folder}: the cache can't be used ({e.Message.TrimEnd('.')}).";
        }
        return problem is null ? folder : null;
    }

    private static void Make(string root, string name)
    {
        if (!IsNamed && Path.GetDirectoryName(root) is { } home)
            MakeAbsent(home);
        foreach (var step in Steps(root, name))
        {
            MakeAbsent(step);
            Close(step);
            if (Problem(step) is { } problem)
                throw new IOException(problem);
        }

        // As the XDG base directory specification wants it.
        static void MakeAbsent(string folder)
        {
            if (Directory.Exists(folder))
                return;
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, Private);
        }
    }

    /// <summary>Earlier versions made folders that others might enter.</summary>
    private static void Close(string folder)
    {
        if (
            !OperatingSystem.IsWindows()
            && Posix.Status(folder) is { IsFolder: true } status
            && status.Owner == Posix.User
            && (status.Mode & ~Private) != 0)
            File.SetUnixFileMode(folder, Private);
    }

    /// <summary>
    /// What Marrow makes, from above. The folder that MARROW_CACHE names is the user's own, whatever its mode.
    /// </summary>
    private static string[] Steps(string root, string name) =>
        IsNamed ? [Path.Combine(root, name)] : [root, Path.Combine(root, name)];

    private static string? Problem(string folder)
    {
        const UnixFileMode byAnybody = UnixFileMode.OtherWrite;
        return Posix.Status(folder) switch
        {
            null => "it is not there",
            { Kind: PathKind.Link } => $"'{folder}' is a link",
            { IsFolder: false } => $"'{folder}' is no folder",
            { IsOwn: false } status when status.Owner != Posix.User => $"'{folder}' belongs to another user",
            { IsOwn: false } => $"'{folder}' may be written by others",
            _ when !IsNamed
                    && !OperatingSystem.IsWindows()
                    && Path.GetDirectoryName(folder) is { } above
                    && Posix.Status(above) is { } status
                    && (status.Mode & byAnybody) != 0
                    && (status.Mode & UnixFileMode.StickyBit) == 0 => $"anybody may rename what lies in '{above}'",
            _ => null,
        };
    }

    private static string? WhyNotUsable(string root, string name)
    {
        try
        {
            var steps = Steps(root, name).TakeWhile(step => Posix.Status(step) is not null).ToList();
            return steps.Select(Problem).FirstOrDefault(problem => problem is not null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>For tests: the place of this flow of execution, and whether a user named it.</summary>
    internal static readonly AsyncLocal<(string? Root, bool IsNamed)?> Place = new();

    private static bool IsNamed =>
        Place.Value is { } place ? place.IsNamed : Environment.GetEnvironmentVariable(Variable) is { Length: > 0 };

    /// <summary>Null where there is no home. A relative XDG_CACHE_HOME is not to be used (its specification).</summary>
    internal static string? Root()
    {
        if (Place.Value is { } place)
            return place.Root;
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
            return Path.GetFullPath(named);
        if (
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } caches
            && Path.IsPathFullyQualified(caches))
            return Path.Combine(caches, "marrow");
        var home = Environment.GetFolderPath(
            Environment.SpecialFolder.UserProfile,
            Environment.SpecialFolderOption.DoNotVerify);
        return Path.IsPathFullyQualified(home) ? Path.Combine(home, ".cache", "marrow") : null;
    }
}
