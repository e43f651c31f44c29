using Marrow.Cli;
using Marrow.Computing;
using Marrow.Training.Recipes;
using TorchSharp;

namespace Marrow.Tests.Computing;

public class DeviceTests
{
    [Theory]
    [InlineData("auto", null, 0)]
    [InlineData("cpu", DeviceType.CPU, 0)]
    [InlineData("cuda", DeviceType.CUDA, 0)]
    [InlineData("cuda:0", DeviceType.CUDA, 0)]
    [InlineData("cuda:7", DeviceType.CUDA, 7)]
    public void A_device_is_asked_for_by_its_word(string text, DeviceType? type, int index)
    {
        var choice = DeviceChoice.Parse(text);
        Assert.Equal(type is { } kind ? new ComputeDevice(kind, index) : null, choice.Asked);
        Assert.Equal(choice, DeviceChoice.Parse($"{choice}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("CPU")]
    [InlineData("cpu:0")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:1000")]
    [InlineData("cuda:0:1")]
    public void Any_other_word_is_refused_with_those_that_there_are(string text)
    {
        Assert.Contains(
            "expected auto, cpu, cuda or cuda:N",
            Assert.Throws<MarrowException>(() => DeviceChoice.Parse(text)).Message,
            StringComparison.Ordinal);
        using var error = new StringWriter();
        Assert.Equal(
            ExitCode.WrongUsage,
            CommandLine.Run(
                ["predict", "x.png", "--device", text],
                TextWriter.Null,
                error,
                TestContext.Current.CancellationToken));
        Assert.Contains("cuda:N", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_says_where_its_stages_compute_and_a_wrong_word_is_one_of_its_mistakes()
    {
        const string stage = "stages: [{name: a, task: classify, model: densenet-mini, data: {name: x, format: csv}}]";
        Assert.Null(Read("").Device.Asked);
        Assert.Equal("cuda:1", $"{Read("device: cuda:1").Device}");
        Assert.Contains(
            "r.yaml:2:9: device: expected auto, cpu, cuda or cuda:N with a number from 0, found 'tpu'",
            Assert.Throws<MarrowException>(() => Read("device: tpu")).Message,
            StringComparison.Ordinal);

        static Recipe Read(string line) => RecipeReader.Parse($"name: r\n{line}\n{stage}\n", "r.yaml", []);
    }

    [Fact]
    public void Without_a_CUDA_device_auto_is_the_processor_and_computes_as_it_does_when_it_is_named()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "Here is a CUDA device.");
        Assert.Equal(Compute.Choose(device: DeviceChoice.Parse("cpu")), Compute.Choose());
        Assert.True(Compute.Choose().Device.IsCpu);
    }

    [Fact]
    public void CUDA_is_refused_by_a_libtorch_without_it_with_both_ways_to_get_one_that_has_it()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "Here is a CUDA device.");
        var message = Assert.Throws<MarrowException>(() => DeviceChoice.Parse("cuda").Take()).Message;
        Assert.StartsWith(
            "cuda:0: expected a libtorch for CUDA, found one for the processor alone. ",
            message,
            StringComparison.Ordinal);
        Assert.Contains("-p:Libtorch=cuda", message, StringComparison.Ordinal);
        Assert.Contains("MARROW_LIBTORCH", message, StringComparison.Ordinal);
        Assert.Contains("--device cpu", message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_computed_says_its_device_only_where_that_is_not_the_processor()
    {
        Assert.Equal("bf16 channels-last", $"{new Compute(true, true)}");
        Assert.Equal("f32 on cuda:2", $"{new Compute(false, false, new(DeviceType.CUDA, 2))}");
    }
}
