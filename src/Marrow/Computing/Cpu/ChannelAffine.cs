using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Marrow.Computing.Cpu;

/// <summary>
/// Batch norm as one multiplication and one addition a channel: y = x * Scale + Shift. The numbers come from the norm's
/// parameters and from the batch's statistics, or from the running ones where the norm is in evaluation mode.
/// </summary>
internal sealed unsafe class ChannelAffine
{
    private readonly double[] _mean, _inverseDeviation;
    private readonly bool _ofBatch;

    private ChannelAffine(BatchNorm2d norm, double[] mean, double[] variance, bool ofBatch)
    {
        (_mean, _ofBatch) = (mean, ofBatch);
        var padded = BFloat16Lanes.Padded(mean.Length);
        (_inverseDeviation, Scale, Shift) = (new double[mean.Length], new float[padded], new float[padded]);
        float* weight = Numbers(norm.weight!), bias = Numbers(norm.bias!);
        for (var c = 0; c < mean.Length; c++)
        {
            _inverseDeviation[c] = 1 / Math.Sqrt(variance[c] + norm.eps);
            var scale = weight[c] * _inverseDeviation[c];
            (Scale[c], Shift[c]) = ((float)scale, (float)(bias[c] - mean[c] * scale));
        }
    }

    /// <summary>A number a channel, and padding.</summary>
    public float[] Scale { get; }

    /// <summary>A number a channel, and padding.</summary>
    public float[] Shift { get; }

    /// <summary>True where the norm is made as torchvision makes it, its numbers float32 on the CPU.</summary>
    public static bool Takes(BatchNorm2d norm) =>
        norm.weight is { } weight
        && norm.bias is { } bias
        && norm.running_mean is { } mean
        && norm.running_var is { } variance
        && Plain(weight) && Plain(bias) && Plain(mean) && Plain(variance);

    /// <summary>From the running statistics.</summary>
    public static ChannelAffine Evaluated(BatchNorm2d norm)
    {
        float* mean = Numbers(norm.running_mean!), variance = Numbers(norm.running_var!);
        var (means, variances) = (new double[norm.weight!.numel()], new double[norm.weight.numel()]);
        for (var c = 0; c < means.Length; c++)
            (means[c], variances[c]) = (mean[c], variance[c]);
        return new(norm, means, variances, ofBatch: false);
    }

    /// <summary>
    /// From the batch's statistics (variance biased), which the running ones move towards (variance unbiased).
    /// </summary>
    /// <param name="rows">Numbers a channel.</param>
    public static ChannelAffine OfBatch(BatchNorm2d norm, double[] mean, double[] variance, long rows)
    {
        var momentum = BatchCount.Next(norm);
        float* runningMean = Numbers(norm.running_mean!), runningVariance = Numbers(norm.running_var!);
        for (var c = 0; c < mean.Length; c++)
        {
            runningMean[c] = (float)((1 - momentum) * runningMean[c] + momentum * mean[c]);
            runningVariance[c] = (float)(
                (1 - momentum) * runningVariance[c] + momentum * variance[c] * rows / Math.Max(1, rows - 1));
        }
        return new(norm, mean, variance, ofBatch: true);
    }

    /// <summary>
    /// From the sums of g' and g' * x of each channel (see NormGradientKernels): adds to what the gradient of x has
    /// beside scale * g', and returns the gradients of the norm's weight and bias.
    /// </summary>
    public (Tensor Weight, Tensor Bias) Gradients(
        ReadOnlySpan<double> sum,
        ReadOnlySpan<double> sumTimesX,
        long rows,
        Span<float> slope,
        Span<float> offset)
    {
        var (weight, bias) = (new float[sum.Length], new float[sum.Length]);
        for (var c = 0; c < sum.Length; c++)
        {
            var ofWeight = (sumTimesX[c] - _mean[c] * sum[c]) * _inverseDeviation[c];
            (weight[c], bias[c]) = ((float)ofWeight, (float)sum[c]);
            if (!_ofBatch)
                continue;
            var perX = -Scale[c] * ofWeight * _inverseDeviation[c] / rows;
            slope[c] += (float)perX;
            offset[c] += (float)(-Scale[c] * sum[c] / rows - perX * _mean[c]);
        }
        return (tensor(weight, device: CPU), tensor(bias, device: CPU));
    }

    private static float* Numbers(Tensor x) => (float*)TorchThreads.Data(x);

    private static bool Plain(Tensor x) =>
        x.dtype == ScalarType.Float32 && x.device_type == TorchSharp.DeviceType.CPU && x.is_contiguous();
}
