using Marrow.Checkpoints;
using Marrow.Exchange;
using Marrow.Hub;

namespace Marrow.Tests.Exchange;

/// <summary>The checkpoints of the repository in every format.</summary>
public sealed class ShippedExportTests
{
    public static TheoryData<string, ExportFormat, bool> All => new(
        from entry in new LocalHub(Path.Combine(Repository.Root(), "hub")).List()
        from format in Enum.GetValues<ExportFormat>()
        from decode in format == ExportFormat.Onnx ? (bool[])[false, true] : [false]
        select (entry.Folder, format, decode));

    [Theory(Explicit = true), Trait("Category", "Slow"), MemberData(nameof(All))]
    public void Each_is_exported_with_ONNX_Runtime_agreeing_to_a_hundred_thousandth_and_comes_back(
        string folder,
        ExportFormat format,
        bool decode)
    {
        using var target = new TemporaryFolder();
        using var checkpoint = new LocalHub(target.Path).Resolve(folder);
        var result = Exporter.Run(
            checkpoint,
            new()
            {
                Format = format,
                Path = target["out"],
                Decode = decode,
                Tolerance = 1e-5,
            }
        );
        Assert.True(result.Bytes > 0.9 * new FileInfo(Path.Combine(folder, Checkpoint.WeightsFile)).Length);
        Assert.Equal(format is ExportFormat.Onnx or ExportFormat.Bundle, result.Comparison is not null);
        var (again, summary) = Importer.Run(target["out"], new() { Name = "again", HubFolder = target["hub"] });
        using (again)
            AssertRoundTrip.Of(checkpoint, again, summary);
    }
}
