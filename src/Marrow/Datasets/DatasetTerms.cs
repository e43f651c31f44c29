using System.Text.Json;

namespace Marrow.Datasets;

/// <summary>
/// The terms of a data set that is not the one whose layout it has, as phantoms in CheXpert's: a file in its folder
/// says so, and goes before what the format would say.
/// </summary>
/// <param name="License">SPDX identifier or LicenseRef; null leaves the format's.</param>
/// <param name="Citation">Null leaves the format's.</param>
/// <param name="Version">As its makers name it; null means that none is known.</param>
internal sealed record DatasetTerms(string? License = null, string? Citation = null, string? Version = null)
{
    public const string FileName = "dataset.json";

    /// <summary>
    /// Writes the terms into the data set's folder. Throws <see cref="MarrowException"/> when that is impossible.
    /// </summary>
    public void Write(string root) =>
        AtomicFile.WriteText(Path.Combine(root, FileName), JsonSerializer.Serialize(this, MarrowJson.Options));

    /// <summary>Null without the file. Throws <see cref="MarrowException"/> when it is no such JSON.</summary>
    internal static DatasetTerms? Read(string root)
    {
        var path = Path.Combine(root, FileName);
        return File.Exists(path)
            ? MarrowJson.Read<DatasetTerms>(path, "license, citation and version", "Remove the file or correct it.")
            : null;
    }
}
