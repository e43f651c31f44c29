using System.Globalization;
using Marrow.Computing;
using Marrow.Tasks;
using Marrow.Weights;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Checkpoints.Transfer;

/// <summary>
/// The proof of a warm start: the source's backbone and the target's give the same activations for one random input.
/// </summary>
internal static class BackboneProbe
{
    private const ulong Seed = 17;

    /// <summary>
    /// Runs both backbones in evaluation mode on one random grey image. The functions take [N, C, H, W] with the number
    /// of channels given and return activations of equal shape; their results are disposed here.
    /// </summary>
    public static TransferProbe Run(
        Func<torch.Tensor, torch.Tensor> source,
        int sourceChannels,
        Func<torch.Tensor, torch.Tensor> target,
        int targetChannels,
        ulong seed,
        int side = 64)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        long[] shape = [1, 1, side, side];
        var grey = GoldenSample.Input(shape, seed);
        var expected = source(grey.expand(1, sourceChannels, side, side).contiguous());
        var found = target(grey.expand(1, targetChannels, side, side).contiguous());
        if (!expected.shape.AsSpan().SequenceEqual(found.shape))
            throw new MarrowException(
                $"The probe expected activations of shape {ShapeText.Of(expected.shape)}, found "
                    + $"{ShapeText.Of(found.shape)}. These are not the same backbone."
            );
        return new(
            seed,
            shape,
            expected.NumberOfElements,
            Largest(expected - found),
            Largest(expected),
            expected.Equals(found));

        static double Largest(torch.Tensor x) => x.abs().max().to(torch.float64).Value<double>();
    }

    /// <summary>
    /// Compares the activations of both backbones; see <see cref="WarmStart.Probe"/>. Where a layer of the backbone has
    /// other sizes than the source's, the two are different networks, and there is nothing to compare: the receipt
    /// comes back without a probe.
    /// </summary>
    public static TransferReceipt Prove(TransferReceipt receipt, Checkpoint source, Module model, ModelSpec spec)
    {
        var random = receipt.Tensors.Where(t => t.InBackbone && t.Status == TransferStatus.Random).ToList();
        if (random.Any(t => t.SourceKey is not null))
            return receipt;
        using var sourceModel = source.BuildModel(verifyGolden: false);
        using var evaluation = EvaluationMode.Of(model);
        var probe = Run(
            Backbone(sourceModel, source.Config.Model).forward,
            source.Config.Model.Channels,
            Backbone(model, spec).forward,
            spec.Channels,
            Seed);
        if (random.Count == 0 && !probe.Holds)
            throw new MarrowException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{receipt.Source}: every weight of the backbone was taken over, yet its activations differ by "
                        + $"{probe.MaxAbsDifference:G3} (largest {probe.MaxAbsActivation:G3}). The two backbones "
                        + $"compute different things."
                ));
        return receipt.With(probe);
    }

    private static Module<torch.Tensor, torch.Tensor> Backbone(Module model, ModelSpec spec)
    {
        var name = ModelCatalogue.BackbonePrefix(spec).TrimEnd('.');
        return (name.Length == 0 ? model : model.named_modules().FirstOrDefault(m => m.name == name).module)
                as Module<torch.Tensor, torch.Tensor>
            ?? throw MarrowException.Bad(
                spec.Architecture,
                $"a backbone '{name}' that takes a tensor and gives one",
                "none",
                "Leave the probe out.");
    }
}
