using static TorchSharp.torch;

namespace Marrow.Computing;

/// <summary>
/// Whether libtorch computes rightly on this machine, told from one convolution of noughts and ones, of which float32
/// and bfloat16 lose nothing, so that the answer has to be exact.
/// </summary>
internal static class LibtorchCheck
{
    private const int Channels = 16;
    private const int Kernels = 8;
    private const int Side = 8;

    /// <summary>
    /// The version, in which ways a convolution is right, and how many threads compute. Throws when one gives wrong
    /// numbers, or when libtorch can't be loaded.
    /// </summary>
    public static string Run()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        float[] pixels = [.. Enumerable.Range(0, Channels * Side * Side).Select(i => i * 7 % 5 < 2 ? 1f : 0)];
        float[] weights = [.. Enumerable.Range(0, Kernels * Channels * 9).Select(i => i * 5 % 7 < 3 ? 1f : 0)];
        var (image, kernel) = (
            tensor(pixels, device: CPU).reshape(1, Channels, Side, Side),
            tensor(weights, device: CPU).reshape(Kernels, Channels, 3, 3));
        var expected = Convolve(pixels, weights);
        var ways =
            Compute.HasBFloat16Instructions() && Autocast.IsAvailable
                ? (Compute[])[Compute.Float32, new(true, true)]
                : [Compute.Float32];
        foreach (var way in ways)
        {
            var result = way.Forward(() =>
                    nn.functional.conv2d(way.Arrange(image), way.Arrange(kernel), padding: [1, 1]))
                .to(ScalarType.Float32)
                .Values<float>();
            if (!result.AsSpan().SequenceEqual(expected))
                throw new InvalidOperationException($"a convolution in {way} gives wrong numbers");
        }
        return $"{Version()}; a convolution is right in {string.Join(" and ", ways.Select(w => w.ToString()))}; "
            + $"{get_num_threads()} threads; --device auto is {default(DeviceChoice).Take()}";
    }

    /// <summary>The same convolution, computed here.</summary>
    private static float[] Convolve(float[] pixels, float[] weights)
    {
        var result = new float[Kernels * Side * Side];
        for (var at = 0; at < result.Length; at++)
        {
            var (k, y, x) = (at / (Side * Side), at / Side % Side, at % Side);
            for (var tap = 0; tap < Channels * 9; tap++)
            {
                var (c, row, column) = (tap / 9, y + tap / 3 % 3 - 1, x + tap % 3 - 1);
                if (row is >= 0 and < Side && column is >= 0 and < Side)
                    result[at] += pixels[(c * Side + row) * Side + column] * weights[k * Channels * 9 + tap];
            }
        }
        return result;
    }

    /// <summary>libtorch's own, "2.10.0": major, minor and patch in the upper bytes.</summary>
    private static unsafe string Version()
    {
        var function = (delegate* unmanaged<ulong>)LibtorchExports.Find("aoti_torch_abi_version");
        if (function == null)
            return "of a version that it does not tell";
        var version = function();
        return $"{version >> 56}.{version >> 48 & 255}.{version >> 40 & 255}";
    }
}
