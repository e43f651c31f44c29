using System.CommandLine;
using System.Globalization;
using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Training.Ranking;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub rank: which checkpoint to start from, measured on one's own labelled images.</summary>
internal static class HubRankCommand
{
    private const string All = "all";

    public static Command Create()
    {
        var data = DataFolders.Option();
        data.Description =
            "The labelled images. By the name under which a checkpoint was trained on them, what it held out is found "
                + "again.";
        data.Required = true;
        var task = new Option<string>("--task")
        {
            Description = "What the start is for.",
            HelpName = string.Join('|', Ranker.Tasks),
            Required = true,
        };
        var format = new Option<string?>("--format")
        {
            Description =
                "How to read the data: csv, chexpert, mura or spineweb16. Without it as a checkpoint that knows data "
                    + "of this name.",
        };
        var set = new DataOptions().Set;
        var checkpoints = new Option<string?>("--checkpoints")
        {
            Description = "Only these, by name and comma. Without it the newest of each name.",
            HelpName = "A,B",
        };
        var labels = new Option<int>("--labels")
        {
            Description = "So many images, of patients drawn by the seed. 0: all.",
            HelpName = "N",
        }.Between(0, int.MaxValue);
        var folds = new Option<int>("--folds")
        {
            Description = "Of the cross-validation.",
            DefaultValueFactory = _ => 5,
        }.Between(3, 20);
        var seed = new Option<ulong>("--seed")
        {
            Description = "Of random weights, folds, drawn images and fine-tunes.",
            DefaultValueFactory = _ => 1,
        };
        var size = new Option<string?>("--size")
        {
            Description = "Input px for every candidate, as 192x576. Without it each its own.",
            HelpName = "WxH",
        };
        var fineTune = new Option<string?>("--fine-tune")
        {
            Description =
                $"Fine-tune the best K checkpoints and random weights for a few steps; {All}: every candidate, and "
                    + $"compare the scores with what came of it.",
            HelpName = $"K|{All}",
        };
        var steps = new Option<int>("--steps")
        {
            Description = "Of each fine-tune.",
            DefaultValueFactory = _ => new FineTuneOptions().Steps,
        }.Between(1, 1_000_000);
        var repeats = new Option<int>("--repeats")
        {
            Description = "Fine-tunes of each candidate, each with a seed and a division of the patients of its own.",
            DefaultValueFactory = _ => 1,
        }.Between(1, 100);
        var cache = new Option<string?>("--cache")
        {
            Description = "For features and fine-tunes. Without it the user's cache folder.",
            HelpName = "DIR",
        };
        var hub = HubFolder.Option();
        var file = new Option<string?>("--out")
        {
            Description = "Write the JSON document to this file too.",
            HelpName = "FILE",
        };
        return new Command("rank", "Say which checkpoint to start from, by your own labelled images.")
        {
            data,
            task,
            format,
            set,
            checkpoints,
            labels,
            folds,
            seed,
            size,
            fineTune,
            steps,
            repeats,
            cache,
            hub,
            file,
        }
            .Computes()
            .OnDevice()
            .WithExamples(
                "marrow hub rank --data films=data/films --format csv --task classify",
                "marrow hub rank --data spineweb16=data/spineweb16 --task regress-cobb --size 192x576",
                "marrow hub rank --data films=data/films --format csv --task classify --labels 300 --fine-tune 2 "
                    + "--out ranking.json"
            )
            .Does((parsed, output, cancellation) =>
            {
                var folders = DataFolders.Read(parsed.GetRequiredValue(data));
                if (folders.Count != 1)
                    throw new UsageException("--data: expected one data set.");
                var (name, folder) = folders.Single();
                var settings = parsed.GetRequiredValue(set);
                var request = new RankRequest
                {
                    DataName = name,
                    DataRoot = folder,
                    Format = parsed.GetValue(format),
                    Options = settings.Length == 0 ? null : DataOptions.ReadOptions(settings),
                    Task = parsed.GetRequiredValue(task),
                    HubFolder = HubFolder.Of(parsed, hub),
                    Checkpoints = CommaList.Read("--checkpoints", parsed.GetValue(checkpoints)),
                    Labels = parsed.GetValue(labels),
                    Folds = parsed.GetValue(folds),
                    Seed = parsed.GetValue(seed),
                    Size = Size(parsed.GetValue(size)),
                    CacheFolder = parsed.GetValue(cache),
                    Device = DeviceOption.Of(parsed) ?? default,
                    FineTune = FineTune(parsed.GetValue(fineTune), parsed.GetValue(steps), parsed.GetValue(repeats)),
                };
                if (parsed.GetValue(file) is { } asked)
                    ResultMark.RequireReplaceable(asked, file.Name);
                ProcessThreads.Current?.Apply();
                var result = RunDisplay.Show(output, report => Ranker.Rank(request, report, cancellation));
                if (parsed.GetValue(file) is { } path)
                    AtomicFile.WriteText(path, ResultMark.Json(result, "marrow hub rank"));
                result.Warnings.ToList().ForEach(output.Warn);
                output.Finish(result.Report);
                return ExitCode.Done;
            });
    }

    private static (int Width, int Height)? Size(string? text)
    {
        if (text is null)
            return null;
        const int least = 32, most = 4096; // px: stride 32, and as recipes have it
        var sides = text.Split('x');
        return sides.Length == 2
            && int.TryParse(sides[0], NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            && int.TryParse(sides[1], NumberStyles.None, CultureInfo.InvariantCulture, out var height)
            && width is >= least and <= most
            && height is >= least and <= most
            ? (width, height)
            : throw new UsageException($"--size {text}: expected width x height of {least} to {most} px, as 192x576.");
    }

    private static FineTuneOptions? FineTune(string? best, int steps, int repeats)
    {
        if (best is null)
            return null;
        if (best == All)
            return new() { All = true, Steps = steps, Repeats = repeats };
        return int.TryParse(best, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            ? new() { Best = count, Steps = steps, Repeats = repeats }
            : throw new UsageException($"--fine-tune {best}: expected a number above 0, or {All}.");
    }
}
