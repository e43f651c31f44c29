using Marrow.Imaging;

namespace Marrow.Tests;

/// <summary>A data set of small pictures, bright or dark, and a recipe that tells them apart within seconds.</summary>
internal sealed class TinyRun : SmallRun
{
    private const int Side = 48;

    /// <param name="stage">Further sections of the stage, each on a line of its own.</param>
    public TinyRun(
        int images = 24,
        string train = "steps: 12, batch: 4, lr: 3.0e-3, ema: 0.9, saveEverySeconds: 0",
        params string[] stage)
    {
        Folder = Path.Combine(Path.GetTempPath(), $"marrow-run-{Guid.NewGuid():N}");
        Data = Path.Combine(Folder, "data");
        var rows = new List<string> { "path,patient,label" };
        for (var i = 0; i < images; i++)
        {
            var random = SeededRandom.Fork(7, i);
            var bright = i % 2 == 0;
            var pixels = new byte[Side * Side];
            for (var p = 0; p < pixels.Length; p++)
            {
                var inside = Math.Abs(p % Side - Side / 2) + Math.Abs(p / Side - Side / 2) < (bright ? 20 : 10);
                pixels[p] = (byte)Math.Clamp((inside ? 180 : 60) + 20 * random.NextGaussian(), 0, 255);
            }
            ImageWriter.WritePng8(Path.Combine(Data, $"{i}.png"), Side, Side, pixels);
            rows.Add($"{i}.png,p{i / 2},{(bright ? "large" : "small")}");
        }
        File.WriteAllLines(Path.Combine(Data, "labels.csv"), rows);
        RecipePath = Path.Combine(Folder, "recipe.yaml");
        File.WriteAllText(RecipePath, $$"""
            name: tiny
            seed: 3
            heldOut: 0.2
            stages:
              - name: first
                task: classify
                model: densenet-mini
                tag: tiny
                data: {name: tiny, format: csv, validation: 0.2}
                input: {width: 32, height: 32}
                train: { {{train}} }
            {{string.Join('\n', stage.Select(line => $"    {line}"))}}
            """);
    }

    public override string Folder { get; }
    public override string Data { get; }
    public override string RecipePath { get; }
    public override string DataName => "tiny";
    public override string Stage => "first";
    public override string Checkpoint => "densenet-mini.tiny";
}
