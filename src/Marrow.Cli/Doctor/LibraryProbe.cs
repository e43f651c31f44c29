using System.Runtime.CompilerServices;
using System.Text.Json;
using Marrow.Computing;
using SkiaSharp;
using static TorchSharp.torch;

namespace Marrow.Cli.Doctor;

/// <summary>What one native library said of itself, in the process that tried it. One line of JSON each.</summary>
/// <param name="Library">Its name, <see cref="LibraryProbe.Names"/>.</param>
/// <param name="Found">Version, place and what it computed; null where it failed.</param>
/// <param name="Error">Why it could not be used.</param>
internal sealed record ProbeLine(string Library, string? Found, string? Error);

/// <summary>
/// Loads the native libraries and computes something small with each. A library that does not fit the processor ends its
/// process, so doctor lets a process of its own do this (marrow doctor --probe) and reads its lines.
/// </summary>
internal static class LibraryProbe
{
    public const string Torch = "libtorch";
    public const string Skia = "SkiaSharp";
    public const string Onnx = "ONNX Runtime";

    private const int Channels = 16;
    private const int Kernels = 8;
    private const int Side = 8;

    public static readonly string[] Names = [Skia, Onnx, Torch];

    public static int Run(TextWriter output)
    {
        Probe(output, Skia, TrySkia);
        Probe(output, Onnx, TryOnnx);
        Probe(output, Torch, TryTorch);
        return ExitCode.Done;
    }

    internal static void Probe(TextWriter output, string library, Func<string> attempt)
    {
        ProbeLine line;
        try
        {
            line = new(library, attempt(), null);
        }
        catch (Exception e)
        {
            while (e is TypeInitializationException && e.InnerException is { } inner)
                e = inner;
            // Where Marrow knows why libtorch was not loaded, TorchSharp's guess says less.
            line = new(library, null, (library == Torch ? LibtorchLoader.Problem : null) ?? $"{e.GetType().Name}: {e.Message.Trim()}");
        }
        output.WriteLine(JsonSerializer.Serialize(line, MarrowJson.Line));
        output.Flush(); // The next library may end the process.
    }

    /// <summary>Noughts and ones, of which float32 and bfloat16 lose nothing, so that the answer has to be exact.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string TryTorch()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        float[] pixels = [.. Enumerable.Range(0, Channels * Side * Side).Select(i => i * 7 % 5 < 2 ? 1f : 0)];
        float[] weights = [.. Enumerable.Range(0, Kernels * Channels * 9).Select(i => i * 5 % 7 < 3 ? 1f : 0)];
        var (image, kernel) = (tensor(pixels, device: CPU).reshape(1, Channels, Side, Side), tensor(weights, device: CPU).reshape(Kernels, Channels, 3, 3));
        var expected = Convolve(pixels, weights);
        var ways = Compute.HasBFloat16Instructions() && Autocast.IsAvailable ? (Compute[])[Compute.Float32, new(true, true)] : [Compute.Float32];
        foreach (var way in ways)
        {
            var result = way.Forward(() => nn.functional.conv2d(way.Arrange(image), way.Arrange(kernel), padding: [1, 1])).to(ScalarType.Float32).Values<float>();
            if (!result.AsSpan().SequenceEqual(expected))
                throw new InvalidOperationException($"a convolution in {way} gives wrong numbers");
        }
        return $"{Version()}; a convolution is right in {string.Join(" and ", ways.Select(w => w.ToString()))}; {get_num_threads()} threads; --device auto is {default(DeviceChoice).Take()}";
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

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string TrySkia()
    {
        using var bitmap = new SKBitmap(2, 2, SKColorType.Gray8, SKAlphaType.Opaque);
        bitmap.Erase(new SKColor(128, 128, 128));
        using var encoded = bitmap.Encode(SKEncodedImageFormat.Jpeg, 100);
        using var decoded = SKBitmap.Decode(encoded);
        return Math.Abs(decoded.GetPixel(1, 1).Red - 128) <= 2
            ? $"{typeof(SKBitmap).Assembly.GetName().Version?.ToString(3)}; a JPEG file is written and read"
            : throw new InvalidOperationException($"a grey of 128 is read back as {decoded.GetPixel(1, 1).Red}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string TryOnnx() => Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetVersionString();
}
