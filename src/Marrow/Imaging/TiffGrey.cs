namespace Marrow.Imaging;

/// <summary>Rows of a TIFF's samples to grey values, bone bright as every viewer shows it.</summary>
internal sealed class TiffGrey(TiffDirectory directory, int colours)
{
    private const int MinIsWhite = 0, Palette = 3, Separated = 5; // photometric interpretation, TIFF 6.0, section 3
    private const int Premultiplied = 1, Alpha = 2;

    private readonly int _most = (1 << directory.Bits) - 1;
    private readonly int _opacity = directory.Samples > colours && directory.Extra is [var kind, ..] ? kind : 0;

    /// <summary>Whether a pixel was no grey.</summary>
    public bool Coloured { get; private set; }

    /// <summary>Whether a pixel was not opaque.</summary>
    public bool Transparent { get; private set; }

    /// <param name="samples">[pixels * samples].</param>
    public void Row(ReadOnlySpan<ushort> samples, Span<ushort> grey)
    {
        for (var x = 0; x < grey.Length; x++)
        {
            var pixel = samples.Slice(x * directory.Samples, directory.Samples);
            var value = (colours, directory.Photometric) switch
            {
                (1, Palette) => FromPalette(pixel[0]),
                (1, MinIsWhite) => Scaled(_most - pixel[0]),
                (1, _) => Scaled(pixel[0]),
                (_, Separated) => Colour(Ink(pixel[0], pixel[3]), Ink(pixel[1], pixel[3]), Ink(pixel[2], pixel[3])),
                _ => Colour(pixel[0], pixel[1], pixel[2]),
            };
            if (_opacity is Premultiplied or Alpha && pixel[colours] < _most)
            {
                Transparent = true;
                if (_opacity == Alpha)
                    value = (int)(((long)value * pixel[colours] + _most / 2) / _most);
            }
            grey[x] = (ushort)value;
        }
    }

    private int FromPalette(int entry)
    {
        var entries = directory.ColorMap.Length / 3;
        int At(int colour) => directory.ColorMap[colour * entries + entry] >> 8; // 16 bits each, whatever the depth
        return Colour(At(0), At(1), At(2));
    }

    private int Colour(int red, int green, int blue)
    {
        Coloured |= red != green || green != blue;
        return Luma.Of(red, green, blue);
    }

    /// <summary>What is left of white under an ink and black.</summary>
    private int Ink(int ink, int black) => (int)((long)(_most - ink) * (_most - black) / _most);

    /// <summary>Fewer than 8 bits are spread over 8.</summary>
    private int Scaled(int value) => directory.Bits < 8 ? value * byte.MaxValue / _most : value;
}
