using Marrow.Imaging;
using Marrow.Phantoms;

namespace Marrow.Samples;

/// <summary>A synthetic chest radiograph, so that the samples need no image of anybody.</summary>
public static class Film
{
    public static string Write(string path)
    {
        var phantom = PhantomGenerator.Chest(seed: 1, patient: 1);
        ImageWriter.WritePng8(path, phantom.Width, phantom.Height, phantom.Pixels);
        return path;
    }
}
