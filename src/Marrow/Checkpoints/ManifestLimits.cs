namespace Marrow.Checkpoints;

/// <summary>
/// How much a manifest may say of its licence and its ancestors. A long lineage has some dozens of ancestors; what a
/// hostile one could have would take seconds in each command that looks at terms, and fill the screen with them.
/// </summary>
internal static class ManifestLimits
{
    public const int MostAncestors = 1000, MostLicenseParts = 50, LongestLicense = 2000, LongestText = 10_000;

    /// <summary>
    /// Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when a manifest exceeds these limits.
    /// </summary>
    public static void Require(string license, CheckpointParents parents, string path)
    {
        var count = (long)parents.Checkpoints.Count + parents.Datasets.Count + parents.Inherited.Count;
        if (count > MostAncestors)
            throw Bad(path, $"at most {MostAncestors} ancestors", $"{count}");
        RequireLicense(license, path);
        foreach (var ancestor in parents.Ancestors())
        {
            RequireLicense(ancestor.License, path);
            RequireText(ancestor.Name, "name of an ancestor", path);
            RequireText(ancestor.Digest, "digest of an ancestor", path);
        }
        foreach (var data in parents.Datasets)
        {
            RequireText(data.Citation, "citation", path);
            RequireText(data.Version, "version of a data set", path);
        }
    }

    private static void RequireLicense(string license, string path)
    {
        if (license.Length > LongestLicense)
            throw Bad(path, $"a licence of at most {LongestLicense} characters", $"{license.Length}");
        var parts = Licenses.PartsOf(license);
        if (parts > MostLicenseParts)
            throw Bad(path, $"a licence of at most {MostLicenseParts} parts", $"{parts}");
    }

    private static void RequireText(string text, string what, string path)
    {
        if (text.Length > LongestText)
            throw Bad(path, $"a {what} of at most {LongestText} characters", $"{text.Length}");
    }

    private static MarrowException Bad(string path, string expected, string found) =>
        MarrowException.Damaged(path, expected, found, "No checkpoint has so much: it is damaged, or made to do harm.");
}
