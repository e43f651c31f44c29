using Marrow.Backbones;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Tasks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Checkpoints;

/// <summary>
/// Modules that are not of the catalogue: warm-started, saved, loaded, and the parent of another in turn.
/// </summary>
public sealed class OwnModuleTests : IDisposable
{
    private static readonly ModelSpec Spec = new() { Architecture = "own-net", BackbonePrefix = "encoder." };
    private readonly TemporaryFolder _hub = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _hub.Dispose();
    }

    /// <summary>
    /// A whole DenseNet as its encoder, under a name of its own, and a head for one number and one for two.
    /// </summary>
    private sealed class OwnNet : Module<Tensor, Tensor[]>
    {
        private readonly Backbone encoder = BackboneCatalogue.Create("densenet-mini", 1);
        private readonly Module<Tensor, Tensor> one, two;

        public OwnNet() : base(nameof(OwnNet))
        {
            (one, two) = (Linear(encoder.OutputChannels, 1), Linear(encoder.OutputChannels, 2));
            RegisterComponents();
        }

        public override Tensor[] forward(Tensor images)
        {
            var features = encoder.forward(images).mean([2, 3]);
            return [one.forward(features), two.forward(features)];
        }
    }

    /// <summary>Takes two tensors: no golden sample can be made of it.</summary>
    private sealed class TwoInputs : Module<Tensor, Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> encoder = Linear(4, 4);

        public TwoInputs() : base(nameof(TwoInputs)) => RegisterComponents();

        public override Tensor forward(Tensor a, Tensor b) => encoder.forward(a).mul(b);
    }

    private static CheckpointDraft Draft(Module module, Func<Module>? create) => Drafts.Of(module) with
    {
        Name = "own-net.phantom",
        Create = create,
        Config = Drafts.Of(module).Config with { Task = CheckpointTask.Custom, Model = Spec, Classes = [] },
    };

    [Fact]
    public void Its_lineage_goes_through_it_and_its_backbone_comes_back_bit_for_bit()
    {
        manual_seed(5);
        using var first = Drafts.Of(Drafts.Model(seed: 1)).Save(_hub.Path);
        var own = new OwnNet();
        var receipt = WarmStart.Apply(own, Spec, WeightSource.Of(first));
        WarmStart.RequireCoverage(receipt, 1);
        Assert.Equal([new PrefixRule("features.", "encoder.")], receipt.Rules);
        Assert.True(WarmStart.Probe(receipt, first, own, Spec).Probe!.BitIdentical);
        Assert.Contains("encoder.denseblock1", receipt.Modules.Select(m => m.Module));

        using var saved = (
            Draft(own, () => new OwnNet()) with
            {
                Receipt = receipt,
                Parents = CheckpointParents.WarmStartedFrom(first),
            }
        ).Save(_hub.Path);
        Assert.Equal(["output0", "output1"], saved.Golden!.Outputs.Select(o => o.Name));
        Assert.Equal([1, 1, 96, 64], saved.Golden.InputShape);
        Assert.Equal([first.Digest], saved.Parents.Checkpoints.Select(c => c.Digest));
        Assert.Contains(saved.Parents.Inherited, a => a.Name == "densenet-mini.first");
        Assert.Contains(
            "its maker's own",
            File.ReadAllText(Path.Combine(saved.Path, "README.md")),
            StringComparison.Ordinal);

        var again = Drafts.Model(outputs: 4, seed: 9);
        var back = WarmStart.Apply(again, "densenet-mini", WeightSource.Of(saved));
        WarmStart.RequireCoverage(back, 1);
        Assert.Equal([new PrefixRule("encoder.", "features.")], back.Rules);
        Assert.Equal(first.Weights.Read("features.norm5.weight"), again.state_dict()["features.norm5.weight"]);
        var diff = CheckpointDiff.Between(WeightSource.Of(first), WeightSource.Of(saved));
        Assert.All(diff.Tensors, t => Assert.Equal(0, t.NormOfChange));
        Assert.NotEmpty(diff.Tensors);
    }

    [Fact]
    public void It_is_loaded_into_a_module_that_the_user_builds_in_the_mode_that_it_has()
    {
        var own = new OwnNet();
        using var saved = (Draft(own, () => new OwnNet()) with { MatricesAs = ScalarType.Float32 }).Save(_hub.Path);
        var built = new OwnNet();
        built.train();
        using (Checkpoint.Load(saved.Path, built))
            Assert.All(own.state_dict(), s => Assert.Equal(s.Value, built.state_dict()[s.Key]));
        Assert.True(built.training);
        saved.LoadInto(built);

        var error = Assert.Throws<MarrowException>(() => saved.BuildModel());
        Assert.Contains("'own-net', a module of its maker's own", error.Message, StringComparison.Ordinal);
        Assert.Contains("LoadInto", error.Message, StringComparison.Ordinal);
        Assert.Equal(error.Message, Assert.Throws<MarrowException>(() => saved.BuildTask()).Message);
        Assert.Throws<MarrowException>(() => Checkpoint.Load(saved.Path, Drafts.Model()));
        Assert.Throws<MarrowException>(() => saved.LoadInto(Drafts.Model()));
    }

    [Fact]
    public void A_module_that_computes_something_else_fails_the_golden_sample()
    {
        using var saved = Draft(new OwnNet(), () => new OwnNet()).Save(_hub.Path);
        var other = new Slipped();
        Assert.Contains(
            "as value",
            Assert.Throws<MarrowException>(() => saved.LoadInto(other)).Message,
            StringComparison.Ordinal);
        saved.LoadInto(other, verifyGolden: false);
        Assert.Contains(
            "as value",
            Assert.Throws<MarrowException>(() => Checkpoint.Load(saved.Path, other)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>The same keys and shapes, another sign.</summary>
    private sealed class Slipped : Module<Tensor, Tensor[]>
    {
        private readonly Backbone encoder = BackboneCatalogue.Create("densenet-mini", 1);
        private readonly Module<Tensor, Tensor> one, two;

        public Slipped() : base(nameof(Slipped))
        {
            (one, two) = (Linear(encoder.OutputChannels, 1), Linear(encoder.OutputChannels, 2));
            RegisterComponents();
        }

        public override Tensor[] forward(Tensor images)
        {
            var features = encoder.forward(images).neg().mean([2, 3]);
            return [one.forward(features), two.forward(features)];
        }
    }

    [Fact]
    public void A_module_of_other_inputs_is_saved_without_a_golden_sample()
    {
        using var saved = Draft(new TwoInputs(), () => new TwoInputs()).Save(_hub.Path);
        Assert.Null(saved.Golden);
        using var loaded = Checkpoint.Load(saved.Path, new TwoInputs());
    }

    /// <summary>It was trained by an <see cref="OwnTask"/> that this process has not added.</summary>
    [Fact]
    public void A_checkpoint_of_a_task_that_another_process_added_is_a_module_of_its_makers_own()
    {
        var draft = Draft(new OwnNet(), () => new OwnNet());
        using var saved = (draft with { Config = draft.Config with { Task = "somebody-elses" } }).Save(_hub.Path);
        Assert.True(saved.Config.IsOwnModule);
        Assert.True(new LocalHub(_hub.Path).Verify().IsWhole);
        Assert.Contains(
            "a module of its maker's own",
            Assert.Throws<MarrowException>(() => saved.BuildModel()).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "found the task somebody-elses, a module of its maker's own",
            Assert.Throws<MarrowException>(() =>
                EvaluationSamples.Select(saved, "films", _hub.Path, EvaluationSplit.All, "csv")).Message,
            StringComparison.Ordinal);
        using var loaded = Checkpoint.Load(saved.Path, new OwnNet());
        using var backbone = Drafts.Model(seed: 3);
        Assert.Equal(
            1, WarmStart.Apply(backbone, Drafts.Of(backbone).Config.Model, WeightSource.Of(saved)).BackboneCoverage);
    }

    [Fact]
    public void A_damaged_file_is_named_also_when_it_is_loaded_while_it_is_verified()
    {
        using var saved = Draft(new OwnNet(), () => new OwnNet()).Save(_hub.Path);
        var weights = Path.Combine(saved.Path, "model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        foreach (var at in new[] { 0, 9, bytes.Length / 2, bytes.Length - 1 })
        {
            var damaged = bytes.ToArray();
            damaged[at] ^= 4;
            File.WriteAllBytes(weights, damaged);
            Assert.Contains(
                "SHA-256",
                Assert.Throws<MarrowException>(() => Checkpoint.Load(saved.Path, new OwnNet())).Message,
                StringComparison.Ordinal);
            Assert.Contains(
                "SHA-256",
                Assert.Throws<MarrowException>(() => Checkpoint.Load(saved.Path)).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_neither_of_the_catalogue_nor_told_to_be_ones_own_is_refused()
    {
        var draft = Draft(new OwnNet(), () => new OwnNet());
        Refused("Create, which builds the module", draft with { Create = null });
        Refused(
            "a backbonePrefix for the task custom",
            draft with
            {
                Config = draft.Config with { Task = CheckpointTask.Classify },
            }
        );
        Refused(
            "a backbonePrefix for the task custom",
            draft with
            {
                Config = draft.Config with { Model = Spec with { BackbonePrefix = null } },
            }
        );
        Refused(
            "a name of its own",
            draft with
            {
                Config = draft.Config with { Model = Spec with { Architecture = "densenet121" } },
            }
        );
        Refused(
            "a name of its own",
            draft with
            {
                Config = draft.Config with { Model = Spec with { Architecture = "../own" } },
            }
        );
        Refused(
            "ends with a dot",
            draft with
            {
                Config = draft.Config with { Model = Spec with { BackbonePrefix = "encoder" } },
            }
        );
        Refused("an input shape [N, 1, H, W]", draft with { GoldenShape = [1, 1, 5000, 64] });
        Refused("Create, which builds the module", Drafts.Of(Drafts.Model()) with { Create = () => Drafts.Model() });
        Assert.Empty(Directory.GetFiles(_hub.Path, "*", SearchOption.AllDirectories));

        Assert.Contains(
            "BackbonePrefix",
            Assert
                .Throws<MarrowException>(() =>
                    WarmStart.Apply(
                        new OwnNet(),
                        new ModelSpec { Architecture = "densnet121" },
                        WeightSource.Of("s", new Dictionary<string, Tensor>())))
                .Message);
        var misspelt = Assert.Throws<MarrowException>(() =>
            WarmStart.Apply(
                new OwnNet(),
                Spec with
                {
                    BackbonePrefix = "encodr.",
                },
                WeightSource.Of("s", new Dictionary<string, Tensor>())));
        Assert.Contains("begin with 'encodr.', found encoder., one., two.", misspelt.Message, StringComparison.Ordinal);

        void Refused(string why, CheckpointDraft wrong) =>
            Assert.Contains(
                why,
                Assert.Throws<MarrowException>(() => wrong.Save(_hub.Path)).Message,
                StringComparison.Ordinal);
    }
}
