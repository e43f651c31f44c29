namespace Marrow.Weights;

/// <summary>Finds the weights in a folder: in a bundle of Marrow, or in a model of Hugging Face's hub.</summary>
internal static class WeightFolder
{
    /// <summary>The files that are looked for, those that are preferred first; an index comes after them.</summary>
    public static readonly IReadOnlyList<string> Files =
        ["model.safetensors", Path.Combine("models", "model.pt"), "pytorch_model.bin"];

    /// <summary>
    /// Returns the path of the file of weights, or of the index of several; null when the folder has none. Throws
    /// <see cref="MarrowException"/> when it has several indexes and no file of weights.
    /// </summary>
    public static string? Find(string folder) =>
        Files.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists) ?? ShardIndex.In(folder);
}
