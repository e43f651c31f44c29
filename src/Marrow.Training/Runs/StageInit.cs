using System.Globalization;
using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>Gives a stage its first weights, and the receipt of what was taken over.</summary>
internal static class StageInit
{
    /// <summary>The role of a parent from which only the statistics of the weights were taken.</summary>
    public const string MatchedRole = "matched-statistics";

    /// <summary>
    /// Throws <see cref="MarrowException"/> when the source gives a smaller share of the backbone than the stage
    /// requires. The task's model must not be used afterwards.
    /// </summary>
    public static void Check(Checkpoint source, TaskModel task, Stage stage) =>
        WarmStart.RequireCoverage(Copy(source, task), stage.InitCoverage);

    /// <summary>
    /// Warm-starts the task's model, writes the receipt, and stops the run when the source gives less of the backbone
    /// than the stage demands.
    /// </summary>
    public static TransferReceipt Apply(Checkpoint source, TaskModel task, StageContext context)
    {
        var stage = context.Stage;
        var copied = Copy(source, task);
        var isMatched = InitReference.IsMatched(stage.Init);
        var receipt = copied.BackboneCoverage < stage.InitCoverage ? copied
            : isMatched ? MatchedWeights.Redraw(task.Model, copied, context.Seeds.MatchedWeights)
            : source.WeightsOnly ? copied
            : WarmStart.Probe(copied, source, task.Model, task.Spec);
        AtomicFile.WriteText(context.File("receipt.json"), JsonSerializer.Serialize(receipt, MarrowJson.Options));
        WarmStart.RequireCoverage(copied, stage.InitCoverage);
        if (source.WeightsOnly && WeightSource.Of(source) is { OtherParts: { Count: > 0 } parts })
            context.Say(
                $"{source.Weights.Path} has more weights than were read"
                    + $"{(source.Weights.Place is { Length: > 0 } place ? $" under '{place}'" : "")}; "
                    + $"each can be named behind a #: {string.Join(", ", parts)}");
        if (isMatched)
        {
            context.Say($"random weights with the statistics of each layer of {receipt.Source}");
            return receipt;
        }
        if (
            !source.WeightsOnly
            && source.Config.Task == stage.Task
            && Options(source, task).Scope == TransferScope.Backbone)
            context.Say(
                $"{source.Name} has other outputs ({TaskLabels.Some(source.Config.Classes)}): the head starts at random"
            );
        context.Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"warm start from {receipt.Source}: {receipt.BackboneCoverage:P1} of the backbone, "
                    + $"{receipt.Total.Share:P1} of all parameters{ProbeText(receipt.Probe)}"
            ));
        return receipt;
    }

    private static TransferReceipt Copy(Checkpoint source, TaskModel task) =>
        WarmStart.Apply(task.Model, task.Spec.Architecture, WeightSource.Of(source), Options(source, task));

    private static WarmStartOptions Options(Checkpoint source, TaskModel task) =>
        source.WeightsOnly ? new() : WarmStartOptions.Between(source.Config, task.Describe());

    private static string ProbeText(TransferProbe? probe) =>
        probe switch
        {
            null => "",
            { BitIdentical: true } => "; its activations equal the source's bit for bit",
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"; its activations differ by {probe.MaxAbsDifference:G2} at most (largest {probe.MaxAbsActivation:G2})"
            ),
        };
}
