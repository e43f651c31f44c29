namespace Marrow;

/// <summary>Where files that can be made again lie: $XDG_CACHE_HOME/marrow, ~/.cache/marrow, or the temporary folder.</summary>
internal static class UserCache
{
    public static string Folder(string name)
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache))
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            cache = string.IsNullOrEmpty(home) ? Path.GetTempPath() : Path.Combine(home, ".cache");
        }
        return Path.Combine(cache, "marrow", name);
    }
}
