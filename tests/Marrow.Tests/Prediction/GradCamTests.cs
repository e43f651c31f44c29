using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Phantoms;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Tasks.Own;
using static TorchSharp.torch;

namespace Marrow.Tests.Prediction;

/// <summary>Heat on a last map, held against what it is by definition, and where it lies on the film.</summary>
public class GradCamTests
{
    private static readonly string[] Names = ["a", "b"];

    private static readonly InputContract Square = new() { Width = 96, Height = 96 };

    /// <summary>A model with random weights, in evaluation mode, and with statistics of norms that differ.</summary>
    private static TaskModel Task(string task, string architecture, InputContract input)
    {
        var data = new Dataset(name: "made-up", format: "csv", root: "", samples: [])
        {
            Classes = Names,
            NumberNames = Names,
        };
        var made = TaskCatalogue.Create(task, new(architecture), input, data);
        using var noGrad = no_grad();
        foreach (var (name, buffer) in made.Model.named_buffers())
        {
            if (name.EndsWith("running_var", StringComparison.Ordinal))
                buffer.uniform_(0.5, 2);
            else if (name.EndsWith("running_mean", StringComparison.Ordinal))
                buffer.uniform_(-0.3, 0.3);
        }
        made.Model.eval();
        return made;
    }

    /// <summary>
    /// A classifier whose last weights are all positive: each channel adds to the heat, so that some place is hot and
    /// no sum is a small difference of large numbers, whatever weights were drawn.
    /// </summary>
    private static TaskModel Adding(string backbone, InputContract input)
    {
        var task = Task(CheckpointTask.Classify, backbone, input);
        using var noGrad = no_grad();
        task.Model.state_dict()["classifier.weight"].abs_();
        return task;
    }

    private static Radiograph Film(int width, int height)
    {
        var chest = PhantomGenerator.Chest(3, 1, options: new() { Width = width, Height = height });
        return new(width, height, [.. chest.Pixels.Select(p => (ushort)p)], 8, "phantom");
    }

    private static Tensor Image(Radiograph film, InputContract input) =>
        Preprocessor.ToTensor([Preprocessor.Prepare(film, input)], input);

    private static double[] Map(IExplainedTask task, Tensor image)
    {
        using var noGrad = no_grad();
        using var map = task.Features.forward(image);
        return [.. map.Values<float>().Select(v => (double)v)];
    }

    [Theory]
    [InlineData("densenet-mini")]
    [InlineData("resnet18")]
    public void Behind_a_mean_and_a_linear_layer_heat_is_the_sum_of_the_maps_times_its_weights(string backbone)
    {
        using var scope = NewDisposeScope();
        using var task = Task(CheckpointTask.Classify, backbone, Square);
        var image = Image(Film(120, 100), Square);
        var weights = task.Model.state_dict()["classifier.weight"].Values<float>();
        var map = Map((IExplainedTask)task, image);
        const int cells = 9; // 96 px by 32
        var channels = map.Length / cells;
        using var cam = new GradCam((IExplainedTask)task, image, Compute.Float32);
        for (var output = 0; output < Names.Length; output++)
        {
            double[] sums = [.. Enumerable.Range(0, cells).Select(cell => Enumerable.Range(0, channels)
                .Sum(c => weights[output * channels + c] / cells * map[c * cells + cell]))];
            var tolerance = 1e-3 * sums.Max(Math.Abs); // float32 has 7 digits, of which the sums cancel some
            Assert.All(sums.Zip(cam.Heat(output)), pair =>
                Assert.Equal(Math.Max(0, pair.First), pair.Second, tolerance));
        }
    }

    [Theory]
    [InlineData(CheckpointTask.Classify, "densenet-mini")]
    [InlineData(CheckpointTask.Regress, "regress-resnet18")]
    [InlineData(CheckpointTask.RegressCobb, "cobb-densenet-mini")]
    public void Weights_of_channels_are_what_small_changes_of_them_do_to_the_answer(string name, string architecture)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var task = Task(name, architecture, Square);
        // So far from their kinks the ReLUs of a head change nothing, and what is left is smooth.
        foreach (var (key, parameter) in task.Model.named_parameters())
        {
            if (key is "norm.bias" or "hidden.bias")
                parameter.fill_(Scalars.Of(10.0));
        }
        var explained = (IExplainedTask)task;
        var image = Image(Film(120, 100), Square);
        using var cam = new GradCam(explained, image, Compute.Float32);
        var heat = cam.Heat(1);

        var map = explained.Features.forward(image);
        var (channels, cells) = ((int)map.shape[1], 9);
        const float step = 1e-2f;
        var sums = new double[cells];
        for (var c = 0; c < channels; c++)
        {
            var change = zeros_like(map);
            change.select(1, c).fill_(Scalars.Of(step));
            var slope = (Answer(map.Plus(change)) - Answer(map.Plus(change.neg()))) / (2 * step) / cells;
            var plane = map.select(1, c).Values<float>();
            for (var cell = 0; cell < cells; cell++)
                sums[cell] += slope * plane[cell];
        }
        var tolerance = 0.02 * sums.Max(Math.Abs); // float32 keeps 4 digits of such differences
        Assert.All(sums.Zip(heat), pair => Assert.Equal(Math.Max(0, pair.First), pair.Second, tolerance));

