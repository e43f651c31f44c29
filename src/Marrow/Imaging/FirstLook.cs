namespace Marrow.Imaging;

/// <summary>
/// What a first look at an image found, by which another model crops the image. There is one kind for each sort of
/// thing that is found; places are in original pixels.
/// </summary>
/// <param name="Width">Of the image.</param>
/// <param name="Height">Of the image.</param>
internal abstract record FirstLook(int Width, int Height)
{
    /// <summary>Whether there is a place to look at.</summary>
    public abstract bool IsUsable { get; }

    /// <summary>All that was found, as numbers for a file.</summary>
    public abstract IReadOnlyList<double> Numbers { get; }
}
