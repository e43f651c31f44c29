using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Computing;
using Marrow.Tasks;
using Marrow.Tasks.Multitask;
using Marrow.Training.Loop;
using Marrow.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks.Multitask;

public class MultitaskNetTests
{
    private static ModelSpec Spec(params (string Name, ModelSpec Model)[] parts) => new()
    {
        Architecture = "multi-densenet-mini",
        Outputs = parts.Sum(part => part.Model.Outputs),
        Parts = [.. parts.Select(part => new PartSpec(part.Name, part.Model))],
    };

    private static ModelSpec Three() => Spec(
        ("chest", new() { Architecture = "densenet-mini", Outputs = 3 }),
        ("head", new() { Architecture = "points-densenet-mini", Outputs = 2 }),
        ("spine", new()
        {
            Architecture = "detect-densenet-mini",
            Detector = new() { Corners = 0, AnchorSizes = [16] },
        }));

    [Fact]
    public void The_backbone_is_there_once_and_each_part_has_the_rest_under_its_name()
    {
        using var model = (MultitaskNet)ModelCatalogue.Create(Three());
        using var alone = ModelCatalogue.Create(new() { Architecture = "densenet-mini", Outputs = 3 });
        var keys = model.state_dict().Keys.ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
        Assert.Equal(
            alone.state_dict().Keys.Where(key => key.StartsWith("features.", StringComparison.Ordinal)),
            keys.Where(key => key.StartsWith("features.", StringComparison.Ordinal)));
        Assert.All(
            keys.Where(key => !key.StartsWith("features.", StringComparison.Ordinal)),
            key => Assert.Matches(@"^parts\.(chest|head|spine)\.", key));
        Assert.DoesNotContain(keys, key => key.Contains(".features.", StringComparison.Ordinal));
        Assert.DoesNotContain(keys, key => key.Contains(".body.", StringComparison.Ordinal));
        var parameters = model.named_parameters().Select(p => p.parameter.Handle).ToList();
        Assert.Equal(parameters.Count, parameters.Distinct().Count());
        Assert.Equal(
            model.state_dict().Values.Sum(t => t.NumberOfElements),
            model.state_dict().Values.DistinctBy(t => t.Handle).Sum(t => t.NumberOfElements));
    }

    [Fact]
    public void All_parts_see_the_one_backbone_wherever_it_is_brought_and_however_it_is_set()
    {
        using var scope = NewDisposeScope();
        var model = (MultitaskNet)ModelCatalogue.Create(Three());
        model.eval();
        Assert.All(model.modules(), module => Assert.False(module.training));
        var images = randn([1, 1, 64, 64], device: CPU);
        var before = Answers();
        using (no_grad())
        {
            foreach (var (name, parameter) in model.named_parameters())
            {
                if (name.StartsWith("features.", StringComparison.Ordinal))
                    parameter.zero_();
            }
        }
        Assert.All(before.Zip(Answers()), pair => Assert.NotEqual(pair.First, pair.Second));
        model.to(META);
        Assert.All(model.state_dict().Values, tensor => Assert.Equal(DeviceType.META, tensor.device_type));
        model.Dispose();
        model.Dispose();

        List<float> Answers() =>
            [.. ModelOutputs.Of(model, images).Select(output => output.Value.abs().sum().Value<float>())];
    }

