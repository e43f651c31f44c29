using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Prediction;

namespace Marrow.Cli.Commands;

/// <summary>The options of marrow hub calibrate that teach a checkpoint how far its angles may be off.</summary>
internal sealed class IntervalOptions
{
    private const double LeastLevel = 0.5, MostLevel = 0.99;

    private readonly Option<string?> _folds = new("--folds")
    {
        Description = "Instead of --data: the folder of a cross-validation of the checkpoint's recipe (marrow "
            + "experiment --folds), whose errors give an interval for each angle and a confidence.",
        HelpName = "DIR",
    };

    private readonly Option<string[]> _beside = new("--beside")
    {
        Description = "With --folds: a checkpoint beside which it is used, such as the detector of a model of strips, "
            + "where that is not the newest of the hub. May be repeated.",
        HelpName = "NAME",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<double> _level = new("--level")
    {
        Description = "With --folds: the share of films whose true angle an interval is to hold.",
        HelpName = "SHARE",
        DefaultValueFactory = _ => IntervalRequest.UsualLevel,
    };

    /// <summary>The options, for the command.</summary>
    public IReadOnlyList<Option> All => [_folds, _beside, _level];

    /// <summary>Returns true when intervals are to be learnt.</summary>
    public bool AreAsked(ParseResult parsed) => parsed.GetValue(_folds) is not null;

    /// <summary>Throws <see cref="UsageException"/> when an option is given that needs another one.</summary>
    /// <param name="others">The options that only another calibration has.</param>
    public void Require(ParseResult parsed, params IReadOnlyList<Option> others)
    {
        var asked = AreAsked(parsed);
        IReadOnlyList<Option> forbidden = asked ? others : [_beside, _level];
        if (forbidden.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } option)
            throw new UsageException(
                asked
                    ? $"{option.Name}: expected without --folds. Calibrate twice: neither takes away what the other "
                        + "taught."
                    : $"{option.Name}: expected with --folds.");
        if (parsed.GetValue(_level) is not (>= LeastLevel and <= MostLevel))
            throw new UsageException($"--level: expected a share of {LeastLevel:0.0} to {MostLevel:0.00}.");
    }

    /// <summary>Makes the new checkpoint and reports it.</summary>
    public void Run(
        ParseResult parsed, Checkpoint checkpoint, CheckpointReferences references, Output output,
        CancellationToken cancellation)
    {
        var beside = new List<Checkpoint>();
        try
        {
            foreach (var name in parsed.GetRequiredValue(_beside))
                beside.Add(references.Resolve(name));
            var (made, report) = IntervalCalibration.Run(
                new()
                {
                    Checkpoint = checkpoint,
                    Hub = references.Hub,
                    FoldsFolder = parsed.GetRequiredValue(_folds)!,
                    Beside = beside.Count > 0 ? beside : null,
                    Level = parsed.GetRequiredValue(_level),
                },
                cancellation);
            using (made)
                output.Finish(report);
        }
        finally
        {
            beside.ForEach(c => c.Dispose());
        }
    }
}
