using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Marrow.Checkpoints;
using Marrow.Imaging;
using Marrow.Tasks;

namespace Marrow.Tests.Checkpoints;

/// <summary>
/// The section "decoding" of config.json by itself: what it may hold, and that each of its values does something.
/// </summary>
public partial class DecodingContractTests
{
    public static TheoryData<string> Tasks => [.. TaskCatalogue.Names(task => task.Decoding is not null)];

    public static TheoryData<string, string> Keys => [.. TaskCatalogue.All.Where(task => task.Decoding is not null)
        .SelectMany(task => task.Decoding!.Values().Select(value => (task.Name, value.Key)))];

    private static DecodingContract Defaults(string task) => TaskCatalogue.Get(task).Decoding!;

    private static DecodingContract Read(string task, JsonNode section) =>
        DecodingContract.Read(JsonSerializer.SerializeToElement(section), Defaults(task), "a/config.json");

    private static DecodingContract With(string task, string key, JsonNode value)
    {
        var section = JsonSerializer.SerializeToNode(Defaults(task).Write())!;
        var names = key.Split('.');
        names[..^1].Aggregate(section, (group, name) => group[name]!)[names[^1]] = value;
        return Read(task, section);
    }

    private static (double Value, double Least, double Most, bool IsWhole) About(string task, string key)
    {
        var (_, value, bounds) = Defaults(task).Values().Single(v => v.Key == key);
        return (Number(value), Number(bounds.Minimum), Number(bounds.Maximum), value is int);

        static double Number(object number) => Convert.ToDouble(number, CultureInfo.InvariantCulture);
    }

    private static string Rehearsed(DecodingContract contract) =>
        JsonSerializer.Serialize(GoldenFinding.Rehearse(contract, 17));

    [Theory, MemberData(nameof(Tasks))]
    public void What_is_written_is_read_and_what_is_left_out_has_its_default(string task)
    {
        Assert.Equal(Defaults(task), Read(task, JsonSerializer.SerializeToNode(Defaults(task).Write())!));
        Assert.Equal(Defaults(task), Read(task, new JsonObject()));
        Assert.Equal(
            Defaults(task).Values().Select(value => value.Key.Split('.')[0]).Distinct(),
            Defaults(task).Write().EnumerateObject().Select(group => group.Name));
    }

    [Theory, MemberData(nameof(Keys))]
    public void A_changed_value_is_kept_and_changes_the_golden_finding(string task, string key)
    {
        var (value, least, most, isWhole) = About(task, key);
        var others = ((double[])[value * 0.7, value * 1.3, value - 1, value + 1, least, most])
            .Select(other => isWhole ? Math.Round(other) : other)
            .Where(other => other >= least && other <= most && other != value).ToList();
        Assert.NotEmpty(others);
        foreach (var other in others)
        {
            var changed = With(task, key, isWhole ? (int)other : other);
            Assert.NotEqual(Defaults(task), changed);
            Assert.Equal(changed, DecodingContract.Read(changed.Write(), Defaults(task), "config.json"));
        }
        var golden = Rehearsed(Defaults(task));
        Assert.Contains(others, other => Rehearsed(With(task, key, isWhole ? (int)other : other)) != golden);
    }

    [Theory, MemberData(nameof(Keys))]
    public void A_value_beyond_its_bounds_is_refused_by_name_and_one_at_them_decodes(string task, string key)
    {
        var (_, least, most, isWhole) = About(task, key);
        foreach (var bound in (double[])[least, most])
            Assert.NotEmpty(With(task, key, isWhole ? (int)bound : bound).Rehearse(new SeededRandom(1)));
        foreach (var value in (JsonNode[])[least - 1, most + 1, "NaN", "Infinity", "wide", new JsonObject(), true])
        {
            var error = Assert.Throws<MarrowException>(() => With(task, key, value.DeepClone()));
            Assert.StartsWith("a/config.json: expected", error.Message, StringComparison.Ordinal);
        }
        var beyond = Assert.Throws<MarrowException>(() => With(task, key, most + 1));
        Assert.Contains($"decoding.{key} of", beyond.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Tasks))]
    public void A_key_that_is_not_known_is_refused_since_findings_without_it_would_be_others(string task)
    {
        var unknown = new JsonObject { ["certainty"] = new JsonObject() };
        var error = Assert.Throws<MarrowException>(() => Read(task, unknown));
        Assert.Contains("certainty", error.Message, StringComparison.Ordinal);
        var group = Defaults(task).Values().First().Key.Split('.')[0];
        Assert.Throws<MarrowException>(() => Read(task, new JsonObject { [group] = new JsonObject { ["other"] = 1 } }));
        Assert.Throws<MarrowException>(() => Read(task, new JsonArray()));
    }

    [Fact]
    public void A_task_whose_outputs_are_the_finding_has_no_section()
    {
        using var model = Drafts.Model();
        var config = Drafts.Of(model).Config;
        Assert.Null(config.ReadDecoding("config.json"));
        Assert.Null(config.Whole("config.json").Decoding);
        var decoding = JsonSerializer.SerializeToElement(new JsonObject());
        var error = Assert.Throws<MarrowException>(() => (config with { Decoding = decoding }).Validate("config.json"));
        Assert.Contains("classify", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The page's defaults are what checkpoints of early versions mean: they are not to change.</summary>
    [Theory, MemberData(nameof(Tasks))]
    public void The_page_names_exactly_the_values_with_their_defaults_and_bounds(string task)
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root(), "docs", "checkpoint-format.md"));
        var table = page[page.IndexOf($"\n#### `{task}`\n", StringComparison.Ordinal)..];
        table = table[..table.IndexOf("\n#", 2, StringComparison.Ordinal)];
        Assert.Equal(
            Defaults(task).Values().Select(v =>
                FormattableString.Invariant($"| `{v.Key}` | {v.Value} | {v.Bounds.Minimum} to {v.Bounds.Maximum} |")),
            Row().Matches(table).Select(row => row.Value));
    }

    [GeneratedRegex(@"^\| `[^|]*\|[^|]*\|[^|]*\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
