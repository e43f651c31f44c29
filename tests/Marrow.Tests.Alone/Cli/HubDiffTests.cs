using System.Text.Json;
using Marrow.Checkpoints.Transfer;
using Marrow.Cli;
using Marrow.Hub;
using TorchSharp;

namespace Marrow.Tests.Cli;

public sealed class HubDiffTests : IDisposable
{
    private readonly TemporaryFolder _hub = new();

    public void Dispose() => _hub.Dispose();

    private (int Code, string Output, string Error) Diff(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = CommandLine.Run(
            ["hub", "diff", .. args, "--hub", _hub.Path],
            output,
            error,
            TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }

    [Fact]
    public void A_parent_and_its_changed_child_are_compared_layer_by_layer()
    {
        using var parent = Drafts.Model(seed: 1);
        using var first = Drafts.Of(parent).Save(_hub.Path);
        using var detector = Drafts.Model(seed: 2, architecture: "retinanet-densenet-mini");
        WarmStart.Apply(detector, "retinanet-densenet-mini", WeightSource.Of(first));
        using (torch.no_grad())
            detector.state_dict()["backbone.body.denseblock4.denselayer1.conv1.weight"].mul_(2);
        using var second = Drafts.Detector(detector).Save(_hub.Path);

        var (code, text, error) = Diff(first.Name, second.Name, "--images", "4");
        Assert.Equal((ExitCode.Done, ""), (code, error.Contains("error", StringComparison.Ordinal) ? error : ""));
        Assert.Contains("features.* of A with backbone.body.* of B", text, StringComparison.Ordinal);
        Assert.Contains("100.00 %", text, StringComparison.Ordinal);

        using var document = JsonDocument.Parse(Diff(first.Name, second.Name, "--images", "4", "--json").Output);
        var modules = document
            .RootElement.GetProperty("modules")
            .EnumerateArray()
            .ToDictionary(m => m.GetProperty("module").GetString()!, m => m);
        Assert.True(modules["backbone.body.denseblock4"].GetProperty("weights").GetDouble() > 0.1);
        Assert.Equal(0, modules["backbone.body.denseblock3"].GetProperty("weights").GetDouble());
        var stages = document
            .RootElement.GetProperty("activations")
            .GetProperty("stages")
            .EnumerateArray()
            .Select(s => s.GetProperty("alignment").GetDouble())
            .ToList();
        Assert.All(stages[..4], alignment => Assert.Equal(1, alignment, 6));
        Assert.True(stages[4] < 0.9999);
    }

    [Fact]
    public void What_can_not_be_run_is_compared_by_its_weights_and_it_says_so()
    {
        using var model = Drafts.Model(seed: 1);
        using var saved = Drafts.Of(model).Save(_hub.Path);
        var weights = _hub["alone.safetensors"];
        File.Copy(Path.Combine(saved.Path, "model.safetensors"), weights);
        Assert.Contains("all equal", Diff(saved.Name, weights).Output, StringComparison.Ordinal);
        Assert.Contains(
            "not compared (alone has weights alone)",
            Diff(weights, saved.Name).Output,
            StringComparison.Ordinal);

        using var own = Drafts.SaveCustom(_hub.Path);
        Assert.Contains(
            "the module of segmenter.phantom is its maker's own",
            Diff(saved.Name, own.Name).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_a_folder_are_used_and_too_few_are_an_error()
    {
        using var model = Drafts.Model(seed: 1);
        using var saved = Drafts.Of(model).Save(_hub.Path);
        var films = Directory.CreateDirectory(_hub["films"]).FullName;
        for (var i = 0; i < 5; i++)
            Marrow.Imaging.ImageWriter.WritePng8(
                Path.Combine(films, $"{i}.png"),
                32,
                32,
                [.. Enumerable.Range(0, 1024).Select(p => (byte)(p * (i + 3)))]);
        Assert.Contains(
            "on 4 images of",
            Diff(saved.Name, saved.Name, "--data", films, "--images", "4").Output,
            StringComparison.Ordinal);
        var (code, _, error) = Diff(saved.Name, saved.Name, "--data", films, "--images", "3");
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("expected 4 images or more", error, StringComparison.Ordinal);
    }
}
