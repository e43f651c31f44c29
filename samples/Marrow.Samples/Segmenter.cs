using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Samples;

// <sample>
/// <summary>
/// A module of one's own: [N, 1, H, W] -> a mask's logits [N, 1, H, W]. Its encoder is a DenseNet's stem.
/// </summary>
public sealed class Segmenter : Module<Tensor, Tensor>
{
    private readonly Sequential encoder = Sequential(
        ("conv", Conv2d(1, 64, 7, stride: 2, padding: 3, bias: false)), ("norm", BatchNorm2d(64)), ("relu", ReLU()));

    private readonly ConvTranspose2d head = ConvTranspose2d(64, 1, 2, stride: 2);

    public Segmenter() : base(nameof(Segmenter)) => RegisterComponents();

    public override Tensor forward(Tensor images) => head.forward(encoder.forward(images));
}
// </sample>
