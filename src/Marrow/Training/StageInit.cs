using System.Globalization;
using System.Text.Json;
using Marrow.Checkpoints;

namespace Marrow.Training;

/// <summary>Where a stage's weights come from, and the receipt of taking them over.</summary>
internal static class StageInit
{
    /// <summary>An earlier stage's checkpoint, or one that the caller resolves; the caller disposes it.</summary>
    public static Checkpoint Find(string init, IReadOnlyDictionary<string, StageResult> done, Func<string, Checkpoint> resolve) =>
        done.TryGetValue(init, out var stage) ? Checkpoint.Load(stage.Folder) : resolve(init);

    /// <summary>
    /// Warm-starts the task's model, writes the receipt, and stops the run when the source gives less of the backbone
    /// than the stage demands.
    /// </summary>
    public static TransferReceipt Apply(Checkpoint source, TrainingTask task, Stage stage, string receiptPath, Action<string> say)
    {
        var options = source.WeightsOnly ? new() : WarmStartOptions.Between(source.Config, task.Describe());
        var receipt = WarmStart.Apply(task.Model, task.Spec.Architecture, WeightSource.Of(source), options);
        AtomicFile.WriteText(receiptPath, JsonSerializer.Serialize(receipt, MarrowJson.Options));
        WarmStart.RequireCoverage(receipt, stage.InitCoverage);
        if (!source.WeightsOnly)
        {
            receipt = WarmStart.Probe(receipt, source, task.Model, task.Spec);
            AtomicFile.WriteText(receiptPath, JsonSerializer.Serialize(receipt, MarrowJson.Options));
        }
        if (!source.WeightsOnly && source.Config.Task == stage.Task && options.Scope == TransferScope.Backbone)
            say($"{source.Name} has other outputs ({TaskLabels.Some(source.Config.Classes)}): the head starts at random");
        say(string.Create(CultureInfo.InvariantCulture,
            $"warm start from {receipt.Source}: {receipt.BackboneCoverage:P1} of the backbone, {receipt.Total.Share:P1} of all parameters{ProbeText(receipt.Probe)}"));
        return receipt;
    }

    private static string ProbeText(TransferProbe? probe) => probe switch
    {
        null => "",
        { BitIdentical: true } => "; its activations equal the source's bit for bit",
        _ => string.Create(CultureInfo.InvariantCulture, $"; its activations differ by {probe.MaxAbsDifference:G2} at most (largest {probe.MaxAbsActivation:G2})"),
    };
}