        double Answer(Tensor changed) => explained.Answer(changed, 1).Value<float>();
    }

    [Fact]
    public void The_kernels_of_bfloat16_maps_give_the_heat_of_the_plain_modules()
    {
        if (!Autocast.IsAvailable)
            Assert.Skip("This libtorch has no autocast.");
        using var scope = NewDisposeScope();
        using var task = Adding("densenet-mini", Square);
        var image = Image(Film(120, 100), Square);
        IReadOnlyList<double> plain;
        using (var cam = new GradCam((IExplainedTask)task, image, Compute.Float32))
            plain = cam.Heat(0);
        var compute = new Compute(BFloat16: true, ChannelsLast: true);
        compute.ArrangeForInference(task.Model);
        using var fused = new GradCam((IExplainedTask)task, compute.Arrange(image), compute);
        // bfloat16 keeps 8 bits of each number, and the map is some twenty layers deep.
        var tolerance = 0.05 * plain.Max();
        Assert.All(plain.Zip(fused.Heat(0)), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    [Theory]
    // Padded steps of two are the same from both ends where sides are odd: all sides of ResNet's maps, and those of
    // DenseNet's stem, behind which cells are averaged by pairs.
    [InlineData("resnet18", 97)]
    [InlineData("densenet-mini", 93)]
    public void A_mirrored_model_has_the_mirrored_heat_on_a_mirrored_film(string backbone, int side)
    {
        using var scope = NewDisposeScope();
        var input = new InputContract { Width = side, Height = side };
        using var task = Adding(backbone, input);
        var film = Film(side, side + 20);
        var mirrored = new Radiograph(film.Width, film.Height, Turned(film.Pixels, film.Width), 8, "mirrored");

        var before = Explain(film);
        using (no_grad())
        {
            foreach (var (_, weight) in task.Model.named_parameters())
            {
                if (weight.dim() == 4)
                    weight.copy_(weight.flip(3));
            }
        }
        var behind = Explain(mirrored);
        Assert.Equal(film.Width - before.Peak!.Value.X, behind.Peak!.Value.X, 1e-6);
        Assert.Equal(before.Peak.Value.Y, behind.Peak.Value.Y, 1e-6);
        Assert.All(
            Turned(before.HeatPixels(), film.Width).Zip(behind.HeatPixels()),
            pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1));

        Explanation Explain(Radiograph shown)
        {
            var explainer = new Explainer("made-up", task, task.Describe().Outputs, Compute.Float32);
            var packed = Preprocessor.Prepare(shown, input);
            using var image = Preprocessor.ToTensor([packed], input);
            var answers = new ClassesPart("a", [new("a", "probability", 0.6), new("b", "probability", 0.4)]);
            return explainer.Explain(image, packed.ToInput, shown, answers, []).Explanations.Single();
        }
    }

    [Fact]
    public void A_task_of_ones_own_is_explained_by_the_output_of_the_columns_place_or_by_what_it_says()
    {
        using var scope = NewDisposeScope();
        using var map = ones([1, 64, 3, 3], device: CPU);
        Assert.Equal(0, Answer(new Headed(outputs: 2), column: 0), 1e-6);
        Assert.Equal(1, Answer(new Headed(outputs: 2), column: 1), 1e-6);
        Assert.Equal(0 + 1 + 2, Answer(new Summed(), column: 0), 1e-6);
        var error = Assert.Throws<MarrowException>(() => Answer(new Headed(outputs: 3), column: 0));
        Assert.Contains("3 outputs for 2 columns", error.Message, StringComparison.Ordinal);
        Assert.Contains("OwnTask.Explained", error.Message, StringComparison.Ordinal);

        double Answer(OwnTask own, int column)
        {
            var data = new Dataset(name: "made-up", format: "csv", root: "", samples: []) { NumberNames = Names };
            var descriptor = new OwnDescriptor(own);
            var spec = new ModelSpec { Architecture = "headed-plain", Channels = 1, Outputs = Names.Length };
            using var task = descriptor.Create(
                descriptor.Build(BackboneCatalogue.Create("densenet-mini", 1), spec),
                spec,
                Square,
                descriptor.LayoutOf(data),
                null);
            return ((IExplainedTask)task).Answer(map, column).Value<float>();
        }
    }

    /// <summary>A head that gives 0, 1, 2 and so on for any map.</summary>
    private class Headed(int outputs) : OwnTask("headed", "trying", "None.")
    {
        protected internal override nn.Module<Tensor, Tensor> CreateHead(int channels, int columns) =>
            new Counter(outputs);

        protected internal override Tensor Loss(Tensor output, IReadOnlyList<OwnSample> samples) => output.sum();

        protected internal override IReadOnlyList<double> Decode(IReadOnlyList<float> output) => [output[0], output[1]];
    }

    private sealed class Summed() : Headed(outputs: 3)
    {
        protected internal override Tensor Explained(Tensor output, int column) => output.sum();
    }

    private sealed class Counter(int outputs) : nn.Module<Tensor, Tensor>(nameof(Counter))
    {
        public override Tensor forward(Tensor map) => arange(outputs, float32, CPU).unsqueeze(0);
    }

    private static T[] Turned<T>(T[] pixels, int width) => [.. pixels.Chunk(width).SelectMany(row => row.Reverse())];
}
