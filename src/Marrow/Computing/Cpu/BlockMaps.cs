// All maps of a dense block in one piece of memory, [N, H, W, C of the whole block] in bfloat16: each layer's output is
// copied there once, where concatenating would copy everything before it again, and its statistics, which are the same
// for every layer that reads it, are measured once. The backward pass has one piece of memory too. Layer i's gradient
// reaches all channels before it as scale_i * g' + slope_i * x + offset_i; the first term is added row by row, the
// others add up to one slope and one offset a channel, which are applied when the channel's own layer takes its
// gradient. The first term is rounded to bfloat16 with each layer, and numbers that are equal are rounded alike: over
// all rows such errors add up, where the exact gradient of a batch norm adds up to nothing. What they add up to, alone
// and times x, is known from the exact sums, and goes into slope and offset as well.

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Marrow.Computing.Cpu;

/// <summary>The maps of one dense block in one forward pass.</summary>
internal sealed class BlockMaps : IDisposable
{
    private readonly Tensor _memory; // [N, C, H, W] in shape
    private readonly long _images, _height, _width, _rows;
    private readonly double[] _mean, _variance;
    private readonly float[] _slope, _offset;
    private readonly double[] _sum, _sumTimesX; // of the first term over the rows, as it would be without rounding
    private Tensor? _scratch; // of the same size, for what is read once and overwritten
    private Tensor? _order; // of the last normalisation: makes autograd go back through them one by one
    private Tensor? _gradient;
    private int _filled, _measured;

    /// <param name="input">[N, C0, H, W], a map that <see cref="FusedNorm.Takes"/>.</param>
    /// <param name="channels">Of the whole block.</param>
    public BlockMaps(Tensor input, int channels)
    {
        (_images, _height, _width, _rows) = (input.shape[0], input.shape[2], input.shape[3], FusedNorm.RowCount(input));
        _memory = FusedNorm.Empty(_images, _height, _width, channels);
        (_mean, _variance) = (new double[channels], new double[channels]);
        (_slope, _offset) = (new float[BFloat16Lanes.Padded(channels)], new float[BFloat16Lanes.Padded(channels)]);
        (_sum, _sumTimesX) = (new double[channels], new double[channels]);
    }

    /// <summary>
    /// Adds a map, [N, K, H, W], and gives all maps up to it after a norm and ReLU, [N, C, H, W]. Where no gradient is
    /// asked for, the next call overwrites what this one gave.
    /// </summary>
    public Tensor AppendAndNormalise(Tensor map, BatchNorm2d norm)
    {
        if (is_grad_enabled())
        {
            var results = Function.apply(this, norm, map, norm.weight!, norm.bias!, _order!);
            _order?.Dispose();
            _order = results[1].DetachFromDisposeScope();
            return results[0];
        }
        var affine = Append(map, norm);
        var result = Scratch(_filled);
        NormKernels.NormRelu(
            FusedNorm.RowsOf(_memory),
            FusedNorm.RowsOf(result),
            _rows,
            _filled,
            affine.Scale,
            affine.Shift);
        return result;
    }

    /// <summary>The same and the mean of each 2x2 pixels, [N, C, H/2, W/2]; without gradients.</summary>
    public Tensor AppendNormaliseAndPool(Tensor map, BatchNorm2d norm)
    {
        var affine = Append(map, norm);
        var result = FusedNorm.Empty(_images, _height / 2, _width / 2, _filled);
        NormKernels.NormReluMeanPool(
            FusedNorm.RowsOf(_memory),
            FusedNorm.RowsOf(result),
            _images,
            (int)_height,
            (int)_width,
            _filled,
            affine.Scale,
            affine.Shift);
        return result;
    }

    /// <summary>What autograd still needs, it keeps.</summary>
    public void Dispose()
    {
        _memory.Dispose();
        _scratch?.Dispose();
        _order?.Dispose();
    }

    private ChannelAffine Append(Tensor map, BatchNorm2d norm)
    {
        var channels = (int)map.shape[1];
        var target = FusedNorm.RowsOf(_memory).From(_filled);
        NormKernels.Copy(FusedNorm.RowsOf(map), target, _rows, channels);
        _filled += channels;
        if (!norm.training)
            return ChannelAffine.Evaluated(norm);
        if (_measured < _filled)
        {
            NormKernels.Statistics(
                FusedNorm.RowsOf(_memory).From(_measured),
                _rows,
                _filled - _measured,
                _mean.AsSpan(_measured),
                _variance.AsSpan(_measured));
            _measured = _filled;
        }
        return ChannelAffine.OfBatch(norm, _mean[.._filled], _variance[.._filled], _rows);
    }

    private Tensor Scratch(int channels)
    {
        _scratch ??= empty([_rows * _memory.shape[1]], ScalarType.BFloat16, CPU).DetachFromDisposeScope();
        using var part = _scratch.narrow(0, 0, _rows * channels);
        using var shaped = part.view(_images, _height, _width, channels);
        return shaped.permute(0, 3, 1, 2);
    }

