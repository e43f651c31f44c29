using Marrow.Backbones;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Soak;
using Marrow.Weights.PyTorch;
using static TorchSharp.torch;

namespace Marrow.Tests.Checkpoints.PyTorch;

public sealed class PyTorchWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private PyTorchWeights Open(byte[] pickle)
    {
        File.WriteAllBytes(_folder["weights.pth"], PyTorchFile.Of(pickle));
        return PyTorchWeights.Open(_folder["weights.pth"]);
    }

    [Fact]
    public void Views_of_one_storage_are_read_by_their_offsets_and_strides()
    {
        using var scope = NewDisposeScope();
        using var weights = Open(PickleWriter.Good()[0]);
        Assert.Equal(
            ["features.weight", "features.view", "classifier.bias", "norm.num_batches_tracked"],
            weights.Entries.Select(e => e.Name));
        var whole = weights.Read("features.weight");
        Assert.Equal([2, 3, 2, 2], whole.shape);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (float)i), whole.data<float>());
        // Element (i, j) is number 1 + i + 3 j of the storage.
        Assert.Equal([1f, 4f, 2f, 5f, 3f, 6f], weights.Read("features.view").data<float>());
        Assert.Equal(ScalarType.Float16, weights.Read("classifier.bias").dtype);
        Assert.Equal(7, weights.Read("norm.num_batches_tracked").item<long>());
        var target = zeros(6);
        weights.ReadInto("classifier.bias", target);
        Assert.Equal([0f, 1f, 2f, 3f, 4f, 5f], target.data<float>());
    }

    [Fact]
    public void A_state_dict_within_is_found_and_what_is_beside_it_named()
    {
        using var scope = NewDisposeScope();
        using var weights = Open(PickleWriter.Good()[1]);
        Assert.Equal("state_dict", weights.Place);
        Assert.Equal(["epoch", "best", "done", "none", "optimizer", "accuracy", "milestones", "size"], weights.Others);
        Assert.Equal(["module.weight", "module.mask"], weights.Entries.Select(e => e.Name));
        Assert.Equal([true, false, true, true, false, false, true, false], weights.Read("module.mask").data<bool>());
    }

    [Fact]
    public void Protocol_4_and_the_newer_types_are_read()
    {
        using (var weights = Open(PickleWriter.Good()[2]))
            Assert.Equal([("weight", ScalarType.Float32)], weights.Entries.Select(e => (e.Name, e.Type)));
        using (var weights = Open(PickleWriter.Good()[3]))
            Assert.Equal(
                [("a", ScalarType.BFloat16), ("b", ScalarType.Float32)],
                weights.Entries.Select(e => (e.Name, e.Type)));
    }

    [Fact]
    public void An_unknown_name_gets_the_nearest_ones()
    {
        using var weights = Open(PickleWriter.Good()[0]);
        Assert.Contains(
            "classifier.bias",
            Assert.Throws<MarrowException>(() => weights.Read("classifier.bia")).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => weights.ReadInto("classifier.bias", zeros(5)));
    }

    [Fact]
    public void Every_kind_of_tensor_that_torch_saves_is_read_as_it_was()
    {
        using var peer = new PythonPeer();
        using var scope = NewDisposeScope();
        var path = _folder["kinds.pth"];
        var names = peer.Run(
                $$$"""
                base = torch.randn(4, 6, 5)
                kinds = {'f32': base, 'f16': base.half(), 'bf16': base.bfloat16(), 'f64': base.double(), 'i64': (base * 100).long(), 'i32': (base * 100).int(),
                         'i16': (base * 100).short(), 'i8': (base * 50).to(torch.int8), 'u8': (base.abs() * 50).to(torch.uint8), 'bool': base > 0,
                         'offset': base[2], 'transposed': base.t() if base.dim() == 2 else base.permute(2, 0, 1), 'stepped': base[:, ::2, 1:], 'scalar': torch.tensor(3.5),
                         'empty': torch.zeros(0, 3), 'parameter': torch.nn.Parameter(base[1].t()), 'last': base[3, 5, 4], 'channels_last': torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)}
                for protocol in (2, 3, 4, 5):
                    torch.save({'epoch': 1, 'model_state_dict': kinds, 'big': 2**70, 'when': {'set': {1, 2}, 'bytes': b'ab', 'float': np.float64(2)}}, r'{{{path}}}' + str(protocol), pickle_protocol=protocol)
                for name, tensor in kinds.items():
                    put(name, tensor.float() if tensor.is_floating_point() else tensor.long())
                print(' '.join(kinds))
                """
            )
            .Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        foreach (var protocol in (int[])[2, 3, 4, 5])
        {
            using var weights = PyTorchWeights.Open($"{path}{protocol}");
            Assert.Equal("model_state_dict", weights.Place);
            Assert.Equal(names, weights.Entries.Select(e => e.Name));
            foreach (var entry in weights.Entries)
            {
                var (expected, read) = (peer.Get(entry.Name), weights.Read(entry.Name));
                Assert.Equal(entry.Type, read.dtype);
                Assert.Equal(entry.Shape, read.shape);
                Assert.True(read.is_contiguous());
                Assert.True(
                    expected.equal(read.to(expected.dtype).reshape(expected.shape)).all().item<bool>(),
                    $"{entry.Name}, protocol {protocol}");
            }
        }
    }

    [Theory]
    [InlineData("features.denseblock1.denselayer2.norm.1.weight", "features.denseblock1.denselayer2.norm1.weight")]
    [InlineData("features.denseblock1.denselayer12.conv.2.weight", "features.denseblock1.denselayer12.conv2.weight")]
    [InlineData("features.denseblock1.denselayer2.layers.norm2.bias", "features.denseblock1.denselayer2.norm2.bias")]
    [InlineData(
        "features.denseblock1.denselayer2.norm1.running_var",
        "features.denseblock1.denselayer2.norm1.running_var"
    )]
    [InlineData("features.norm0.weight", "features.norm0.weight")]
    [InlineData("features.transition1.norm.weight", "features.transition1.norm.weight")]
    [InlineData("layers.norm.1.weight", "layers.norm.1.weight")]
    public void Three_spellings_of_a_dense_layer_are_one(string key, string modern) =>
        Assert.Equal(modern, DenseNetSpelling.Modern(key));

    [Fact]
    public void A_warm_start_takes_a_pth_file_as_it_is()
    {
        using var peer = new PythonPeer();
        var path = _folder["old.pth"];
        // DenseNet-121 in three colours, DataParallel, the spelling before 2018, half precision.
        peer.Run(
            $$"""
            import re
            model = torchvision.models.densenet121(num_classes=5)
            state = {'module.' + re.sub(r'(denselayer\d+\.(?:norm|conv))([12])', r'\1.\2', k): v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}
            torch.save({'state_dict': state}, r'{{path}}')
            put('conv', model.features.conv0.weight.half().float())
            put('norm', model.features.denseblock4.denselayer16.norm2.weight)
            put('inner', model.features.denseblock3.denselayer7.conv2.weight.half().float())
            """
        );
        using var scope = NewDisposeScope();
        using var source = Checkpoint.LoadWeights(path);
        Assert.True(source.WeightsOnly);
        using var model = Drafts.Model(architecture: "densenet121");
        var receipt = WarmStart.Apply(model, "densenet121", WeightSource.Of(source));
        WarmStart.RequireCoverage(receipt, 1);
        Assert.Equal(1, receipt.BackboneCoverage);
        var state = model.state_dict();
        Assert.True(peer.Get("inner").equal(state["features.denseblock3.denselayer7.conv2.weight"]).all().item<bool>());
        Assert.True(peer.Get("conv").sum(1, keepdim: true).allclose(state["features.conv0.weight"], 1e-5, 1e-6));
    }
}
