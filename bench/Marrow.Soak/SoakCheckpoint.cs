using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Hub;
using Marrow.Tasks;
using TorchSharp;

namespace Marrow.Soak;

/// <summary>Checkpoints of the smallest model, with each kind of file that a checkpoint may have.</summary>
internal static class SoakCheckpoint
{
    /// <summary>Saved; the caller disposes it.</summary>
    public static Checkpoint Save(string hub, string name, long seed = 1, params ParentCheckpoint[] parents)
    {
        torch.manual_seed(seed);
        var spec = new ModelSpec { Architecture = "densenet-mini", Channels = 1, Outputs = 2 };
        using var model = ModelCatalogue.Create(spec);
        return new CheckpointDraft
        {
            Name = name,
            Config = new()
            {
                Model = spec,
                Task = CheckpointTask.Classify,
                Classes = ["one", "other"],
                Input = new() { Width = 64, Height = 64 },
                Outputs = [new("one", "probability", "One."), new("other", "probability", "The other.")],
            },
            Weights = ModelWeights.Of(model),
            Card = new()
            {
                Summary = "Random weights, to be damaged.",
                Data = "None.",
                Limits = "Predicts nothing.",
                License = "CC0-1.0",
            },
            Parents = new() { Checkpoints = parents },
            Receipt = WarmStart.Apply(
                model,
                spec.Architecture,
                WeightSource.Of("itself", model.state_dict(), spec.Architecture)),
            Metrics =
            [
                new("auroc", 0.5, "none", "none", new(2026, 1, 1), "none"),
            ],
        }.Save(hub);
    }
}
