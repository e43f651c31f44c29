using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// Masks as PNG files: greyscale of the image's size, 0 is background, 1 the first class, 2 the second, and so on. With
/// a single class 255 stands for it too, which is how most programs draw a mask. Any other value is an error: a mask
/// that was smoothed, resized or saved as JPEG has grey edges whose meaning would be guessed.
/// </summary>
internal static class MaskFile
{
    /// <summary>
    /// The largest number of classes, since each class is packed and transformed on its own. More values are instances,
    /// or a colour picture.
    /// </summary>
    public const int MostClasses = 32;

    private const byte White = byte.MaxValue;

    /// <summary>
    /// Reads the class of each pixel, [height * width], with 0 for background. Throws <see cref="MarrowException"/> for
    /// anything but a mask.
    /// </summary>
    public static (byte[] Classes, int Width, int Height) Read(string path, int classCount)
    {
        RequirePng(path, RadiographReader.ReadHeader(path));
        var picture = RadiographReader.Read(path);
        if (classCount > 1 && picture.Warnings.Count > 0)
            throw MarrowException.Bad(
                path,
                "a greyscale PNG whose values are classes",
                $"a picture of another kind ({string.Join(" ", picture.Warnings)})",
                "Save the class numbers as 8-bit greyscale.");
        var classes = new byte[picture.Pixels.Length];
        for (var i = 0; i < classes.Length; i++)
        {
            var value = picture.Pixels[i];
            classes[i] = value <= classCount ? (byte)value : classCount == 1 && value == White ? (byte)1
                : throw MarrowException.Bad(
                    path,
                    classCount == 1
                        ? "the values 0 and 255 (or 1) alone"
                        : $"values from 0 to {classCount}, one for each class",
                    $"{value} at x {i % picture.Width}, y {i / picture.Width}",
                    "Save the mask without smoothing, or name its classes by maskClasses.");
        }
        return (classes, picture.Width, picture.Height);
    }

    /// <summary>
    /// Compares the sizes in the headers of a mask and its image. Throws <see cref="MarrowException"/> when they
    /// differ, and when the mask is not a PNG.
    /// </summary>
    public static void RequireSameSize(string maskPath, string imagePath)
    {
        var (mask, image) = (RadiographReader.ReadHeader(maskPath), RadiographReader.ReadHeader(imagePath));
        RequirePng(maskPath, mask);
        if ((mask.Width, mask.Height) != (image.Width, image.Height))
            throw MarrowException.Bad(
                maskPath,
                $"{image.Width}x{image.Height} px as {imagePath} has",
                $"{mask.Width}x{mask.Height}",
                "Save the mask at the image's size.");
    }

    /// <summary>
    /// Checks everything that a run requires of a mask. Throws <see cref="MarrowException"/> when the file is not a
    /// mask, has another size than its image, or holds a value that is not a class.
    /// </summary>
    public static void Require(string maskPath, string imagePath, int classCount)
    {
        RequireSameSize(maskPath, imagePath);
        Read(maskPath, classCount);
    }

    private static void RequirePng(string path, ImageHeader header)
    {
        if (header.Format != ImageFormat.Png)
            throw MarrowException.Bad(
                path,
                "a PNG",
                header.Format == ImageFormat.Jpeg
                    ? "a JPEG, which blurs the edges of a mask"
                    : $"a {header.Format} file",
                "Save the mask as PNG.");
    }
}
