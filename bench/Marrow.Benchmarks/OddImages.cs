using Marrow.Imaging;
using Marrow.Reports;
using SkiaSharp;

namespace Marrow.Benchmarks;

/// <summary>
/// Images that no clinic has made: noise, frames of one grey, pages of text and photographs, all made up.
/// </summary>
internal static class OddImages
{
    private const ulong Seed = 1;

    /// <summary>Noise in squares of 1 to 8 pixels.</summary>
    public static Radiograph Noise(int number)
    {
        var random = SeededRandom.Fork(Seed, 0, number);
        var (width, height, square) = (200 + random.Next(600), 200 + random.Next(1000), 1 + number % 8);
        var (across, down) = (width / square + 1, height / square + 1);
        ushort[] values = [.. Enumerable.Range(0, across * down).Select(_ => (ushort)random.Next(256))];
        var pixels = new ushort[width * height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = values[i / width / square * across + i % width / square];
        return new(width, height, pixels, 8, $"noise {number}");
    }

    /// <summary>One grey, with the faint noise of a detector.</summary>
    public static Radiograph Grey(int number)
    {
        var random = SeededRandom.Fork(Seed, 1, number);
        var (width, height, grey) = (200 + random.Next(600), 200 + random.Next(1000), 10 + random.Next(230));
        ushort[] pixels = [.. Enumerable.Range(0, width * height).Select(_ => (ushort)(grey + random.Next(3)))];
        return new(width, height, pixels, 8, $"grey {number}");
    }

    /// <summary>A page of text, black on white or, for each third one, white on black.</summary>
    public static Radiograph Text(int number)
    {
        var random = SeededRandom.Fork(Seed, 2, number);
        var width = 400 + random.Next(400);
        var isNegative = number % 3 == 2;
        return Draw(width, (int)(width * random.Uniform(1.2, 2.2)), $"text {number}", canvas =>
        {
            var size = 9 + random.Next(14);
            canvas.Clear(isNegative ? SKColors.Black : SKColors.White);
            using var font = new SKFont(ReportFonts.Regular, size);
            using var paint = new SKPaint { Color = isNegative ? SKColors.White : SKColors.Black, IsAntialias = true };
            for (var y = 30f; y < canvas.DeviceClipBounds.Height - 20; y += size * 1.4f)
            {
                var words = Enumerable.Range(0, random.Next(2 * width / size / 6)).Select(_ => Word(random));
                canvas.DrawText(string.Join(' ', words), 30, y, SKTextAlign.Left, font, paint);
            }
        });
    }

    /// <summary>What a photograph is like from afar: a sky, blurred things of all sizes, and grain.</summary>
    public static Radiograph Photograph(int number)
    {
        const int things = 25, grain = 6;
        var random = SeededRandom.Fork(Seed, 3, number);
        var (width, height) = (300 + random.Next(500), 300 + random.Next(500));
        var photograph = Draw(width, height, $"photograph {number}", canvas =>
        {
            using var shader = SKShader.CreateLinearGradient(
                new(0, 0), new(random.Next(width), height), [Colour(random, 255), Colour(random, 255)], null,
                SKShaderTileMode.Clamp);
            using var sky = new SKPaint { Shader = shader };
            canvas.DrawRect(0, 0, width, height, sky);
            for (var i = 0; i < things; i++)
            {
                using var blur = SKMaskFilter.CreateBlur(SKBlurStyle.Normal, 1 + random.Next(8));
                using var paint = new SKPaint { Color = Colour(random, 192), IsAntialias = true, MaskFilter = blur };
                var place = SKRect.Create(
                    random.Next(width), random.Next(height), 10 + random.Next(200), 10 + random.Next(200));
                if (i % 2 == 0)
                    canvas.DrawOval(place, paint);
                else
                    canvas.DrawRect(place, paint);
            }
        });
        foreach (ref var pixel in photograph.Pixels.AsSpan())
            pixel = (ushort)Math.Clamp(pixel + random.Next(2 * grain + 1) - grain, 0, 255);
        return photograph;
    }

    private static string Word(SeededRandom random) =>
        string.Concat(Enumerable.Range(0, 2 + random.Next(9)).Select(_ => (char)('a' + random.Next(26))));

    private static SKColor Colour(SeededRandom random, byte alpha) =>
        new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256), alpha);

    private static Radiograph Draw(int width, int height, string name, Action<SKCanvas> draw)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Gray8, SKAlphaType.Opaque);
        using (var canvas = new SKCanvas(bitmap))
            draw(canvas);
        var pixels = new ushort[width * height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = bitmap.GetPixel(i % width, i / width).Red;
        return new(width, height, pixels, 8, name);
    }
}
