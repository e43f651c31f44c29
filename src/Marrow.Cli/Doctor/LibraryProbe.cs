using System.Runtime.CompilerServices;
using System.Text.Json;
using Marrow.Computing;
using SkiaSharp;

namespace Marrow.Cli.Doctor;

/// <summary>What one native library said of itself, in the process that tried it. One line of JSON each.</summary>
/// <param name="Library">Its name, <see cref="LibraryProbe.Names"/>.</param>
/// <param name="Found">Version, place and what it computed; null where it failed.</param>
/// <param name="Error">Why it could not be used.</param>
internal sealed record ProbeLine(string Library, string? Found, string? Error);

/// <summary>
/// Loads the native libraries and computes something small with each. A library that does not fit the processor ends
/// its process, so doctor lets a process of its own do this (marrow doctor --probe) and reads its lines.
/// </summary>
internal static class LibraryProbe
{
    public const string Torch = "libtorch";
    public const string Skia = "SkiaSharp";
    public const string Onnx = "ONNX Runtime";

    public static readonly string[] Names = [Skia, Onnx, Torch];

    /// <summary>The form of a line.</summary>
    internal static readonly JsonSerializerOptions OneLine = new(MarrowJson.Options) { WriteIndented = false };

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
            line = new(
                library,
                null,
                (library == Torch ? Installation.LibtorchProblem : null) ?? $"{e.GetType().Name}: {e.Message.Trim()}");
        }
        output.WriteLine(JsonSerializer.Serialize(line, OneLine));
        output.Flush(); // The next library may end the process.
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string TryTorch() => Installation.TryLibtorch();

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
