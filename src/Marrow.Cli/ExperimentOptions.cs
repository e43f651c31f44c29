using System.CommandLine;
using System.Globalization;
using Marrow.Cli.Commands;
using Marrow.Hub;
using Marrow.Training.Experiments;
using Marrow.Training.Experiments.Folds;
using Marrow.Training.Recipes;

namespace Marrow.Cli;

/// <summary>
/// The options of marrow experiment -> <see cref="ExperimentRequest"/> or, with --folds,
/// <see cref="CrossValidationRequest"/>.
/// </summary>
internal sealed class ExperimentOptions
{
    private readonly Argument<string> _recipe = new("RECIPE")
    {
        Description = "A YAML file of stages, of which the last is measured.",
    };
    private readonly Option<int?> _folds = new Option<int?>("--folds")
    {
        Description =
            "Cross-validation: deal the patients into K folds, train once for each, and predict every film by the "
                + "models that never saw its patient. Without amounts of labels and starts.",
        HelpName = "K",
    };
    private readonly Option<string[]> _data = DataFolders.Option();
    private readonly Option<string?> _fractions = new("--fractions")
    {
        Description = "Shares of the training patients with labels, comma-separated: 0.1,0.3,1.",
        HelpName = "A,B",
    };
    private readonly Option<string?> _labels = new("--labels")
    {
        Description = "Numbers of labelled patients instead, comma-separated: 24,48.",
        HelpName = "A,B",
    };
    private readonly Option<string?> _starts = new("--starts")
    {
        Description =
            "Comma-separated: scratch, a checkpoint, or matched:CHECKPOINT (random weights with its statistics in "
                + "each layer).",
        HelpName = "A,B",
    };
    private readonly Option<string?> _methods = new("--methods")
    {
        Description =
            "Comma-separated: supervised, and the sections of the stage that can be left out (uda, teacher). Without "
                + "it all that it has.",
        HelpName = "A,B",
    };
    private readonly Option<int> _seeds = new Option<int>("--seeds")
    {
        Description = "Runs of each kind: the recipe's seed and those after it.",
        DefaultValueFactory = _ => 3,
    }.Between(1, 100);
    private readonly Option<string?> _stages = new("--stages")
    {
        Description =
            "Carried out in each run, comma-separated: the first gets the start, the last is measured. Without it the "
                + "last; with --folds all.",
        HelpName = "A,B",
    };
    private readonly Option<string?> _metric = new("--metric")
    {
        Description = "What is compared. Without it the stage's train.metric.",
        HelpName = "NAME",
    };
    private readonly Option<string?> _out = new("--out")
    {
        Description = "The experiment's folder. Without it experiments/NAME.",
        HelpName = "DIR",
    };
    private readonly Option<string?> _hub = new("--hub")
    {
        Description = "Where starts are found, and the models of checkpoint starts saved. Without it OUT/hub.",
        HelpName = "DIR",
    };
    private readonly Option<bool> _resume = new("--resume")
    {
        Description =
            "Go on where the experiment in OUT stopped; collect what others have done. Amounts, starts, methods and "
                + "seeds may be added.",
    };
    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Change the recipe for all runs: landmarks.steps=600. May be repeated.",
        HelpName = "stage.key=value",
        DefaultValueFactory = _ => [],
    };
    private readonly Option<bool> _fast = FastOption.Create("With --folds: ");
    private readonly Option<bool> _noSave = new("--no-save") { Description = "Save no models into the hub." };
    private readonly Option<string[]> _slurm = new("--slurm")
    {
        Description = "Run nothing: write a SLURM job array into OUT, with these options of sbatch.",
        HelpName = "name=value",
        Arity = ArgumentArity.ZeroOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    public Option<int?> Index { get; } =
        new("--index")
        {
            Description = "Carry out this run of the plan alone, from 0: an element of a job array.",
            HelpName = "I",
        };
    public Option<bool> DryRun { get; } =
        new("--dry-run")
        {
            Description =
                "Show the plan, the labels of each subset and the estimated hours; train nothing but a few steps that "
                    + "are timed.",
        };

    private IEnumerable<Option> All =>
        [
            _data,
            _folds,
            _fractions,
            _labels,
            _starts,
            _methods,
            _seeds,
            _stages,
            _metric,
            _out,
            _hub,
            _resume,
            DryRun,
            _set,
            _fast,
            _noSave,
            _slurm,
            Index,
        ];

    public void AddTo(Command command)
    {
        command.Arguments.Add(_recipe);
        foreach (var option in All)
            command.Options.Add(option);
    }

    public ExperimentRequest Request(ParseResult parsed, Output output, CancellationToken cancellation)
    {
        if (parsed.GetValue(_fast))
            throw new UsageException($"{_fast.Name}: expected with {_folds.Name}.");
        var recipe = RecipeReader.Read(parsed.GetRequiredValue(_recipe), parsed.GetRequiredValue(_set));
        var outFolder = OutFolder(parsed, recipe);
        var hubFolder = parsed.GetValue(_hub) ?? Path.Combine(outFolder, "hub");
        var own = new CheckpointReferences(new LocalHub(hubFolder), output, cancellation);
        return new()
        {
            Recipe = recipe,
            Stages = CommaList.Read(_stages.Name, parsed.GetValue(_stages)),
            DataFolders = DataFolders.Read(parsed.GetRequiredValue(_data)),
            OutFolder = outFolder,
            HubFolder = hubFolder,
            Fractions = Numbers<double>(_fractions, parsed, text =>
                double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var v) ? v : null),
            Patients = Numbers<int>(_labels, parsed, text =>
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var v) ? v : null),
            Starts = parsed.GetValue(_starts) is { } starts
                ? CommaList.Read(_starts.Name, starts)
                : throw new UsageException(
                    $"expected {_starts.Name}, to compare starts, or {_folds.Name}, for a cross-validation."),
            Methods = CommaList.Read(_methods.Name, parsed.GetValue(_methods)),
            Seeds = parsed.GetValue(_seeds),
            Metric = parsed.GetValue(_metric),
            Resume = parsed.GetValue(_resume),
            Save = !parsed.GetValue(_noSave),
            Device = DeviceOption.Of(parsed),
            Command = ["marrow", .. parsed.Tokens.Select(t => t.Value)],
            Resolve = name => RunCommand.Resolve(name, own),
        };
    }

    /// <summary>True for a cross-validation.</summary>
    public bool HasFolds(ParseResult parsed) => parsed.GetValue(_folds) is not null;

    /// <summary>The request of a cross-validation, which compares nothing and so takes none of what does.</summary>
    public CrossValidationRequest FoldsRequest(ParseResult parsed, Output output, CancellationToken cancellation)
    {
        Option[] others = [_fractions, _labels, _starts, _methods, _seeds, _metric, _noSave, _slurm, Index];
        if (others.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } other)
            throw new UsageException(
                $"{other.Name}: an experiment compares starts, labels, methods and seeds, or is a cross-validation by "
                    + $"{_folds.Name}, not both. Remove one of them.");
        var recipe = RecipeReader.Read(parsed.GetRequiredValue(_recipe), parsed.GetRequiredValue(_set));
        var outFolder = OutFolder(parsed, recipe);
        var own = new CheckpointReferences(
            new LocalHub(parsed.GetValue(_hub) ?? Path.Combine(outFolder, "hub")), output, cancellation);
        return new()
        {
            Recipe = recipe,
            Stages = CommaList.Read(_stages.Name, parsed.GetValue(_stages)),
            DataFolders = DataFolders.Read(parsed.GetRequiredValue(_data)),
            OutFolder = outFolder,
            Folds = parsed.GetValue(_folds)!.Value,
            Fast = parsed.GetValue(_fast),
            Resume = parsed.GetValue(_resume),
            Device = DeviceOption.Of(parsed),
            Command = ["marrow", .. parsed.Tokens.Select(t => t.Value)],
            Resolve = name => RunCommand.Resolve(name, own),
        };
    }

    /// <summary>The options of sbatch; null without --slurm.</summary>
    public IReadOnlyList<string>? Slurm(ParseResult parsed) =>
        parsed.GetResult(_slurm) is null ? null : parsed.GetValue(_slurm) ?? [];

    /// <summary>
    /// This program with what it was given, but for --slurm, --resume and --dry-run, word by word.
    /// </summary>
    public IReadOnlyList<string> CommandLine(ParseResult parsed)
    {
        var host = Environment.ProcessPath ?? "marrow";
        var isDotnet = Path.GetFileNameWithoutExtension(host) == "dotnet";
        string[] program = isDotnet ? [host, Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll")] : [host];
        var words = new List<string>();
        var inSlurm = false;
        foreach (var token in parsed.Tokens)
        {
            if (token.Type == System.CommandLine.Parsing.TokenType.Option)
                inSlurm = token.Value == _slurm.Name;
            if (!inSlurm && token.Value != _resume.Name && token.Value != Marrow.Cli.CommandLine.Json.Name)
                words.Add(token.Value);
        }
        return [.. program, .. words];
    }

    /// <summary>
    /// Without --out a folder by the recipe's name; one that an older release began under "studies" goes on there.
    /// </summary>
    private string OutFolder(ParseResult parsed, Recipe recipe)
    {
        if (parsed.GetValue(_out) is { } given)
            return given;
        var (folder, before) = (Path.Combine("experiments", recipe.Name), Path.Combine("studies", recipe.Name));
        return Directory.Exists(before) && !Directory.Exists(folder) ? before : folder;
    }

    private static List<T> Numbers<T>(Option<string?> option, ParseResult parsed, Func<string, T?> read)
        where T : struct
    {
        List<T> numbers =
        [
            .. CommaList
                .Read(option.Name, parsed.GetValue(option))
                .Select(word =>
                    read(word)
                    ?? throw new UsageException($"{option.Name}: expected comma-separated numbers, found '{word}'.")),
        ];
        CommaList.RequireDistinct(option.Name, numbers);
        return numbers;
    }
}
