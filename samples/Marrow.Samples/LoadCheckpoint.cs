using Marrow.Hub;
using Marrow.Inputs;
using static TorchSharp.torch;

namespace Marrow.Samples;

/// <summary>
/// Loads a classifier and asks it about one image. What the image must become is the checkpoint's to say.
/// </summary>
public static class LoadCheckpoint
{
    public static void Run(string hubFolder, string name, string imagePath)
    {
        // <sample>
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var checkpoint = new LocalHub(hubFolder).Resolve(name);
        using var model = (nn.Module<Tensor, Tensor>)checkpoint.BuildModel();

        var image = Preprocessor.Read(checkpoint.Config.Input, imagePath); // [1, C, H, W]
        var logits = model.forward(image); // [1, classes]
        var probabilities = checkpoint.Config.ExclusiveClasses ? logits.softmax(1) : logits.sigmoid();
        foreach (var (output, probability) in checkpoint.Config.Outputs.Zip(probabilities.data<float>()))
            Console.WriteLine($"{output.Name} {probability:F3}");
        // </sample>
    }
}
