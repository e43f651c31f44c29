using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tests;

/// <summary>Small made-up radiographs and samples, and a folder that goes away.</summary>
internal sealed class TestImages : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("marrow-tensors-").FullName;

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public static Radiograph Make(
        int width,
        int height,
        Func<int, int, int> value,
        int bitDepth = 8,
        Polarity polarity = Polarity.BoneBright)
    {
        var pixels = new ushort[width * height];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                pixels[y * width + x] = (ushort)value(x, y);
        return new Radiograph(width, height, pixels, bitDepth, "made-up")
        {
            Polarity = polarity,
        };
    }

    public static Radiograph Noise(ulong seed, int width, int height, int bitDepth = 8)
    {
        var random = new SeededRandom(seed);
        return Make(width, height, (_, _) => random.Next(1 << bitDepth), bitDepth);
    }

    /// <summary>Samples whose files hold the number from which <see cref="ReadNoise"/> makes their image.</summary>
    public List<Sample> Samples(int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                {
                    var path = Path.Combine(Folder, $"{i}.txt");
                    File.WriteAllText(path, $"{i}");
                    var corner = new Point2D(10 + i, 20 + i);
                    var vertebra = new Vertebra(
                        corner,
                        corner + new Point2D(12, 1),
                        corner + new Point2D(0, 8),
                        corner + new Point2D(12, 9));
                    return new Sample(id: $"{i}.txt", imagePath: path, patient: $"{i}") { Vertebrae = [vertebra] };
                }),
        ];

    public static Radiograph ReadNoise(string path, int minWidth, int minHeight)
    {
        var number = ulong.Parse(File.ReadAllText(path), System.Globalization.CultureInfo.InvariantCulture);
        return Noise(number, 60 + (int)number % 7, 90 + (int)number % 5);
    }
}
