using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow run: carries out a recipe.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var recipe = new Argument<string>("RECIPE") { Description = "A YAML file of stages." };
        var data = DataFolders.Option();
        var folder = new Option<string?>("--out")
        {
            Description = "The run's folder: state, logs, splits. Without it runs/NAME.",
            HelpName = "DIR",
        };
        var hub = new Option<string?>("--hub")
        {
            Description = "Where finished checkpoints go, and where init: finds them. Without it OUT/hub.",
            HelpName = "DIR",
        };
        var resume = new Option<bool>("--resume")
        {
            Description = "Go on where the run in OUT stopped; the result is the same as if it had not.",
        };
        var allow = new Option<string[]>("--allow-changed")
        {
            Description =
                "Go on although this is another than when the run began: threads or device, by which the last digits "
                    + "of its numbers differ. May be repeated.",
            HelpName = $"{RunRequest.Threads}|{RunRequest.DeviceKind}",
            DefaultValueFactory = _ => [],
        };
        allow.AcceptOnlyFromAmong(RunRequest.Threads, RunRequest.DeviceKind);
        var set = new Option<string[]>("--set")
        {
            Description = "Change the recipe: landmarks.epochs=10, *.batch=2. May be repeated.",
            HelpName = "stage.key=value",
            DefaultValueFactory = _ => [],
        };
        var stages = new Option<string?>("--stages")
        {
            Description = "Only these, by name and comma; what they start from is then found in the hub.",
            HelpName = "A,B",
        };
        return new Command(
            "run",
            "Carry out a recipe: train its stages, each from scratch or from an earlier checkpoint.")
        {
            recipe,
            data,
            folder,
            hub,
            resume,
            allow,
            set,
            stages,
        }
            .Computes()
            .OnDevice()
            .WithExamples(
                "marrow run recipes/spine.yaml --data cxr=data/cxr --data spineweb16=data/spineweb16",
                "marrow run recipes/spine.yaml --data cxr=data/cxr --data spineweb16=data/spineweb16 --resume",
                "marrow run recipes/spine.yaml --data spineweb16=data/spineweb16 --stages landmarks,cobb",
                "marrow run recipes/spine.yaml --data spineweb16=data/spineweb16 --stages landmarks --set "
                    + "landmarks.init=scratch"
            )
            .Does((parsed, output, cancellation) =>
            {
                var read = RecipeReader.Read(parsed.GetRequiredValue(recipe), parsed.GetRequiredValue(set));
                if (parsed.GetValue(stages) is { } chosen)
                    read = read.Only(CommaList.Read("--stages", chosen));
                var outFolder = parsed.GetValue(folder) ?? Path.Combine("runs", read.Name);
                var hubFolder = parsed.GetValue(hub) ?? Path.Combine(outFolder, "hub");
                var own = new CheckpointReferences(new LocalHub(hubFolder), output, cancellation);
                return Run(new()
                {
                    Recipe = read,
                    DataFolders = DataFolders.Read(parsed.GetRequiredValue(data)),
                    OutFolder = outFolder,
                    HubFolder = hubFolder,
                    Resume = parsed.GetValue(resume),
                    AllowChanged = parsed.GetRequiredValue(allow),
                    Device = DeviceOption.Of(parsed),
                    Command = CardCommand(read, parsed.GetRequiredValue(set)),
                    Resolve = name => Resolve(name, own),
                }, output, cancellation);
            });
    }

    /// <summary>The command as a checkpoint's card tells it: folders are the user's own business.</summary>
    private static string CardCommand(Recipe recipe, string[] overrides) => string.Join(' ',
    [
        $"marrow run {Path.GetFileName(recipe.SourcePath)}",
        .. recipe.DataNames.Select(name => $"--data {name}=DIR"),
        .. recipe.Chosen.Count > 0 ? [$"--stages {string.Join(',', recipe.Chosen)}"] : Array.Empty<string>(),
        .. overrides.Select(o => $"--set {o}"),
    ]);

    private static int Run(RunRequest request, Output output, CancellationToken cancellation)
    {
        foreach (var name in request.DataFolders.Keys.Except(request.Recipe.DataNames))
            output.Warn(
                $"--data {name}: the recipe has no data of that name; it has "
                    + $"{string.Join(", ", request.Recipe.DataNames)}."
            );
        try
        {
            var results = RunDisplay.Show(output, report => Runner.Run(request, report, cancellation));
            output.Finish(
                new
                {
                    request.Recipe.Name,
                    request.OutFolder,
                    request.HubFolder,
                    Stages = results.Select(Document),
                },
                console => Draw(console, results));
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            output.Note("The state is saved: go on with the same command and --resume.");
            throw;
        }
    }

    /// <summary>
    /// The run's own checkpoints first, what a registry has among them, then those that came with the program.
    /// </summary>
    internal static Checkpoint Resolve(string name, CheckpointReferences own)
    {
        var hasIt =
            CheckpointReferences.IsRemote(name) || own.Hub.List().Any(entry => entry.Name == name.Split('@')[0]);
        return hasIt ? own.Resolve(name) : new LocalHub(HubFolder.Default()).Resolve(name);
    }

    internal static void Draw(IAnsiConsole console, IReadOnlyList<StageResult> results)
    {
        console.Draw(
            ["stage", "checkpoint", "backbone copied", "images", "held out", "time", "memory GiB", "waited"],
            [.. results.Select(r => (IReadOnlyList<string>)
            [
                r.Stage,
                Digest.ShortenReference(r.Checkpoint),
                r.Receipt is { } receipt ? NumberText.Percent(receipt.BackboneCoverage) : "from scratch",
                NumberText.Of(r.TrainingImages, "0"),
                NumberText.Of(r.HeldOutImages, "0"),
                NumberText.Clock(TimeSpan.FromSeconds(r.Progress.Seconds)),
                NumberText.Of(r.PeakMemoryGiB, "0.0"),
                NumberText.Percent(r.WaitShare),
            ])]);
        foreach (var result in results.Where(r => r.Metrics.Count > 0))
            MetricTable.Draw(console, result.Metrics, $"{result.Stage}, held-out part");
        foreach (var result in results)
        {
            foreach (var part in result.Receipt?.Report.Parts ?? [])
                console.Draw(part.Headers, part.Rows, $"{result.Stage}: {part.Title}");
        }
    }

    /// <summary>
    /// A receipt's list of parameters is in the run's folder; a document of results needs its totals.
    /// </summary>
    private static object Document(StageResult r) =>
        new
        {
            r.Stage,
            r.Task,
            r.Checkpoint,
            r.Folder,
            Transfer = r.Receipt?.Report.Document,
            r.Metrics,
            r.TrainingImages,
            r.ValidationImages,
            r.HeldOutImages,
            r.Progress.Seconds,
            r.PeakMemoryGiB,
            r.WaitShare,
        };
}
