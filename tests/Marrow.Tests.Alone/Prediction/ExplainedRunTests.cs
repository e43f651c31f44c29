using Marrow.Findings;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Prediction;

/// <summary>
/// A classifier that learns in a minute whether a film shows a bright disc: its explanation must lead to the disc,
/// whose place no label has told it.
/// </summary>
public sealed class ExplainedRunTests : IDisposable
{
    private const int Side = 160, Radius = 12, Images = 120, Tried = 40;
    private const int NearPx = 32; // of the input, as of the film: one cell of the map

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A film of noise, with a disc about the place where one is given.</summary>
    private static byte[] Film(SeededRandom random, Point2D? disc)
    {
        var pixels = new byte[Side * Side];
        for (var i = 0; i < pixels.Length; i++)
        {
            var inside = disc is { } center && center.DistanceTo(new(i % Side + 0.5, i / Side + 0.5)) < Radius;
            pixels[i] = (byte)Math.Clamp((inside ? 170 : 90) + 25 * random.NextGaussian(), 0, 255);
        }
        return pixels;
    }

    private static Point2D Place(SeededRandom random) =>
        new(random.Uniform(Radius, Side - Radius), random.Uniform(Radius, Side - Radius));

    private string Train()
    {
        var data = _folder["data"];
        var rows = new List<string> { "path,label" };
        for (var i = 0; i < Images; i++)
        {
            var random = SeededRandom.Fork(11, i);
            var shown = i % 2 == 0;
            ImageWriter.WritePng8(
                Path.Combine(data, $"{i}.png"), Side, Side, Film(random, shown ? Place(random) : null));
            rows.Add($"{i}.png,{(shown ? "disc" : "none")}");
        }
        File.WriteAllLines(Path.Combine(data, "labels.csv"), rows);
        File.WriteAllText(_folder["recipe.yaml"], $$"""
            name: discs
            seed: 3
            heldOut: 0.2
            stages:
              - name: first
                task: classify
                model: densenet-mini
                tag: discs
                data: {name: discs, format: csv, validation: 0.2}
                input: {width: {{Side}}, height: {{Side}}}
                train: {steps: 120, batch: 8, lr: 2.0e-3, ema: 0.9, saveEverySeconds: 0}
            """);
        Runner.Run(
            new()
            {
                Recipe = RecipeReader.Read(_folder["recipe.yaml"], []),
                DataFolders = new Dictionary<string, string> { ["discs"] = data },
                OutFolder = _folder["run"],
                HubFolder = _folder["hub"],
                Command = "test",
                Resolve = name => throw new MarrowException($"{name}: no hub here."),
            },
            _ => { },
            TestContext.Current.CancellationToken);
        return "densenet-mini.discs";
    }

    [Fact(Explicit = true), Trait("Category", "Slow")]
    public void The_strongest_place_lies_on_the_finding_far_more_often_than_chance()
    {
        using var predictor = PredictorSet.Open(new LocalHub(_folder["hub"]), Train());
        var (near, seen) = (0, 0);
        for (var i = 0; i < Tried; i++)
        {
            var random = SeededRandom.Fork(12, i);
            var disc = Place(random);
            var film = new Radiograph(Side, Side, [.. Film(random, disc).Select(p => (ushort)p)], 8, "tried");
            var finding = predictor.Explain(film, "disc");
            if (finding.Part<ClassesPart>()!.Class != "disc")
                continue;
            seen++;
            if (finding.Part<ExplanationsPart>()!.Explanations[0].Peak!.Value.DistanceTo(disc) < NearPx)
                near++;
        }
        // By chance a place is this near in one film of eight or fewer: the circle is an eighth of the film's area.
        Assert.True(seen >= 0.8 * Tried, $"{seen} of {Tried} discs were seen.");
        Assert.True(near >= 0.7 * seen, $"{near} of {seen} explanations lead to the disc.");
    }
}
