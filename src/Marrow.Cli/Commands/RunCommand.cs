using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

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
                "marrow run recipes/spine.yaml --data spineweb16=data/spineweb16 --stages landmarks,strip,cobb",
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
                var folders = DataFolders.Read(parsed.GetRequiredValue(data));
                foreach (var name in folders.Keys.Except(read.DataNames))
                    output.Warn(
                        $"--data {name}: the recipe has no data of that name; it has "
                            + $"{string.Join(", ", read.DataNames)}."
                    );
                return Run(new()
                {
                    Recipe = read,
                    DataFolders = folders,
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
        try
        {
            var results = RunDisplay.Show(output, report => Runner.Run(request, report, cancellation));
            foreach (var warning in results.SelectMany(r => r.Warnings.Select(w => $"{r.Stage}: {w}")))
                output.Warn(warning);
            output.Finish(Runner.Report(request, results));
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
}
