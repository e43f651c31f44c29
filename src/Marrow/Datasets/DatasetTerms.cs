using System.Text.Json;

namespace Marrow.Datasets;

/// <summary>
/// The terms of a data set that is not the one whose layout it has, as phantoms in CheXpert's: a file in its folder
/// says so, and goes before what the format would say.
/// </summary>
/// <param name="License">An SPDX identifier or a LicenseRef; null to keep that of the format.</param>
/// <param name="Citation">The citation; null to keep that of the format.</param>
/// <param name="Version">The version as the makers of the data name it; null when none is known.</param>
internal sealed record DatasetTerms(string? License = null, string? Citation = null, string? Version = null)
{
    public const string FileName = "dataset.json";

    /// <summary>
    /// Writes the terms into the data set's folder. Throws <see cref="MarrowException"/> when that is impossible.
    /// </summary>
    public void Write(string root) =>
        AtomicFile.WriteText(Path.Combine(root, FileName), JsonSerializer.Serialize(this, MarrowJson.Options));

    /// <summary>
    /// Reads the terms; null when the file does not exist. Throws <see cref="MarrowException"/> when it is not such a
    /// JSON file.
    /// </summary>
    internal static DatasetTerms? Read(string root)
    {
        var path = Path.Combine(root, FileName);
        return File.Exists(path)
            ? MarrowJson.Read<DatasetTerms>(path, "license, citation and version", "Remove the file or correct it.")
            : null;
    }
}
