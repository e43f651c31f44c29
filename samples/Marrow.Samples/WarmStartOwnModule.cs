using Marrow.Checkpoints.Transfer;
using Marrow.Hub;
using Marrow.Tasks;
using TorchSharp;

namespace Marrow.Samples;

/// <summary>Initialises a module that Marrow has never seen with part of a checkpoint's weights.</summary>
public static class WarmStartOwnModule
{
    public static TransferReceipt Run(string hubFolder, string name, torch.nn.Module segmenter)
    {
        // <sample>
        using var parent = new LocalHub(hubFolder).Resolve(name);
        var receipt = WarmStart.Apply(
            segmenter,
            new ModelSpec { Architecture = "segmenter", BackbonePrefix = "encoder." },
            parent,
            new WarmStartOptions
            {
                Rules = [("features.conv0.", "encoder.conv."), ("features.norm0.", "encoder.norm.")],
            }
        );
        WarmStart.RequireCoverage(receipt, 1); // throws and names the keys that did not match
        // </sample>
        return receipt;
    }
}
