using Marrow.Checkpoints.Transfer;
using Marrow.Hub;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Checkpoints;

public sealed class WarmStartTests : IDisposable
{
    private const string Mini = "densenet-mini";
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private static Dictionary<string, torch.Tensor> Weights(Module model, Func<string, string>? rename = null) =>
        model.state_dict().ToDictionary(s => rename?.Invoke(s.Key) ?? s.Key, s => s.Value);

    private static Dictionary<string, torch.Tensor> Clone(Module model) =>
        model.state_dict().ToDictionary(s => s.Key, s => s.Value.clone());

    [Fact]
    public void A_backbone_is_copied_whole_and_the_head_stays_random_though_it_would_fit()
    {
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(seed: 2);
        var before = Clone(target);
        var receipt = WarmStart.Apply(target, Mini, WeightSource.Of("source", Weights(source), Mini));

        Assert.Equal(1, receipt.BackboneCoverage);
        var state = target.state_dict();
        Assert.Equal(state.Keys, receipt.Tensors.Select(t => t.Key));
        Assert.All(receipt.Tensors, t =>
        {
            var backbone = t.Key.StartsWith("features.", StringComparison.Ordinal);
            Assert.Equal(backbone ? TransferStatus.Copied : TransferStatus.Random, t.Status);
            Assert.Equal(backbone ? source.state_dict()[t.Key] : before[t.Key], state[t.Key]);
        });
        Assert.Equal(["classifier.weight", "classifier.bias"], receipt.UnusedSourceKeys);
        Assert.Equal("not in the backbone", receipt.Tensors.Single(t => t.Key == "classifier.bias").Reason);
    }

    [Fact]
    public void The_whole_model_is_copied_when_asked_for()
    {
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(seed: 2);
        var receipt = WarmStart.Apply(
            target,
            Mini,
            WeightSource.Of("source", Weights(source), Mini),
            new() { Scope = TransferScope.All }
        );
        Assert.All(target.state_dict(), s => Assert.Equal(source.state_dict()[s.Key], s.Value));
        Assert.Equal(receipt.Total.Elements, receipt.Total.ElementsFromSource);
    }

    [Fact]
    public void The_head_is_taken_over_only_between_equal_tasks_with_equal_classes()
    {
        using var model = Drafts.Model();
        var config = Drafts.Of(model).Config;
        Assert.Equal(TransferScope.All, WarmStartOptions.Between(config, config with { MarrowVersion = "9" }).Scope);
        Assert.Equal(
            TransferScope.Backbone,
            WarmStartOptions.Between(config, config with { Classes = ["Edema", "Effusion"] }).Scope);
        Assert.Equal(
            TransferScope.Backbone,
            WarmStartOptions.Between(config, config with { Task = CheckpointTask.RegressCobb }).Scope);
    }

    [Fact]
    public void Totals_count_every_tensor_and_element_once()
    {
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(outputs: 5, seed: 2);
        var receipt = WarmStart.Apply(target, Mini, WeightSource.Of("source", Weights(source), Mini));

        var state = target.state_dict();
        Assert.Equal(state.Values.Sum(t => t.NumberOfElements), receipt.Total.Elements);
        Assert.Equal(
            state.Count,
            receipt.Total.Copied + receipt.Total.Adapted + receipt.Total.Remapped + receipt.Total.Random);
        Assert.Equal(receipt.Total.Elements, receipt.Modules.Sum(m => m.Elements));
        Assert.Equal(receipt.Total.ElementsFromSource, receipt.Modules.Sum(m => m.ElementsFromSource));
        Assert.Equal(
            [
                "features.conv0",
                "features.norm0",
                "features.denseblock1",
                "features.transition1",
                "features.denseblock2",
                "features.transition2",
                "features.denseblock3", "features.transition3", "features.denseblock4", "features.norm5", "classifier"],
            receipt.Modules.Select(m => m.Module));
        Assert.Equal(receipt.Modules.Count + 1, receipt.Table().Count);
        Assert.Equal(
            target.named_parameters().Select(p => p.name),
            receipt.Tensors.Where(t => t.IsParameter).Select(t => t.Key).Order(Position(target)));
    }