    /// <summary>The backward pass of one norm.</summary>
    /// <param name="added">
    /// Channels of the map that the norm's call added, the last of <paramref name="channels"/>.
    /// </param>
    /// <returns>Gradients of that map (null where none is asked for), the weight and the bias.</returns>
    private (Tensor? Map, Tensor Weight, Tensor Bias) Backward(
        Tensor memory,
        Tensor? upstream,
        ChannelAffine affine,
        int channels,
        int added,
        bool mapLearns)
    {
        var (all, x) = ((int)memory.shape[1], FusedNorm.RowsOf(memory));
        if (channels == all) // The backward pass starts where all maps are read.
        {
            _gradient?.Dispose();
            _gradient = null;
            Array.Clear(_slope);
            Array.Clear(_offset);
            Array.Clear(_sum);
            Array.Clear(_sumTimesX);
        }
        var (sum, sumTimesX) = (new double[channels], new double[channels]);
        var starts = _gradient is null;
        _gradient ??= (
            channels == all && upstream is not null ? empty_like(memory) : zeros_like(memory)
        ).DetachFromDisposeScope();
        var gradient = FusedNorm.RowsOf(_gradient);
        if (upstream is not null)
        {
            using var g = FusedNorm.AsMap(upstream);
            NormGradientKernels.Sums(
                FusedNorm.RowsOf(g),
                x,
                gradient,
                starts ? NormGradientKernels.Result.Written : NormGradientKernels.Result.Added,
                _rows, channels, affine.Scale, affine.Shift, sum, sumTimesX);
            for (var c = 0; c < channels; c++)
            {
                _sum[c] += affine.Scale[c] * sum[c];
                _sumTimesX[c] += affine.Scale[c] * sumTimesX[c];
            }
        }
        var (weight, bias) = affine.Gradients(sum, sumTimesX, _rows, _slope, _offset);
        var first = channels - added;
        Tensor? map = null;
        if (mapLearns)
        {
            map = FusedNorm.Empty(_images, _height, _width, added);
            TakeRoundingOut(gradient.From(first), x.From(first), first, Math.Min(added, _measured - first));
            NormGradientKernels.Finish(
                gradient.From(first),
                x.From(first),
                FusedNorm.RowsOf(map),
                _rows,
                added,
                _slope.AsSpan(first),
                _offset.AsSpan(first));
        }
        if (first == 0)
        {
            _gradient.Dispose();
            _gradient = null;
        }
        return (map, weight, bias);
    }

    /// <summary>
    /// The errors e of the stored sum are a + b x and what is not correlated with x: a and b follow from their sums and
    /// from the mean and the variance of x.
    /// </summary>
    /// <param name="channels">
    /// From <paramref name="first"/> on; those whose statistics no norm asked for are left as they are.
    /// </param>
    private void TakeRoundingOut(Rows stored, Rows x, int first, int channels)
    {
        if (channels <= 0)
            return;
        var (sum, sumTimesX) = (new double[channels], new double[channels]);
        NormGradientKernels.PlainSums(stored, x, _rows, channels, sum, sumTimesX);
        for (var i = 0; i < channels; i++)
        {
            var c = first + i;
            var (error, errorTimesX) = (sum[i] - _sum[c], sumTimesX[i] - _sumTimesX[c]);
            var slope = _variance[c] > 0 ? (errorTimesX - _mean[c] * error) / (_rows * _variance[c]) : 0;
            _slope[c] -= (float)slope;
            _offset[c] -= (float)(error / _rows - slope * _mean[c]);
        }
    }

    private sealed record Saved(BlockMaps Maps, ChannelAffine Affine, int Channels, int Added, bool MapLearns);

    private sealed class Function : autograd.MultiTensorFunction<Function>
    {
        private const string Key = "saved";

        public override string Name => nameof(BlockMaps);

        // (maps, norm, map, weight, bias, order of the one before) -> (normalised, order)
        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (maps, norm, map) = ((BlockMaps)vars[0], (BatchNorm2d)vars[1], (Tensor)vars[2]);
            var affine = maps.Append(map, norm);
            var result = FusedNorm.Empty(maps._images, maps._height, maps._width, maps._filled);
            NormKernels.NormRelu(
                FusedNorm.RowsOf(maps._memory),
                FusedNorm.RowsOf(result),
                maps._rows,
                maps._filled,
                affine.Scale,
                affine.Shift);
            ctx.set_materialize_grads(false);
            ctx.save_for_backward([maps._memory]);
            ctx.save_data(Key, new Saved(maps, affine, maps._filled, (int)map.shape[1], map.requires_grad));
            return [result, zeros(1, device: CPU)];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        {
            var saved = (Saved)ctx.get_data(Key);
            using var memory = ctx.get_saved_variables()[0];
            using var upstream = grad_outputs[0];
            var (map, weight, bias) = saved.Maps.Backward(
                memory,
                upstream.IsInvalid ? null : upstream,
                saved.Affine,
                saved.Channels,
                saved.Added,
                saved.MapLearns);
            return [null!, null!, map!, weight, bias, null!];
        }
    }
}
