using System.Globalization;
using Marrow.Imaging;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests;

/// <summary>
/// Small pictures of a large and a small bright disc on either side of a grey bar, with the discs' centres as points
/// and their distance as a number: learnt within seconds, by a recipe of the user's own CSV.
/// </summary>
internal sealed class PointRun : IDisposable
{
    public const int Width = 60, Height = 48;

    public PointRun(int images = 40)
    {
        Folder = Path.Combine(Path.GetTempPath(), $"marrow-points-{Guid.NewGuid():N}");
        Data = Path.Combine(Folder, "data");
        var rows = new List<string> { "file,patient,large_x,large_y,small_x,small_y,apart" };
        for (var i = 0; i < images; i++)
        {
            var random = SeededRandom.Fork(11, i);
            var (large, small) = (
                new Point2D(8 + 16 * random.NextDouble(), 8 + 32 * random.NextDouble()),
                new Point2D(36 + 16 * random.NextDouble(), 8 + 32 * random.NextDouble()));
            var pixels = new byte[Width * Height];
            for (var p = 0; p < pixels.Length; p++)
            {
                var at = new Point2D(p % Width + 0.5, p / Width + 0.5);
                var grey =
                    at.DistanceTo(large) < 6 ? 200
                    : at.DistanceTo(small) < 3.5 ? 200
                    : Math.Abs(at.X - 30) < 2 ? 110
                    : 50;
                pixels[p] = (byte)Math.Clamp(grey + 12 * random.NextGaussian(), 0, 255);
            }
            ImageWriter.WritePng8(Path.Combine(Data, $"{i}.png"), Width, Height, pixels);
            Truth.Add((large, small));
            rows.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{i}.png,p{i / 2},{large.X:F2},{large.Y:F2},{small.X:F2},{small.Y:F2},{large.DistanceTo(small):F2}"
                ));
        }
        Csv = Path.Combine(Data, "labels.csv");
        File.WriteAllLines(Csv, rows);
        RecipePath = Path.Combine(Folder, "recipe.yaml");
        File.WriteAllText(RecipePath, """
            name: own
            seed: 3
            heldOut: 0.2
            stages:
              - name: points
                task: points
                model: points-densenet-mini
                tag: discs
                data: {name: discs, format: csv, validation: 0.2}
                input: {width: 80, height: 64}
                train: {steps: 60, batch: 8, lr: 5.0e-3, ema: 0.9, clipNorm: 10, evaluateEvery: 20, precision: f32}
              - name: numbers
                task: regress
                model: regress-densenet-mini
                init: points
                tag: discs
                data: {name: discs, format: csv, labelColumns: [apart], units: {apart: px}, validation: 0.2}
                input: {width: 80, height: 64}
                augment: none
                train: {steps: 60, batch: 8, lr: 5.0e-3, ema: 0.9, clipNorm: 10, evaluateEvery: 20, precision: f32}
            """);
    }

    public string Folder { get; }
    public string Data { get; }
    public string Csv { get; }
    public string RecipePath { get; }
    public List<(Point2D Large, Point2D Small)> Truth { get; } = [];

    public RunRequest Request(string outName, params string[] overrides) => new()
    {
        Recipe = RecipeReader.Read(RecipePath, overrides),
        DataFolders = new Dictionary<string, string> { ["discs"] = Data },
        OutFolder = Path.Combine(Folder, outName),
        HubFolder = Path.Combine(Folder, outName, "hub"),
        Command = "test",
        Resolve = name => throw new MarrowException($"{name}: no hub here."),
    };

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