    // named_parameters and state_dict list the same keys in different orders.
    private static Comparer<string> Position(Module model)
    {
        var positions = model.named_parameters().Select((p, i) => (p.name, i)).ToDictionary(p => p.name, p => p.i);
        return Comparer<string>.Create((a, b) => positions[a].CompareTo(positions[b]));
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("model.densenet121.")]
    [InlineData("backbone.body.")]
    [InlineData("")]
    public void The_place_of_the_backbone_in_a_file_of_unknown_origin_is_found(string prefix)
    {
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(seed: 2);
        var weights = Weights(source, key =>
            key.StartsWith("features.", StringComparison.Ordinal) ? prefix + key["features.".Length..] : "other." + key
        );
        var receipt = WarmStart.Apply(target, Mini, WeightSource.Of("file", weights));
        Assert.Equal(1, receipt.BackboneCoverage);
        Assert.Equal([new PrefixRule(prefix, "features.")], receipt.Rules);
        Assert.All(receipt.Tensors.Where(t => t.InBackbone), t => Assert.Equal(TransferStatus.Remapped, t.Status));
        Assert.Equal(
            source.state_dict()["features.denseblock2.denselayer1.conv1.weight"],
            target.state_dict()["features.denseblock2.denselayer1.conv1.weight"]);
    }

    [Fact]
    public void A_rule_of_the_users_comes_first_and_reaches_the_head()
    {
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(seed: 2);
        var weights = Weights(source, key =>
            key.Replace("features.norm5.", "final.", StringComparison.Ordinal)
                .Replace("classifier.", "fc.", StringComparison.Ordinal));
        var receipt = WarmStart.Apply(target, Mini, WeightSource.Of("file", weights), new()
        {
            Rules = [new("final.", "features.norm5."), new("fc.", "classifier.")],
            LeaveRandom = ["features.conv0."],
        });
        Assert.Equal("final.weight", receipt.Tensors.Single(t => t.Key == "features.norm5.weight").SourceKey);
        Assert.Equal(TransferStatus.Remapped, receipt.Tensors.Single(t => t.Key == "classifier.weight").Status);
        Assert.Equal("left random as asked", receipt.Tensors.Single(t => t.Key == "features.conv0.weight").Reason);
        Assert.Equal(source.state_dict()["classifier.weight"], target.state_dict()["classifier.weight"]);
    }

    [Fact]
    public void Layers_under_foreign_names_are_matched_by_the_order_of_their_shapes_when_asked()
    {
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(seed: 2);
        var position = 0;
        var weights = Weights(source, key => $"net.l{position++}.{key.Split('.')[^1]}");
        Assert.Equal(0, WarmStart.Apply(target, Mini, WeightSource.Of("file", weights)).BackboneCoverage);

        var receipt = WarmStart.Apply(target, Mini, WeightSource.Of("file", weights), new() { MatchByShape = true });
        Assert.Equal(1, receipt.BackboneCoverage);
        Assert.All(target.state_dict().Where(s => s.Key.StartsWith("features.", StringComparison.Ordinal)), s =>
            Assert.Equal(source.state_dict()[s.Key], s.Value));
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(1, 3)]
    [InlineData(3, 4)]
    [InlineData(4, 2)]
    public void The_first_convolution_is_fitted_so_that_grey_images_give_the_same_activations(int from, int to)
    {
        using var source = Drafts.Model(channels: from, seed: 1);
        using var target = Drafts.Model(channels: to, seed: 2);
        var receipt = WarmStart.Apply(target, Mini, WeightSource.Of("source", Weights(source), Mini));

        var adapted = Assert.Single(receipt.Tensors, t => t.Status == TransferStatus.Adapted);
        Assert.Equal("features.conv0.weight", adapted.Key);
        Assert.Equal($"{from} -> {to} input channels", adapted.Reason);
        Assert.Equal(1, receipt.BackboneCoverage);

        source.eval();
        target.eval();
        var (first, second) = (((Classifier)source).Features, ((Classifier)target).Features);
        var probe = BackboneProbe.Run(first.forward, from, second.forward, to, seed: 7);
        Assert.True(probe.Holds, $"{probe.MaxAbsDifference}");
        Assert.True(probe.MaxAbsActivation > 0);
    }

