using Marrow.Checkpoints.Transfer;
using Marrow.Exchange;
using Marrow.Weights;
using Marrow.Weights.PyTorch;
using static TorchSharp.torch;

namespace Marrow.Tests.Issues;

/// <summary>
/// Files of training programs hold several sets of weights, the optimizer's state and much else. The weights are found
/// by names in a stated order, what was left is said, and the user may name another set.
/// </summary>
public sealed class NestedCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The names under which weights lie, the file's own order, and which of them are read.</summary>
    public static TheoryData<string, string> Orders => new()
    {
        { "model state_dict", "state_dict" },
        { "ema model", "model" },
        { "model_ema state_dict_ema net", "net" },
        { "teacher student", "student" },
        { "ema swa_state_dict", "ema" },
        { "averaged_model weights", "weights" },
        { "generator", "generator" },
        { "generator ema", "generator" },
        { "module optimizer", "module" },
        { "params params_ema", "params" },
        { "optimizer_state_dict discriminator", "discriminator" },
    };

    [Theory, MemberData(nameof(Orders))]
    public void Of_several_sets_of_weights_the_trained_one_is_read_and_the_others_are_named(string names, string read)
    {
        var all = names.Split(' ');
        var file = new NestedFile().Number("epoch", 12);
        for (var i = 0; i < all.Length; i++)
            file.Open(all[i]).Counting("conv.weight", 100 * i, 2, 3).Close();
        using var weights = Open(file);
        Assert.Equal(read, weights.Place);
        using var tensor = weights.Read("conv.weight");
        Assert.Equal(100 * Array.IndexOf(all, read), tensor[0, 0].item<float>());
        Assert.Equal(all.Where(n => n != read && !n.StartsWith("optim", StringComparison.Ordinal)), weights.OtherParts);
        Assert.Equal(["epoch", .. all.Where(n => n != read)], weights.Others);
    }

    [Theory]
    [InlineData("ema", 1)]
    [InlineData("ema.state_dict", 1)]
    [InlineData("model", 0)]
    [InlineData("model.state_dict", 0)]
    public void The_part_that_is_asked_for_is_read(string part, int number)
    {
        using var weights = Open(new NestedFile()
            .Open("model").Number("version", 1).Open("state_dict").Counting("w", 0, 2, 2).Close().Close()
            .Open("ema").Number("decay", 1).Open("state_dict").Counting("w", 1, 2, 2).Close().Close(), part);
        using var tensor = weights.Read("w");
        Assert.Equal(number, tensor[0, 0].item<float>());
        Assert.Null(weights.KeyPart);
    }

    [Fact]
    public void A_part_that_no_dictionary_has_is_looked_for_among_the_keys()
    {
        using var weights = Open(
            new NestedFile().Open("state_dict")
                .Counting("module.student.w", 0, 2, 2).Counting("module.teacher.w", 1, 2, 2).Close(),
            "state_dict.teacher");
        Assert.Equal("teacher", weights.KeyPart);
        Assert.Equal(["module.teacher.w"], ForeignKeys.Asked(weights).Select(e => e.Name));
        using var unknown = Open(new NestedFile().Counting("a.w", 0, 2, 2), "b");
        var message = Assert.Throws<MarrowException>(() => ForeignKeys.Asked(unknown)).Message;
        Assert.Contains("weights of the part 'b'", message, StringComparison.Ordinal);
        Assert.Contains("name another: a.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Among_several_sets_whose_names_say_nothing_the_user_has_to_choose()
    {
        var file = new NestedFile()
            .Open("generator").Counting("w", 0, 2, 2).Close().Open("critic").Counting("w", 1, 2, 2).Close();
        var message = Assert.Throws<MarrowException>(() => Open(file)).Message;
        Assert.Contains("weights under 'generator', 'critic'", message, StringComparison.Ordinal);
        Assert.Contains("--part generator", message, StringComparison.Ordinal);
        Assert.Contains("#generator", message, StringComparison.Ordinal);
        using var weights = Open(Again(), "critic");
        Assert.Equal("critic", weights.Place);

        static NestedFile Again() => new NestedFile()
            .Open("generator").Counting("w", 0, 2, 2).Close().Open("critic").Counting("w", 1, 2, 2).Close();
    }

    [Fact]
    public void The_state_of_an_optimizer_is_never_taken_for_weights()
    {
        foreach (
            var name in (string[])
                ["optimizer", "optimizer_state_dict", "optim", "opt", "lr_scheduler", "callbacks"])
        {
            var file = new NestedFile().Open(name).Counting("exp_avg", 0, 4, 4).Close();
            Assert.Contains(
                "a dictionary of tensors",
                Assert.Throws<MarrowException>(() => Open(file)).Message,
                StringComparison.Ordinal);
        }
        // Under another name it is known by its form.
        var hidden = new NestedFile()
            .Open("adam").Open("state").Counting("exp_avg", 0, 4, 4).Close().Open("param_groups").Close().Close();
        Assert.Contains(
            "a dictionary of tensors",
            Assert.Throws<MarrowException>(() => Open(hidden)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_best_score_beside_the_weights_is_no_set_of_weights()
    {
        using var weights = Open(new NestedFile().Counting("best", 0).Open("trunk").Counting("w", 5, 2, 2).Close()
            .Open("scores").Counting("dice", 0).Close());
        Assert.Equal("trunk", weights.Place);
        Assert.Empty(weights.OtherParts);
    }

    [Fact]
    public void Numbers_under_a_name_of_weights_do_not_hide_the_weights()
    {
        using var weights = Open(new NestedFile()
            .Open("params").Counting("temperature", 0).Close().Open("encoder").Counting("w", 5, 2, 2).Close());
        Assert.Equal("encoder", weights.Place);
        Assert.Empty(weights.OtherParts);
        using var alone = Open(new NestedFile().Counting("best", 0).Open("state_dict").Counting("w", 5, 3).Close());
        Assert.Equal("state_dict", alone.Place);
    }

    [Theory]
    [InlineData("decoder.blocks.0.conv1.0.weight", "a U-Net")]
    [InlineData("layer1.0.conv1.weight", "a ResNet without a classifier's last layer")]
    public void Errors_about_the_weights_that_were_read_name_those_that_were_not(string key, string found)
    {
        using var model = Drafts.Model(3, architecture: "resnet18");
        var path = _folder["two.pth"];
        File.WriteAllBytes(path, new NestedFile().Open("net").Counting(key, 0, 2, 2).Close()
            .Open("encoder").State(model.state_dict()).Close().Bytes());
        var message = Assert.Throws<MarrowException>(
            () => Importer.Import(path, new() { Name = "two", HubFolder = _folder["hub"] })).Message;
        Assert.Contains("weights that were not read, encoder: name them by --part encoder", message);
        Assert.Contains("two.pth#encoder in a recipe", message);
        Assert.Contains(found, message);
        using var source = Marrow.Checkpoints.Checkpoint.LoadWeights(path);
        var receipt = WarmStart.Apply(model, "resnet18", WeightSource.Of(source));
        Assert.Contains(
            "two.pth#encoder in a recipe",
            Assert.Throws<MarrowException>(() => WarmStart.RequireCoverage(receipt, 0.9)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void One_dictionary_in_two_places_is_named_by_the_better_one()
    {
        // "best" and "model" are the same object, as a memo of the pickle has it.
        using var weights = Open(new NestedFile()
            .Put("best", pickle => pickle.Op('}').Op('q').Raw(9).Text("w")
                .Tensor("FloatStorage", "0", 4, 0, [2, 2], [2, 1]).Op('s'))
            .Put("model", pickle => pickle.Op('h').Raw(9))
            .Open("more").Counting("score", 0, 4).Close());
        Assert.Equal("model", weights.Place);
    }

    [Fact]
    public void What_training_programs_of_PyTorch_save_beside_weights_does_no_harm()
    {
        using var peer = new PythonPeer();
        peer.Run(
            $$"""
            import argparse, collections, datetime, pathlib
            model = torchvision.models.resnet18(num_classes=2)
            ema = torch.optim.swa_utils.AveragedModel(model)
            optimizer = torch.optim.Adam(model.parameters())
            model(torch.randn(2, 3, 64, 64)).sum().backward()
            optimizer.step()
            scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
            torch.save({
                'epoch': 3, 'arch': 'resnet18', 'args': argparse.Namespace(lr=0.1, data=pathlib.PosixPath('/data')),
                'best_acc': torch.tensor(0.5), 'auc': np.float64(0.9),
                'history': collections.defaultdict(list, {'loss': [1.0, 2.0]}),
                'when': datetime.datetime(2024, 1, 2), 'ran': datetime.timedelta(seconds=5),
                'classes': ['a', 'b'], 'shape': (3, 64, 64),
                'optimizer': optimizer.state_dict(), 'scheduler': scheduler.state_dict(),
                'scaler': torch.cuda.amp.GradScaler(enabled=False).state_dict(),
                'rng': torch.get_rng_state(), 'model': model.state_dict(), 'model_ema': ema.state_dict(),
            }, r'{{_folder["all.pth"]}}')
            torch.save((model.state_dict(), optimizer.state_dict()), r'{{_folder["two.pth"]}}')
            put('fc', model.fc.weight)
            """
        );
        using var scope = NewDisposeScope();
        using (var weights = (PyTorchWeights)WeightFiles.Open(_folder["all.pth"]))
        {
            Assert.Equal(("model", 122), (weights.Place, weights.Entries.Count));
            Assert.Equal(["model_ema"], weights.OtherParts);
            Assert.True(peer.Get("fc").equal(weights.Read("fc.weight")).all().item<bool>());
            Assert.Contains("args", weights.Others);
        }
        using (var ema = WeightFiles.Open(_folder["all.pth"], "model_ema"))
            Assert.Contains(ema.Entries, e => e.Name == "n_averaged");
        using (var two = WeightFiles.Open(_folder["two.pth"]))
            Assert.Equal(("0", 122), (two.Place, two.Entries.Count));
    }

    [Theory]
    [InlineData("np.arange(6).reshape(2, 3)")]
    [InlineData("np.zeros(0)")]
    [InlineData("np.array(['a', None], dtype=object)")]
    [InlineData("np.float32(0.5)")]
    [InlineData("torch.__version__")]
    [InlineData("types.SimpleNamespace(lr=0.1, sizes=[1, 2])")]
    [InlineData("argparse.Namespace(lr=0.1)")]
    [InlineData("AttributeDict(lr=0.1)")]
    public void Plain_data_of_any_kind_beside_weights_is_left(string value)
    {
        using var peer = new PythonPeer();
        peer.Run(
            $$"""
            import argparse, sys, types
            module = types.ModuleType('pytorch_lightning.utilities.parsing')
            class AttributeDict(dict): pass
            AttributeDict.__module__ = module.__name__
            module.AttributeDict = AttributeDict
            for name in ('pytorch_lightning', 'pytorch_lightning.utilities', module.__name__): sys.modules[name] = module
            for protocol in (2, 4):
                torch.save({'model': {'w': torch.ones(2, 2)}, 'beside': {{value}}},
                    rf'{{_folder.Path}}/{protocol}.pth', pickle_protocol=protocol)
            """
        );
        foreach (var name in (string[])["2.pth", "4.pth"])
        {
            using var weights = WeightFiles.Open(_folder[name]);
            Assert.Equal(("model", "beside"), (weights.Place, Assert.Single(weights.Others)));
        }
    }

    [Fact]
    public void The_docs_have_every_name_that_a_pickle_may_mention()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root(), "docs", "how-to-import.md"));
        var list = page[page.IndexOf("\nThe names: ", StringComparison.Ordinal)..].Split("\n\n")[0];
        // The page speaks of torch's storages and types as those of its table.
        var named = PickleGlobals.Allowed.Values.Where(g =>
            g.Call is not null || g.New is not null || !g.Name.StartsWith("torch ", StringComparison.Ordinal));
        Assert.All(named, g => Assert.Matches($"[`.]{g.Name.Split(' ')[1]}`", list));
    }

    [Fact]
    public void Arrays_of_either_NumPy_are_data_and_never_called()
    {
        foreach (var core in (string[])["numpy.core", "numpy._core"])
        {
            using var weights = Open(new NestedFile().Counting("w", 0, 2, 2).Put("mean", pickle => pickle
                .Global($"{core}.multiarray", "_reconstruct")
                .Global("numpy", "ndarray").Tuple(0).Raw((byte)'C', 1, (byte)'b').Raw(0x87).Op('R')
                .Op('(').Int(1).Tuple(2).Global("numpy", "dtype").Text("f4").Raw(0x85).Op('R').Raw(0x89)
                .Raw((byte)'C', 8).Raw(new byte[8]).Op('t').Op('b')));
            Assert.Equal(["mean"], weights.Others);
        }
        var call = new NestedFile().Put("x", pickle => pickle.Global("numpy", "ndarray").Tuple(3).Raw(0x85).Op('R'));
        Assert.Contains(
            "a call of 'numpy ndarray'",
            Assert.Throws<MarrowException>(() => Open(call)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_of_settings_is_made_only_of_the_classes_that_are_known()
    {
        foreach (var (module, name) in ((string, string)[])[("collections", "OrderedDict"), ("os", "environ")])
        {
            var file = new NestedFile().Put("args", pickle => pickle.Global(module, name).Op(')').Raw(0x81));
            Assert.Contains(
                name,
                Assert.Throws<MarrowException>(() => Open(file)).Message,
                StringComparison.Ordinal);
        }
        var arguments = new NestedFile()
            .Put("args", pickle => pickle.Global("argparse", "Namespace").Tuple(1).Raw(0x81));
        Assert.Contains(
            "NEWOBJ of 'argparse Namespace'",
            Assert.Throws<MarrowException>(() => Open(arguments)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Searching_takes_no_more_than_the_file_is_large()
    {
        // A hundred dictionaries, each of which holds all of those before it: places without number, objects few.
        var file = new NestedFile();
        file.Put("a", pickle =>
        {
            pickle.Op('}');
            for (var i = 0; i < 100; i++)
            {
                pickle.Op('q').Raw((byte)i).Text("a").Op('}');
                for (var j = 0; j <= i; j++)
                    pickle.Text($"k{j}").Op('h').Raw((byte)j).Op('s');
            }
            for (var i = 0; i < 100; i++)
                pickle.Op('s');
        });
        var (bytes, before) = (file.Bytes(), GC.GetAllocatedBytesForCurrentThread());
        File.WriteAllBytes(_folder["places.pth"], bytes);
        Assert.Contains(
            "a dictionary of tensors",
            Assert.Throws<MarrowException>(() => PyTorchWeights.Open(_folder["places.pth"])).Message,
            StringComparison.Ordinal);
        // Some objects for each of its bytes; to note each of the places would take gigabytes.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256L * bytes.Length);
    }

    private PyTorchWeights Open(NestedFile file, string? part = null)
    {
        var path = _folder[$"{Guid.NewGuid():N}.pth"];
        File.WriteAllBytes(path, file.Bytes());
        return PyTorchWeights.Open(path, part);
    }
}
