using Marrow.Tasks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Samples;

// <sample>
/// <summary>
/// An angle by steps: for each of 10, 20, to 60 degrees the head says whether it is reached (Niu et al., CVPR 2016).
/// </summary>
public sealed class Steps() : OwnTask("steps", "measuring curves by steps", "Not a medical device.")
{
    private static readonly double[] Degrees = [10, 20, 30, 40, 50, 60];

    protected override Module<Tensor, Tensor> CreateHead(int channels, int outputs) =>
        Sequential(AdaptiveAvgPool2d(1), Flatten(), Linear(channels, Degrees.Length));

    protected override Tensor Loss(Tensor output, IReadOnlyList<OwnSample> samples) =>
        functional.binary_cross_entropy_with_logits(output, Reached(samples).to(output.device));

    protected override IReadOnlyList<double> Decode(IReadOnlyList<float> output) =>
        [5 + 10 * output.Sum(logit => 1 / (1 + Math.Exp(-logit)))];
    // </sample>

    /// <summary>What grows with the angle: the number of steps that are reached.</summary>
    protected override Tensor Explained(Tensor output, int column) => output.sigmoid().sum();

    /// <summary>[N, 6]: 1 where the angle is reached.</summary>
    private static Tensor Reached(IReadOnlyList<OwnSample> samples)
    {
        var reached = samples.SelectMany(s => Degrees.Select(step => s.Values[0] >= step ? 1f : 0f));
        return tensor(reached.ToArray(), [samples.Count, Degrees.Length], device: CPU);
    }
}