    [Fact]
    public void Three_channels_are_summed_into_one_and_one_is_divided_among_three()
    {
        var weights = torch.arange(6, dtype: torch.ScalarType.Float32).view(1, 3, 1, 2); // [[0,1],[2,3],[4,5]]
        Assert.Equal([6f, 9f], WarmStart.AdaptChannels(weights, 1).data<float>().ToArray());
        Assert.Equal(
            [2f, 3f, 2f, 3f, 2f, 3f],
            WarmStart.AdaptChannels(torch.tensor(new[] { 6f, 9f }, [1, 1, 1, 2]), 3).data<float>().ToArray());
    }

    [Fact]
    public void Another_shape_stays_random_even_where_it_could_be_broadcast()
    {
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(seed: 2);
        var weights = Weights(source);
        weights["features.norm0.weight"] = torch.full([1], 42f);
        var before = target.state_dict()["features.norm0.weight"].clone();
        var receipt = WarmStart.Apply(target, Mini, WeightSource.Of("source", weights, Mini));
        var norm = receipt.Tensors.Single(t => t.Key == "features.norm0.weight");
        Assert.Equal((TransferStatus.Random, "another shape"), (norm.Status, norm.Reason));
        Assert.Equal(before, target.state_dict()["features.norm0.weight"]);
        Assert.True(receipt.BackboneCoverage is < 1 and > 0.99);
    }

    [Fact]
    public void Too_little_coverage_names_the_keys_that_did_not_match_and_the_nearest_that_exist()
    {
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(seed: 2);
        var weights = Weights(source, key => key.Replace("denselayer", "layer_", StringComparison.Ordinal));
        weights["features.norm5.weight"] = torch.zeros(3);
        var receipt = WarmStart.Apply(target, Mini, WeightSource.Of("chest", weights, Mini));
        var error = Assert.Throws<MarrowException>(() => WarmStart.RequireCoverage(receipt, 0.9));

        Assert.Matches(
            @"^chest: expected at least 90 % of the backbone's parameters of densenet-mini, found \d+(\.\d)? %",
            error.Message);
        Assert.Contains(
            "features.denseblock1.denselayer1.norm1.weight [32]: no such key; the nearest in the source: "
                + "features.denseblock1.layer_1.norm1.weight",
            error.Message,
            StringComparison.Ordinal);
        Assert.Matches(@"and \d+ more$", error.Message);
        WarmStart.RequireCoverage(receipt, 0.01);

        var missed = receipt
            .Tensors.Where(t => t is { InBackbone: true, IsParameter: true, Status: TransferStatus.Random })
            .Sum(t => t.Elements);
        var all = target
            .named_parameters()
            .Where(p => p.name.StartsWith("features.", StringComparison.Ordinal))
            .Sum(p => p.parameter.NumberOfElements);
        Assert.Equal(1 - (double)missed / all, receipt.BackboneCoverage, 12);
    }

