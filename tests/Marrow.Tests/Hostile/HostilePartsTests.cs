using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Tasks.Multitask;

namespace Marrow.Tests.Hostile;

/// <summary>
/// Configs of several tasks that were changed by someone who knows how to make their hashes true again.
/// </summary>
public sealed class HostilePartsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, string> Changes => new()
    {
        { "task", "\"classify\"", "an architecture of" },
        { "model.parts", "[]", "1 to 20 parts" },
        { "parts", "[]", "1 to 20 parts" },
        { "model.architecture", "\"densenet-mini\"", "an architecture of" },
        { "model.outputs", "7", "as many outputs as the parts have together" },
        { "model.outputs", "2000000000", "outputs" },
        { "parts.0.name", "\"b\"", "parts with names of their own" },
        { "parts.0.name", "\"../up\"", "parts with names of their own" },
        { "model.parts.0.name", "\"x.y\"", "parts with names of their own" },
        { "parts.0.task", "\"multitask\"", "a task of" },
        { "parts.0.task", "\"refine-points\"", "a task of" },
        { "parts.0.task", "\"unheard-of\"", "a task of" },
        { "parts.1.task", "\"regress\"", "the architecture regress-densenet-mini" },
        { "model.parts.0.model.architecture", "\"densenet121\"", "the architecture densenet-mini" },
        { "model.parts.0.model.architecture", "\"multi-densenet-mini\"", "the architecture densenet-mini" },
        { "model.parts.0.model.channels", "3", "1 channels for the part a" },
        { "model.parts.0.model.parts", "[]", "part a: expected parts for the task multitask and for no other" },
        { "model.parts.0.model.outputs", "1000000000", "outputs" },
        { "model.parts.0.model.backbonePrefix", "\"x.\"", "part a: expected a backbonePrefix" },
        { "parts.0.input.width", "1000000", "an input width" },
        { "parts.0.classes", "[\"a\"]", "part a: expected a class for each output" },
        { "parts.0.decoding", "{}", "part a: expected no decoding" },
        { "parts.1.decoding", "{\"unknown\": 1}", "part b: expected the JSON of" },
        { "parts.2.outputs", "null", "null at byte" },
        { "model.masking", "{}", "the hidden patches" },
    };

    [Theory, MemberData(nameof(Changes))]
    public void What_a_config_says_of_its_parts_is_held_against_bounds_before_anything_is_built(
        string key, string value, string says)
    {
        using var bench = new TaskBench();
        using var task = bench.CreateParts("classify", "points", "pretrain");
        using var saved = Drafts.Of(task, "multi-densenet-mini.hostile").Save(_folder["hub"]);
        var folder = Directory.CreateDirectory(_folder["changed"]).FullName;
        foreach (var file in Directory.GetFiles(saved.Path))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        ChangedCheckpoint.Edit(folder, Checkpoint.ConfigFile, config =>
        {
            JsonNode node = config;
            var path = key.Split('.');
            foreach (var step in path[..^1])
                node = int.TryParse(step, out var index) ? node[index]! : node[step]!;
            node[path[^1]] = JsonNode.Parse(value);
        });
        var message = Assert.Throws<MarrowException>(() => Checkpoint.Load(folder)).Message;
        Assert.Contains(says, message, StringComparison.Ordinal);
    }

    [Fact]
    public void So_are_more_parts_than_a_model_may_have()
    {
        using var bench = new TaskBench();
        var tasks = Enumerable.Repeat("classify", MultitaskDescriptor.MostParts + 1).ToList();
        using var task = bench.CreateParts(tasks);
        var message = Assert.Throws<MarrowException>(
            () => Drafts.Of(task, "multi-densenet-mini.many").Save(_folder["hub"])).Message;
        Assert.Contains("1 to 20 parts", message, StringComparison.Ordinal);
    }
}
