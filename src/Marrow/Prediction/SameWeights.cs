using Marrow.Checkpoints;
using Marrow.Tasks;
using TorchSharp;

namespace Marrow.Prediction;

/// <summary>
/// Makes a new checkpoint of one that is never changed: with the weights, the measurements and the history of the old
/// one, which is its parent, and with something that was learnt about them since.
/// </summary>
internal static class SameWeights
{
    /// <param name="config">The old config with what was learnt.</param>
    /// <param name="learnt">A sentence for the model card, on what was learnt and from what.</param>
    public static CheckpointDraft Draft(Checkpoint old, CheckpointConfig config, string learnt)
    {
        var weights = old.Weights.Entries.Select(e => KeyValuePair.Create(e.Name, old.Weights.Read(e.Name))).ToList();
        var types = weights.Where(w => w.Value.Dimensions >= 2).Select(w => w.Value.dtype).Distinct().ToList();
        return new()
        {
            Name = old.Name,
            Config = config with { MarrowVersion = CheckpointConfig.CurrentVersion },
            Weights = weights,
            MatricesAs = types is [var one] ? one : torch.ScalarType.Float32,
            Receipt = old.Receipt,
            Split = old.Split,
            Metrics = old.Metrics,
            Parents = CheckpointParents.WithWeightsOf(old),
            Card = new()
            {
                Summary = old.ReadSummary(),
                Data = $"{old.ReadSection(ModelCardText.DataTitle)}\n\nThe weights are those of the parent. {learnt}",
                Training = old.Origin?.Training,
                Limits = old.ReadSection(ModelCardText.LimitsTitle),
                License = old.License,
                Citation = string.Join(" ", old.Parents.Datasets.Select(d => d.Citation).Where(c => c.Length > 0)),
                Tags = ["radiography", config.Task],
            },
        };
    }
}
