using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Hub;
using Marrow.Tasks;
using TorchSharp;

namespace Marrow.Samples;

/// <summary>
/// Saves a module of one's own as a checkpoint that names its parent, its parent's parents and their terms.
/// </summary>
public static class SaveChild
{
    public static string Run(
        string hubFolder,
        string name,
        torch.nn.Module segmenter,
        TransferReceipt receipt,
        string childHub)
    {
        // <sample>
        using var parent = new LocalHub(hubFolder).Resolve(name);
        var model = new ModelSpec { Architecture = "segmenter", BackbonePrefix = "encoder." };
        var input = parent.Config.Input;
        OutputMeaning[] outputs = [new("lung", "logit", "Above 0: lung.")];
        var parents = CheckpointParents.WarmStartedFrom(parent);
        var terms = Licenses.Join(parents.Ancestors().Select(a => a.License));
        using var child = new CheckpointDraft
        {
            Name = "segmenter.own-films",
            Config = new() { Task = CheckpointTask.Custom, Model = model, Input = input, Outputs = outputs },
            Weights = [.. segmenter.state_dict()],
            Create = () => new Segmenter(), // runs the stored weights once, for the golden sample
            Parents = parents,
            Receipt = receipt,
            Card = new() { Summary = "Outlines lungs.", Data = "None.", Limits = "Untrained head.", License = terms },
        }.Save(childHub);
        // </sample>
        return child.Path;
    }
}
