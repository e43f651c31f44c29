using System.CommandLine;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Reports;
using Marrow.Training.Recipes;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow data preview: a contact sheet with landmarks, angles or labels drawn.</summary>
internal static class DataPreviewCommand
{
    public static Command Create()
    {
        var data = new DataOptions();
        var count = new Option<int>("--count")
        {
            Description = "How many samples.",
            DefaultValueFactory = _ => 24,
        }.Between(1, 400);
        var seed = new Option<ulong>("--seed") { Description = "Which samples.", DefaultValueFactory = _ => 1 };
        var file = new Option<string>("--out")
        {
            Description = "The PNG to write.",
            HelpName = "FILE",
            DefaultValueFactory = _ => "preview.png",
        };
        var augment = new Option<string[]>("--augment")
        {
            Description =
                "Draw them as training sees them, with the keys of a recipe's augment: strength=1, "
                    + "collimationProbability=0.5. May be repeated.",
            HelpName = "key=value",
            DefaultValueFactory = _ => [],
        };
        var command = new Command("preview", "Write a contact sheet with landmarks, points, angles or labels drawn.")
        {
            count,
            seed,
            file,
            augment,
        };
        data.AddTo(command);
        return command
            .WithExamples(
                "marrow data preview spineweb16 data/spineweb16 --out spines.png",
                "marrow data preview chexpert data/chexpert --set blank=zeros --count 48",
                "marrow data preview spineweb16 data/spineweb16 --count 6 --augment strength=2 --augment "
                    + "collimationProbability=1"
            )
            .Does(
                (parsed, output, cancellation) =>
                    Run(
                        data.Read(parsed),
                        parsed.GetRequiredValue(count),
                        parsed.GetRequiredValue(seed),
                        parsed.GetRequiredValue(file),
                        parsed.GetRequiredValue(augment),
                        output,
                        cancellation),
                onlyReads: true);
    }

    private static int Run(
        DatasetRequest request,
        int count,
        ulong seed,
        string file,
        string[] augment,
        Output output,
        CancellationToken cancellation)
    {
        ResultMark.RequireReplaceable(file, "--out");
        var augmented = augment.Length == 0 ? null : new AugmentedPreview(augment, seed);
        var dataset = DatasetCatalogue.Open(request);
        var samples = dataset.Samples.ToArray();
        new SeededRandom(seed).Shuffle<Sample>(samples);
        samples = [.. samples.Take(count).OrderBy(s => s.Id, StringComparer.Ordinal)];
        var items = samples.Select((sample, i) => augmented is null ? Plain(sample) : Augmented(sample, i)).ToList();
        var png = ContactSheet.Render(
            items,
            $"{dataset.Name} ({dataset.Format}): {samples.Length} of {dataset.Samples.Count} samples");
        var marked = ResultMark.Mark(png, "marrow data preview");
        AtomicFile.Write(file, stream => stream.Write(marked));
        output.Finish(
            new { file, dataset.Format, dataset.Root, dataset.Samples.Count, shown = samples.Select(s => s.Id) },
            console => console.Line($"{file}: {samples.Length} of {dataset.Samples.Count} samples"));
        return ExitCode.Done;

        ContactSheetItem Plain(Sample sample) => ContactSheetItem.Of(sample, dataset, () =>
            {
                cancellation.ThrowIfCancellationRequested();
                return RadiographReader.Read(
                    sample.ImagePath,
                    ContactSheet.LongestTileSidePx,
                    ContactSheet.LongestTileSidePx);
            });

        ContactSheetItem Augmented(Sample sample, int draw)
        {
            cancellation.ThrowIfCancellationRequested();
            return augmented.Tile(sample, dataset, draw);
        }
    }
}
