using System.Globalization;
using Marrow.Imaging;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests;

/// <summary>
/// Small pictures with bright discs and bars in a grey noise, at most one of each, with a box around each; some
/// pictures have neither. They are learnt within seconds, by a recipe of the user's own CSV.
/// </summary>
internal sealed class BoxRun : IDisposable
{
    public const int Width = 80, Height = 64;

    public BoxRun(int images = 60)
    {
        Folder = Path.Combine(Path.GetTempPath(), $"marrow-boxes-{Guid.NewGuid():N}");
        Data = Path.Combine(Folder, "data");
        var rows = new List<string> { "path,patient,label,x1,y1,x2,y2" };
        for (var i = 0; i < images; i++)
        {
            var random = SeededRandom.Fork(12, i);
            var disc = new Point2D(12 + 20 * random.NextDouble(), 12 + 40 * random.NextDouble());
            var bar = new Point2D(50 + 20 * random.NextDouble(), 14 + 36 * random.NextDouble());
            var (hasDisc, hasBar) = (i % 4 != 3, i % 4 is 0 or 1);
            var pixels = new byte[Width * Height];
            for (var p = 0; p < pixels.Length; p++)
            {
                var at = new Point2D(p % Width + 0.5, p / Width + 0.5);
                var isDisc = hasDisc && at.DistanceTo(disc) < 8;
                var isBar = hasBar && Math.Abs(at.X - bar.X) < 4 && Math.Abs(at.Y - bar.Y) < 10;
                pixels[p] = (byte)Math.Clamp((isDisc ? 200 : isBar ? 150 : 50) + 12 * random.NextGaussian(), 0, 255);
            }
            ImageWriter.WritePng8(Path.Combine(Data, $"{i}.png"), Width, Height, pixels);
            if (hasDisc)
                rows.Add(Row(i, "disc", disc, 8, 8));
            if (hasBar)
                rows.Add(Row(i, "bar", bar, 4, 10));
            if (!hasDisc && !hasBar)
                rows.Add($"{i}.png,p{i / 2},,,,,");
        }
        File.WriteAllLines(Path.Combine(Data, "labels.csv"), rows);
        RecipePath = Path.Combine(Folder, "recipe.yaml");
        File.WriteAllText(RecipePath, """
            name: own
            seed: 3
            heldOut: 0.25
            stages:
              - name: boxes
                task: detect
                model: detect-densenet-mini
                tag: shapes
                data: {name: shapes, format: csv, validation: 0.2}
                input: {width: 80, height: 64}
                detector: {pyramidChannels: 32, headConvolutions: 1}
                train: {steps: 150, batch: 8, lr: 5.0e-3, ema: 0.9, clipNorm: 10, evaluateEvery: 50, precision: f32}
            """);
    }

    public string Folder { get; }
    public string Data { get; }
    public string RecipePath { get; }

    public RunRequest Request(string outName, params string[] overrides) => new()
    {
        Recipe = RecipeReader.Read(RecipePath, overrides),
        DataFolders = new Dictionary<string, string> { ["shapes"] = Data },
        OutFolder = Path.Combine(Folder, outName),
        HubFolder = Path.Combine(Folder, outName, "hub"),
        Command = "test",
        Resolve = name => throw new MarrowException($"{name}: no hub here."),
    };

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string Row(int image, string label, Point2D center, double halfWidth, double halfHeight) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{image}.png,p{image / 2},{label},{center.X - halfWidth:F2},{center.Y - halfHeight:F2},"
                + $"{center.X + halfWidth:F2},{center.Y + halfHeight:F2}");
}