    [Fact]
    public void The_gradients_of_the_backbone_are_the_weighted_sum_of_those_of_the_parts()
    {
        using var scope = NewDisposeScope();
        using var bench = new TaskBench();
        using var task = Bench(bench);
        task.Model.eval(); // so that no statistics move between the passes
        double[] weights = [1, 0.25, 3];
        using var further = bench.Loader();
        using var third = bench.Loader();
        using var first = bench.Loader();
        var loaders = new[] { first, further, third };
        JointPart[] parts =
        [
            .. task.Parts.Select((part, i) => new JointPart(part, weights[i], TaskBench.Images, loaders[i], null)),
        ];
        using var method = new JointTraining(task, Compute.Float32, parts, accumulate: 1);

        var sums = new Dictionary<string, Tensor>();
        foreach (var (part, weight) in task.Parts.Zip(weights))
        {
            using var loader = bench.Loader();
            using var batch = loader.Next();
            manual_seed(5); // of what is hidden
            var loss = Sum(part.Task.Loss(batch.Images, batch, Compute.Float32));
            foreach (var (name, gradient) in Gradients(loss * Scalars.Of(weight)))
                sums[name] = sums.TryGetValue(name, out var before) ? before.Plus(gradient) : gradient;
        }

        Clear();
        var place = new StepPlace(0, 1);
        using (var batch = first.Next())
        {
            manual_seed(5);
            Backward(method.Labelled(batch.Images, batch, place));
        }
        for (var i = 0; i < method.FurtherBatches(place); i++)
        {
            manual_seed(5);
            Backward(method.Further(place, []));
        }
        Assert.Equal(2, method.FurtherBatches(place));
        Assert.Equal(3 * TaskBench.Images, method.ImagesOf(place, TaskBench.Images));
        var shared = 0;
        foreach (var (name, parameter) in task.Model.named_parameters())
        {
            var expected = sums.GetValueOrDefault(name);
            Assert.Equal(expected is null, parameter.grad is null);
            if (expected is null)
                continue;
            Assert.True(allclose(parameter.grad!, expected, 1e-4, 1e-6), name);
            shared += name.StartsWith("features.", StringComparison.Ordinal) ? 1 : 0;
        }
        Assert.InRange(shared, 10, int.MaxValue);

        Dictionary<string, Tensor> Gradients(Tensor loss)
        {
            Clear();
            loss.backward();
            return task.Model.named_parameters()
                .Where(p => p.parameter.grad is not null)
                .ToDictionary(p => p.name, p => p.parameter.grad!.clone());
        }

        void Clear()
        {
            foreach (var (_, parameter) in task.Model.named_parameters())
                parameter.grad = null;
        }

        static void Backward(IReadOnlyList<(string Name, Tensor Value)> losses) => Sum(losses).backward();

        static Tensor Sum(IReadOnlyList<(string Name, Tensor Value)> losses) =>
            losses.Select(l => l.Value).Aggregate((a, b) => a.Plus(b));
    }

    [Fact]
    public void Losses_and_metrics_have_the_names_of_their_parts()
    {
        using var scope = NewDisposeScope();
        using var bench = new TaskBench();
        using var task = Bench(bench);
        task.Model.eval();
        using var noGrad = no_grad();
        using var loader = bench.Loader();
        using var batch = loader.Next();
        Assert.Equal(["a.class"], task.Loss(batch.Images, batch, Compute.Float32).Select(l => l.Name));
        Assert.Contains(
            task.Parts[1].Measure(loader, Compute.Float32, new() { Resamples = 0 }), m => m.Name == "b.point-error");
    }

    [Fact]
    public void The_optimizer_freezing_and_the_average_see_the_backbone_once()
    {
        using var scope = NewDisposeScope();
        using var bench = new TaskBench();
        using var task = Bench(bench);
        var plan = new FreezePlan(task.Spec, new() { Freeze = Marrow.Training.Recipes.TrainOptions.WholeBackbone });
        var groups = plan.Groups(task.Model);
        var grouped = groups.SelectMany(group => group.Parameters.Select(p => p.Name)).ToList();
        Assert.Equal(task.Model.named_parameters().Select(p => p.name).Order(), grouped.Order());
        Assert.Equal(
            ["head", "head.noDecay"],
            groups.Where(group => group.Parameters.Any(p => IsOfAPart(p.Name))).Select(group => group.Name).Order());
        plan.Apply(task.Model, plan.FrozenStages(0, 10));
        Assert.All(
            task.Model.named_parameters(), p => Assert.Equal(IsOfAPart(p.name), p.parameter.requires_grad));
        using var average = new MovingAverage(task.Model, 0.9);
        var averaged = average.State().Select(s => s.Name).ToList();
        Assert.Equal(averaged.Count, averaged.Distinct().Count());

        static bool IsOfAPart(string key) => key.StartsWith(MultitaskNet.PartsPrefix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_warm_start_between_models_of_several_tasks_leaves_parts_that_mean_something_else_at_random()
    {
        using var bench = new TaskBench();
        using var task = Bench(bench);
        var source = task.Describe();
        Assert.Equal(TransferScope.All, WarmStartOptions.Between(source, source).Scope);
        Assert.Empty(WarmStartOptions.Between(source, source).LeaveRandom);
        var other = source with { Parts = [source.Parts![0], source.Parts[1] with { Classes = ["x"] }] };
        Assert.Equal(["parts.b."], WarmStartOptions.Between(source, other).LeaveRandom);
    }

    [Fact]
    public void A_second_instance_of_a_task_has_the_same_parts()
    {
        using var bench = new TaskBench();
        using var task = Bench(bench);
        using var twin = (MultitaskTask)TaskCatalogue.Twin(task);
        Assert.Equal(task.Parts.Select(p => (p.Name, p.Task.Name)), twin.Parts.Select(p => (p.Name, p.Task.Name)));
        Assert.Equal(Parameters.Count(task.Model), Parameters.Count(twin.Model));
        Assert.Equal(["a.a", "a.b", "a.c", "a.d", "b.a"], task.Describe().Outputs.Take(5).Select(o => o.Name));
    }

    private static MultitaskTask Bench(TaskBench bench) => bench.CreateParts("classify", "points", "pretrain");
}