    [Fact]
    public void Weights_that_are_not_finite_are_no_start()
    {
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(seed: 2);
        var weights = Weights(source);
        weights["features.norm5.bias"] = torch.full(weights["features.norm5.bias"].shape, float.PositiveInfinity);
        Assert.Contains(
            "features.norm5.bias",
            Assert
                .Throws<MarrowException>(() => WarmStart.Apply(target, Mini, WeightSource.Of("s", weights, Mini)))
                .Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_in_bf16_warm_starts_a_model_with_bit_identical_activations_and_the_receipt_is_kept()
    {
        using var hub = new TemporaryFolder();
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(outputs: 7, seed: 2);
        target.train();
        using var saved = Drafts.Of(source).Save(hub.Path);
        var receipt = WarmStart.Apply(target, Mini, WeightSource.Of(saved));
        receipt = WarmStart.Probe(receipt, saved, target, new() { Architecture = Mini, Outputs = 7 });

        Assert.True(receipt.Probe!.BitIdentical);
        Assert.True(receipt.Probe is { MaxAbsDifference: 0, MaxAbsActivation: > 0, Activations: > 0 });
        Assert.True(target.training);
        Assert.Equal(saved.Digest, receipt.SourceDigest);

        var draft = Drafts.Of(target, 1, "a", "b", "c", "d", "e", "f", "g") with
        {
            Receipt = receipt,
            Name = "densenet-mini.second",
        };
        using var child = draft.Save(hub.Path);
        Assert.Equal(
            receipt.Tensors.Select(WithoutShapes),
            child.Receipt!.Tensors.Select(WithoutShapes));
        Assert.Equal(receipt.Tensors.Select(t => t.Elements), child.Receipt.Tensors.Select(t => t.Elements));
        AssertJson.Equal(receipt.Total, child.Receipt.Total);
        Assert.True(child.Receipt.Probe!.BitIdentical);
        Assert.Contains(
            "| features.denseblock1 |",
            File.ReadAllText(Path.Combine(child.Path, "README.md")),
            StringComparison.Ordinal);

        static object WithoutShapes(TransferredTensor t) =>
            (t.Key, t.Status, t.IsParameter, t.InBackbone, t.SourceKey, t.Reason);
    }

    [Fact]
    public void A_classifiers_backbone_goes_into_a_detector_and_from_there_into_a_regressor_bit_for_bit()
    {
        using var hub = new TemporaryFolder();
        using var classifier = Drafts.Model(seed: 1);
        using var detector = Drafts.Model(seed: 2, architecture: "retinanet-densenet-mini");
        using var regressor = Drafts.Model(outputs: 3, seed: 3, architecture: "cobb-densenet-mini");
        using var features = Drafts.Of(classifier).Save(hub.Path);

        var receipt = WarmStart.Apply(detector, "retinanet-densenet-mini", WeightSource.Of(features));
        WarmStart.RequireCoverage(receipt, 1);
        Assert.Equal([new PrefixRule("features.", "backbone.body.")], receipt.Rules);
        Assert.Equal(
            features.Weights.Entries.Count(e => e.Name.StartsWith("features.", StringComparison.Ordinal)),
            receipt.Total.Remapped);
        Assert.Equal((0, 0), (receipt.Total.Copied, receipt.Total.Adapted));
        Assert.Contains("head.classification_head", receipt.Modules.Select(m => m.Module));
        var spec = Drafts.Detector(detector).Config.Model;
        Assert.True(WarmStart.Probe(receipt, features, detector, spec).Probe!.BitIdentical);

        using var landmarks = (Drafts.Detector(detector) with { Receipt = receipt }).Save(hub.Path);
        receipt = WarmStart.Apply(regressor, "cobb-densenet-mini", WeightSource.Of(landmarks));
        WarmStart.RequireCoverage(receipt, 1);
        Assert.Equal([new PrefixRule("backbone.body.", "features.")], receipt.Rules);
        Assert.True(
            WarmStart
                .Probe(receipt, landmarks, regressor, new() { Architecture = "cobb-densenet-mini", Outputs = 3 })
                .Probe!.BitIdentical);
        using var stem = features.Weights.Read("features.conv0.weight");
        Assert.Equal(stem.to(torch.ScalarType.Float32), regressor.state_dict()["features.conv0.weight"]);
    }

    [Fact]
    public void The_probe_notices_a_backbone_that_differs()
    {
        using var hub = new TemporaryFolder();
        using var source = Drafts.Model(seed: 1);
        using var target = Drafts.Model(seed: 2);
        using var saved = Drafts.Of(source).Save(hub.Path);
        var receipt = WarmStart.Apply(target, Mini, WeightSource.Of(saved));
        using (torch.no_grad())
            target.state_dict()["features.denseblock3.denselayer2.norm1.running_mean"].add_(0.5);
        var error = Assert.Throws<MarrowException>(() =>
            WarmStart.Probe(receipt, saved, target, new() { Architecture = Mini, Outputs = 2 }));
        Assert.Contains("its activations differ by", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("same", "same", 0)]
    [InlineData("flaw", "lawn", 2)]
    public void Edit_distances_are_Levenshteins(string a, string b, int distance)
    {
        Assert.Equal(distance, NearestNames.Distance(a, b));
        Assert.Equal(distance, NearestNames.Distance(b, a));
    }
}
