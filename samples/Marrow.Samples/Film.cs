using Marrow.Phantoms;

namespace Marrow.Samples;

/// <summary>A synthetic chest radiograph, so that the samples need no image of anybody.</summary>
public static class Film
{
    /// <param name="path">The JPEG to write.</param>
    public static string Write(string path)
    {
        var folder = $"{path}.data";
        PhantomData.Write("chexpert", folder, count: 1, seed: 1);
        File.Move(Directory.GetFiles(folder, "*.jpg", SearchOption.AllDirectories).Single(), path);
        Directory.Delete(folder, recursive: true);
        return path;
    }
}
