using System.Globalization;
using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>Where a stage's weights come from, and the receipt of taking them over.</summary>
internal static class StageInit
{
    /// <summary>The role of a parent whose statistics alone were taken.</summary>
    public const string MatchedRole = "matched-statistics";

    /// <summary>An earlier stage's checkpoint, or one that the caller resolves; the caller disposes it.</summary>
    public static Checkpoint Find(string init, IReadOnlyDictionary<string, StageResult> done, Func<string, Checkpoint> resolve) =>
        done.TryGetValue(InitReference.NameIn(init), out var stage) ? Checkpoint.Load(stage.Folder) : resolve(InitReference.NameIn(init));

    /// <summary>
    /// Throws <see cref="MarrowException"/> when the source gives less of the backbone than the stage demands. The task's
    /// model is of no use afterwards.
    /// </summary>
    public static void Check(Checkpoint source, TaskModel task, Stage stage) => WarmStart.RequireCoverage(Copy(source, task), stage.InitCoverage);

    /// <summary>
    /// Warm-starts the task's model, writes the receipt, and stops the run when the source gives less of the backbone
    /// than the stage demands.
    /// </summary>
    public static TransferReceipt Apply(Checkpoint source, TaskModel task, Stage stage, ulong seed, string receiptPath, Action<string> say)
    {
        var receipt = Copy(source, task);
        AtomicFile.WriteText(receiptPath, JsonSerializer.Serialize(receipt, MarrowJson.Options));
        WarmStart.RequireCoverage(receipt, stage.InitCoverage);
        if (InitReference.IsMatched(stage.Init))
        {
            receipt = MatchedWeights.Redraw(task.Model, receipt, seed);
            AtomicFile.WriteText(receiptPath, JsonSerializer.Serialize(receipt, MarrowJson.Options));
            say($"random weights with the statistics of each layer of {receipt.Source}");
            return receipt;
        }
        if (!source.WeightsOnly)
        {
            receipt = WarmStart.Probe(receipt, source, task.Model, task.Spec);
            AtomicFile.WriteText(receiptPath, JsonSerializer.Serialize(receipt, MarrowJson.Options));
        }
        if (!source.WeightsOnly && source.Config.Task == stage.Task && Options(source, task).Scope == TransferScope.Backbone)
            say($"{source.Name} has other outputs ({TaskLabels.Some(source.Config.Classes)}): the head starts at random");
        say(string.Create(CultureInfo.InvariantCulture,
            $"warm start from {receipt.Source}: {receipt.BackboneCoverage:P1} of the backbone, {receipt.Total.Share:P1} of all parameters{ProbeText(receipt.Probe)}"));
        return receipt;
    }

    private static TransferReceipt Copy(Checkpoint source, TaskModel task) =>
        WarmStart.Apply(task.Model, task.Spec.Architecture, WeightSource.Of(source), Options(source, task));

    private static WarmStartOptions Options(Checkpoint source, TaskModel task) =>
        source.WeightsOnly ? new() : WarmStartOptions.Between(source.Config, task.Describe());

    private static string ProbeText(TransferProbe? probe) => probe switch
    {
        null => "",
        { BitIdentical: true } => "; its activations equal the source's bit for bit",
        _ => string.Create(CultureInfo.InvariantCulture, $"; its activations differ by {probe.MaxAbsDifference:G2} at most (largest {probe.MaxAbsActivation:G2})"),
    };
}
