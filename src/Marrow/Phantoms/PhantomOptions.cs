using System.Globalization;
namespace Marrow.Phantoms;

/// <summary>What phantoms look like and how many of what kind; the defaults resemble the real sets.</summary>
internal sealed record PhantomOptions
{
    /// <summary>Size in pixels, 64 to 4096; null for 320 x 880 (spine) or 224 x 224 (chest).</summary>
    public int? Width { get; init; }
    public int? Height { get; init; }

    /// <summary>Width and height of spine films vary by this share to both sides, 0 to 0.3.</summary>
    internal double SizeVariation { get; init; } = 0.1;

    /// <summary>JPEG quality, 1 to 100.</summary>
    internal int JpegQuality { get; init; } = 92;

    /// <summary>Share of the spine phantoms that belong to a patient who has a film already, 0 to 0.9.</summary>
    internal double RepeatedFilms { get; init; } = 0.3;

    /// <summary>
    /// Share of the chest phantoms written to the validation part, 0 to 0.9; its labels are 0 or 1 alone.
    /// </summary>
    internal double ValidationShare { get; init; } = 0.15;

    /// <summary>Throws <see cref="MarrowException"/> that names the value, its range and the default.</summary>
    internal void Validate(int count)
    {
        Check(nameof(count), count, 1, 1_000_000, "");
        if (Width is { } width)
            Check(nameof(Width), width, 64, 4096, "");
        if (Height is { } height)
            Check(nameof(Height), height, 64, 4096, "");
        var byDefault = new PhantomOptions();
        Check(nameof(SizeVariation), SizeVariation, 0, 0.3, $" The default is {byDefault.SizeVariation}.");
        Check(nameof(JpegQuality), JpegQuality, 1, 100, $" The default is {byDefault.JpegQuality}.");
        Check(nameof(RepeatedFilms), RepeatedFilms, 0, 0.9, $" The default is {byDefault.RepeatedFilms}.");
        Check(nameof(ValidationShare), ValidationShare, 0, 0.9, $" The default is {byDefault.ValidationShare}.");
    }

    private static void Check(string name, double value, double low, double high, string hint)
    {
        if (!(value >= low && value <= high))
            throw new MarrowException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Phantom option {name}: expected {low} to {high}, found {value}.{hint}"));
    }
}
