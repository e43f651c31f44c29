using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Marrow.Checkpoints;
using Marrow.Exchange;
using static TorchSharp.torch;

namespace Marrow.Tests.Exchange;

/// <summary>What is written is read by PyTorch itself, where it is installed, and by .NET's own zip reader.</summary>
public sealed class PyTorchWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Export(Checkpoint checkpoint, WeightPrecision? precision = null, string name = "weights.pth") =>
        Exporter.Run(checkpoint, new() { Format = ExportFormat.Pth, Path = _folder[name], Precision = precision }).Path;

    [Theory]
    [InlineData(WeightPrecision.Float32)]
    [InlineData(WeightPrecision.BFloat16)]
    public void Torchvision_loads_the_state_dict_strictly_and_gives_Marrows_logits(WeightPrecision precision)
    {
        using var peer = new PythonPeer();
        using var checkpoint = ExportSamples.Classifier(
            _folder["hub"],
            channels: 3,
            exclusive: true,
            "densenet121",
            64,
            "a",
            "b",
            "c",
            "d");
        var path = Export(checkpoint, precision);
        using var scope = NewDisposeScope();
        var image = randn(2, 3, 64, 64);
        peer.Put("image", image);
        peer.Run(
            $"""
            model = torchvision.models.densenet121(num_classes=4)
            for weights_only in (False, True):
                state = torch.load('{path}', weights_only=weights_only)
                print(model.load_state_dict(state, strict=True))
                assert sorted(state) == sorted(model.state_dict())
                assert state['features.norm5.num_batches_tracked'].item() == 1234
                assert state['classifier.weight'].dtype == torch.{(
                precision == WeightPrecision.Float32 ? "float32" : "bfloat16"
            )}
                assert state['features.norm5.running_var'].dtype == torch.float32
            with torch.no_grad():
                put('logits', model.eval()(get('image')))
            """
        );
        using var noGradients = no_grad();
        using var model = (nn.Module<Tensor, Tensor>)checkpoint.BuildModel();
        var expected = model.forward(image);
        Assert.True(
            (peer.Get("logits") - expected).abs().max().item<float>() < 1e-4 * expected.abs().max().item<float>());
    }

    [Theory]
    [InlineData(WeightPrecision.Float32)]
    [InlineData(WeightPrecision.BFloat16)]
    public void Every_tensor_of_a_detector_and_a_regressor_reaches_torch_with_its_bytes(WeightPrecision precision)
    {
        using var peer = new PythonPeer();
        foreach (
            var checkpoint in (Checkpoint[])
                [ExportSamples.Detector(_folder["hub"]), ExportSamples.Regressor(_folder["hub"])])
        {
            using var open = checkpoint;
            var path = Export(checkpoint, precision, checkpoint.Name);
            var found = peer.Run(
                $"""
                import hashlib
                for key, value in torch.load('{path}', weights_only=True).items():
                    raw = (value if value.dtype != torch.bfloat16 else value.view(torch.int16)).numpy().tobytes()
                    print(key, str(value.dtype).split('.')[1].replace('int64', 'Int64').replace('bfloat16', 'BFloat16').replace('float32', 'Float32'), 'x'.join(map(str, value.shape)), hashlib.sha256(raw).hexdigest())
                """
            );
            using var scope = NewDisposeScope();
            var expected = ExportWeights
                .Read(checkpoint, precision)
                .Select(w =>
                    $"{w.Key} {w.Value.dtype} {string.Join('x', w.Value.shape)} "
                        + $"{Convert.ToHexStringLower(SHA256.HashData(w.Value.contiguous().bytes))}"
                );
            Assert.Equal(expected, found.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    [Fact]
    public void Entries_are_stored_whole_and_begin_at_multiples_of_64_bytes()
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"]);
        var bytes = File.ReadAllBytes(Export(checkpoint));
        using var scope = NewDisposeScope();
        var weights = ExportWeights.Read(checkpoint, WeightPrecision.Float32);
        using var zip = new ZipArchive(new MemoryStream(bytes));
        Assert.Equal(weights.Count + 4, zip.Entries.Count);
        foreach (var entry in zip.Entries)
        {
            using var content = new MemoryStream();
            using (var stream = entry.Open()) // checks the CRC
                stream.CopyTo(content);
            Assert.Equal(entry.Length, entry.CompressedLength);
            if (entry.FullName.StartsWith("archive/data/", StringComparison.Ordinal))
                Assert.True(
                    content
                        .ToArray()
                        .AsSpan()
                        .SequenceEqual(
                            weights[int.Parse(entry.Name, System.Globalization.CultureInfo.InvariantCulture)]
                                .Value.contiguous()
                                .bytes),
                    entry.FullName);
        }
        var position = 0;
        foreach (var entry in zip.Entries) // in the order of the file
        {
            Assert.Equal(0x04034b50u, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(position)));
            position +=
                30
                + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(position + 26))
                + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(position + 28));
            Assert.True(position % 64 == 0, entry.FullName);
            position += (int)entry.Length;
        }
    }

    [Fact]
    public void The_same_checkpoint_gives_the_same_bytes_and_says_what_it_is()
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"]);
        var first = File.ReadAllBytes(Export(checkpoint));
        Assert.Equal(first, File.ReadAllBytes(Export(checkpoint, name: "again.pth")));
        using var zip = new ZipArchive(new MemoryStream(first));
        using var notes = zip.GetEntry("archive/extra/marrow.json")!.Open();
        var said = System.Text.Json.JsonDocument.Parse(notes).RootElement;
        Assert.Equal(checkpoint.Digest, said.GetProperty("digest").GetString());
        Assert.Equal("LicenseRef-SpineWeb-research", said.GetProperty("license").GetString());
        Assert.Contains(
            "phantom: \\u0022x\\u0022".Replace("\\u0022", "\\\""),
            said.GetProperty("ancestors").GetString());
    }
}
