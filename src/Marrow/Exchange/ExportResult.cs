using Marrow.Checkpoints;
using Marrow.Exchange.Onnx;

namespace Marrow.Exchange;

/// <summary>Says what an export wrote, and how close an ONNX file came to Marrow's own computation.</summary>
public sealed class ExportResult
{
    internal ExportResult(
        Checkpoint checkpoint, ExportFormat format, string path, IReadOnlyList<string> files, long bytes,
        OnnxComparison? comparison, double seconds)
    {
        (Path, Files, Bytes, Comparison) = (path, files, bytes, comparison);
        Ancestors = checkpoint.Parents.Ancestors();
        Warnings =
        [
            .. Licenses.Breaches(checkpoint.License, Ancestors)
                .Select(breach => $"{checkpoint.Name} is under {checkpoint.License}, but {breach}."),
        ];
        Report = new(
            new
            {
                checkpoint.Name,
                checkpoint.Digest,
                Format = format,
                Path,
                Files,
                Bytes,
                Seconds = seconds,
                checkpoint.License,
                Ancestors,
                Comparison,
            },
            [Facts(checkpoint, seconds), .. comparison is null ? [] : Compared(comparison)]);
    }

    /// <summary>The path of the file or, for a bundle, of the folder.</summary>
    public string Path { get; }

    /// <summary>The names of all files that were written. Those of a bundle are relative to its folder.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The size of all written files together, in bytes.</summary>
    public long Bytes { get; }

    internal IReadOnlyList<LicensedAncestor> Ancestors { get; }

    /// <summary>The comparison that the ONNX file passed; null when no ONNX file was written.</summary>
    internal OnnxComparison? Comparison { get; }

    /// <summary>
    /// The largest difference between the outputs of ONNX Runtime and Marrow, as a share of the output's largest
    /// magnitude; null when no ONNX file was written.
    /// </summary>
    public double? LargestDifference => Comparison?.Outputs.Max(o => o.Relative);

    /// <summary>
    /// One sentence for each licence term of an ancestor that the checkpoint's own licence does not keep.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>A report of what was written, its licence terms, and the comparison that an ONNX file passed.</summary>
    public TextReport Report { get; }

    private ReportPart Facts(Checkpoint checkpoint, double seconds)
    {
        var facts = new List<(string Name, string Value)>
        {
            ("checkpoint", $"{checkpoint.Name} {Digest.Shorten(checkpoint.Digest)}"),
            ("size", $"{NumberText.MiB(Bytes)} MiB"),
            ("seconds", NumberText.Of(seconds, "0.0")),
            ("licence", checkpoint.License),
        };
        facts.AddRange(Ancestors.Select(a => ("made from", ExportTerms.Describe(a))));
        if (checkpoint.Config.Outputs.Where(o => !o.Trained).Select(o => o.Name).ToList() is { Count: > 0 } untrained)
            facts.Add(("untrained", string.Join(", ", untrained)));
        if (Files.Count > 1)
            facts.AddRange(Files.Select(f => ("file", f)));
        return ReportPart.Facts(Path, facts);
    }

    private static IEnumerable<ReportPart> Compared(OnnxComparison comparison) =>
        [
            ReportPart.Line(
                $"{comparison.Runtime} against Marrow on {comparison.Images}; up to "
                    + $"{NumberText.Of(comparison.Tolerance, "G3")} of the largest magnitude is allowed:"),
            ReportPart.Table(
                ["output", "largest", "difference", "relative"],
                comparison.Outputs.Select(o => (IReadOnlyList<string>)
                    [
                        o.Name,
                        NumberText.Of(o.Largest, "G4"),
                        NumberText.Of(o.Absolute, "G2"),
                        NumberText.Of(o.Relative, "G2"),
                    ])),
        ];
}
