using System.Text;
using Marrow.Checkpoints;
using Marrow.Exchange;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Tests.Issues;

/// <summary>A file is known by what is in it: its name says nothing.</summary>
public sealed class FileKindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Foreign => new()
    {
        { "", "an empty file" },
        { "89 48 44 46 0D 0A 1A 0A 00 00 00 00", "HDF5" },
        { "1F 8B 08 00", "gzip" },
        { "42 5A 68 39", "bzip2" },
        { "28 B5 2F FD 00", "Zstandard" },
        { "93 4E 55 4D 50 59 01 00", "NumPy" },
        { "89 50 4E 47 0D 0A 1A 0A", "PNG" },
        { "1C 00 00 00 54 46 4C 33", "TensorFlow Lite" },
        { "08 0A 12 07 70 79 74 6F 72 63 68 1A 05 32 2E 31 2E 30 3A 00", "an ONNX file" },
        { "08 08 3A 85 01 0A 20 0A 05 69 6E 70 75 74 12 01 78 22", "an ONNX file" },
        { "08 01 12 A4 13 0A 90 04 12 05 73 65 72 76 65 00 00 00", "SavedModel of TensorFlow" },
        { "0A 37 0A 05 69 6E 70 75 74 12 0B 50 6C 61 63 65 68 6F 6C", "graph of TensorFlow" },
        { "80 04 95 10 00 00 00 00 00 00 00 7D 94 2E", "a pickle of Python" },
        { "DE AD BE EF 01 02 03 04 05 06 07 08 09", "starts with DEADBEEF01020304" },
        { Hex("version https://git-lfs.github.com/spec/v1\noid sha256:abc\n"), "Git LFS" },
        { Hex("\n  <!DOCTYPE html><html><head>"), "page of HTML" },
        { Hex("\uFEFF<?xml version=\"1.0\"?>"), "page of HTML or XML" },
        { Hex("{\"error\": \"not found\"}"), "JSON text" },
        { Hex("Entry not found"), "found text" },
        { Hex("{\"detail\": {\"x\": 1}, \"message\": \"Not Found\", "), "tells of an error (Not Found)" },
        { Hex("{\"error\": {\"code\": 404, \"message\": \"No such file\"}}"), "tells of an error (No such file)" },
        { Hex("{\"errors\": \"replace\", \"add_prefix_space\": false}"), "JSON text, such as a configuration" },
        { Hex("{\"steps\": [{\"message\": \"x\"}]}"), "JSON text, such as a configuration" },
        { Hex("{\"logging\": {\"detail\": \"full\"}}"), "JSON text, such as a configuration" },
        { Hex("<!doctype html>\n<html><head><title>Google Drive - Quota exceeded</title>"), "(Google Drive - Quota" },
        {
            Hex("<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
            "an error of an object store in XML (AccessDenied)"
        },
        { Hex("/annex/objects/SHA256E-s30--abc.pth\n"), "a pointer of git-annex" },
        { Hex("../.git/annex/objects/zX/1f/SHA256E-s30--abc.pth/SHA256E-s30--abc.pth"), "a pointer of git-annex" },
        { Hex("outs:\n- md5: 0123\n  path: model.pth\n"), "a pointer of DVC" },
        { Hex("<?xml version=\"1.0\"?><net name=\"x\" version=\"11\">"), "OpenVINO" },
        { "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", "found a file that begins with zeros" },
        { "12 01 00 00 00 00 00 00 00 00 00 00 01", "MXNet" },
        { "05 06 07 08 09 0A 57 FB 80 8B 24 75 47 DB", "a checkpoint of TensorFlow" },
        { Hex("model_checkpoint_path: \"model\""), "index of a TensorFlow checkpoint" },
    };

    [Theory, MemberData(nameof(Foreign))]
    public void What_is_no_file_of_weights_is_named_whatever_it_is_called(string hex, string says)
    {
        foreach (var name in (string[])["a.pth", "b.safetensors", "c.ckpt", "d"])
        {
            File.WriteAllBytes(_folder[name], Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
            foreach (
                var read in (Action[])
                    [
                        () => WeightFiles.Open(_folder[name]),
                        () => Checkpoint.LoadWeights(_folder[name]),
                        () => Importer.Import(_folder[name], Request()),
                    ])
            {
                var message = Assert.Throws<MarrowException>(read).Message;
                Assert.StartsWith(_folder[name], message);
                Assert.Contains(says, message, StringComparison.Ordinal);
            }
        }
        Assert.False(Directory.Exists(_folder["hub"]));
    }

    [Theory]
    [InlineData("model.pth", "found a zip archive that torch.save did not write (it begins with 'model.pth')")]
    [InlineData("weights/", "a zip archive that torch.save did not write")]
    [InlineData("arr_0.npy", "NumPy")]
    [InlineData("metadata.json", "Keras")]
    public void Other_zips_are_named(string entry, string says)
    {
        File.WriteAllBytes(_folder["a.pt"], PyTorchFile.Zip([(entry, [])]));
        Assert.Contains(
            says,
            Assert.Throws<MarrowException>(() => WeightFiles.Open(_folder["a.pt"])).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("weights.pth", true, "a tar archive. Unpack")]
    [InlineData("sys_info", true, "before 0.1.10")]
    [InlineData("storages", false, "before 0.1.10")]
    public void Tar_archives_are_named_also_those_without_a_mark(string entry, bool isMarked, string says)
    {
        var header = new byte[1024];
        Encoding.ASCII.GetBytes(entry).CopyTo(header, 0);
        if (isMarked)
            "ustar"u8.CopyTo(header.AsSpan(257));
        var sum = header.Take(512).Sum(b => b) + 8 * ' ';
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        File.WriteAllBytes(_folder["old.pth.tar"], header);
        Assert.Contains(
            says,
            Assert.Throws<MarrowException>(() => WeightFiles.Open(_folder["old.pth.tar"])).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.pth.tar")]
    [InlineData("last.ckpt")]
    [InlineData("pytorch_model.bin")]
    [InlineData("weights")]
    public void Weights_of_either_form_are_read_under_any_name(string name)
    {
        using var model = Drafts.Model();
        File.WriteAllBytes(_folder[name], PyTorchFile.Of(Marrow.Soak.PickleWriter.Good()[0]));
        using (var read = Checkpoint.LoadWeights(_folder[name]))
            Assert.True(read.WeightsOnly);
        Safetensors.Write(_folder[name], ModelWeights.Of(model));
        using (var read = new Marrow.Hub.LocalHub(_folder["hub"]).Resolve(_folder[name]))
            Assert.Contains(read.Weights.Entries, e => e.Name == "features.conv0.weight");
    }

    public static TheoryData<string, string> Architectures =>
        new()
        {
            {
                "conv1.weight layer1.0.conv1.weight layer1.1.conv1.weight layer2.0.conv1.weight layer2.1.conv1.weight "
                    + "layer3.0.conv1.weight layer3.1.conv1.weight layer4.0.conv1.weight layer4.1.conv1.weight",
                "a ResNet-18"
            },
            { "module.layer1.0.conv3.weight module.layer4.0.conv1.weight", "a ResNet" },
            { "cls_token blocks.0.attn.qkv.weight", "ViT" },
            { "conv_stem.weight blocks.0.0.conv_dw.weight", "an EfficientNet" },
            { "model.unet1.first.weight", "a U-Net" },
            { "encoder.conv1.weight decoder.blocks.0.conv1.0.weight", "a U-Net" },
            { "features.0.weight classifier.6.weight", "VGG" },
            { "x.weight", "1 tensors such as 'x.weight' [2]." },
        };

    [Theory, MemberData(nameof(Architectures))]
    public void Other_architectures_are_told_by_their_keys_with_what_can_be_imported(string keys, string says)
    {
        using var scope = torch.NewDisposeScope();
        Safetensors.Write(
            _folder["w.safetensors"],
            [.. keys.Split(' ').Select(key => KeyValuePair.Create(key, torch.zeros(2)))]);
        foreach (
            var request in (ImportRequest[])[Request(), Request(map: "torchvision-densenet", classes: ["a"])])
        {
            var message = Assert
                .Throws<MarrowException>(() => Importer.Import(_folder["w.safetensors"], request))
                .Message;
            Assert.Contains(says, message, StringComparison.Ordinal);
            Assert.Contains("densenet121", message, StringComparison.Ordinal);
            Assert.Contains("can be imported", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_data_of_a_TensorFlow_checkpoint_is_known_by_its_name()
    {
        File.WriteAllBytes(_folder["model.ckpt.data-00000-of-00001"], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        Assert.Contains(
            "the data of a TensorFlow checkpoint",
            Assert.Throws<MarrowException>(() => WeightFiles.Open(_folder["model.ckpt.data-00000-of-00001"])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_to_what_was_not_fetched_is_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights there.");
        File.CreateSymbolicLink(
            _folder["a.pth"], "../.git/annex/objects/zX/1f/SHA256E-s30--abc.pth/SHA256E-s30--abc.pth");
        File.CreateSymbolicLink(_folder["b.safetensors"], "../../blobs/0123");
        File.CreateSymbolicLink(_folder["c.pth"], "c.pth");
        foreach (
            var (name, says) in ((string, string)[])
                [
                    ("a.pth", "a link of git-annex whose content is not here. Fetch the file itself"),
                    ("b.safetensors", "a link to '../../blobs/0123', which is not there"),
                ])
        {
            foreach (
                var read in (Action[])
                    [
                        () => WeightFiles.Open(_folder[name]),
                        () => new Marrow.Hub.LocalHub(_folder["hub"]).Resolve(_folder[name]),
                        () => Importer.Import(_folder[name], Request()),
                    ])
            {
                var error = Assert.Throws<MarrowException>(read);
                Assert.Equal(ErrorKind.NotFound, error.Kind);
                Assert.Contains(says, error.Message, StringComparison.Ordinal);
            }
        }
        Assert.Throws<MarrowException>(() => WeightFiles.Open(_folder["c.pth"])); // a link to itself
    }

    [Fact]
    public void An_archive_that_holds_a_file_of_weights_is_said_to_be_one()
    {
        byte[] weights = PyTorchFile.Of(Marrow.Soak.PickleWriter.Good()[0]);
        File.WriteAllBytes(_folder["packed.pth"], PyTorchFile.Zip(
            [("weights/model.pth", weights)], System.IO.Compression.CompressionLevel.Fastest));
        File.WriteAllBytes(_folder["stored.pth"], PyTorchFile.Zip([("weights/model.pth", weights)]));
        foreach (var name in (string[])["packed.pth", "stored.pth"])
            Assert.Contains(
                "unpack it",
                Assert.Throws<MarrowException>(() => WeightFiles.Open(_folder[name])).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_of_ONNX_are_read_under_any_name()
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"]);
        Exporter.Run(checkpoint, new() { Format = ExportFormat.Onnx, Path = _folder["model.pth"] });
        using var read = Checkpoint.LoadWeights(_folder["model.pth"]);
        Assert.Contains(read.Weights.Entries, e => e.Name == "features.conv0.weight");
    }

    [Fact]
    public void A_page_that_is_called_onnx_is_named()
    {
        File.WriteAllText(_folder["m.onnx"], "<html></html>");
        var message = Assert.Throws<MarrowException>(() => Importer.Import(_folder["m.onnx"], Request())).Message;
        Assert.Contains(
            "expected weights of PyTorch, safetensors or ONNX, found a page of HTML",
            message,
            StringComparison.Ordinal);
    }

    private ImportRequest Request(string? map = null, IReadOnlyList<string>? classes = null) =>
        new() { Name = "test", HubFolder = _folder["hub"], Map = map, Classes = classes };

    private static string Hex(string text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text));
}
