using System.Text.RegularExpressions;
using Marrow.Datasets;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Docs;

/// <summary>
/// docs/recipe.md against the reader itself. Its tables are what the reader asked for, word for word. An unknown key
/// in a section makes the reader list the keys it knows there, and those are the rows, no more and no fewer. With
/// MARROW_WRITE_DOCS=1 in the environment (.ci/recipe-docs) the tables are written into the page first.
/// </summary>
public partial class RecipeDocsTests
{
    private const string Unknown = "qqqqqqqqqqqqqqqqqqqq"; // Near to no key, so that the error lists them all.

    private const string Recipe = $$"""
        name: r
        {{Unknown}}: 1
        stages:
          - name: s
            {{Unknown}}: 1
            task: detect-vertebrae
            model: retinanet-densenet121
            data: {format: spineweb16, {{Unknown}}: 1}
            input: { {{Unknown}}: 1}
            detector: { {{Unknown}}: 1}
            crop: { {{Unknown}}: 1}
            train: { {{Unknown}}: 1}
            augment: { {{Unknown}}: 1}
            pretrain: { {{Unknown}}: 1}
            unlabeled: {format: images, {{Unknown}}: 1}
            uda: { {{Unknown}}: 1}
            teacher: { {{Unknown}}: 1}
            datasets: [{ {{Unknown}}: 1}]
            beside: [{ {{Unknown}}: 1}]
        """;

    static RecipeDocsTests()
    {
        if (Environment.GetEnvironmentVariable("MARROW_WRITE_DOCS") == "1")
            RecipePage.Write();
    }

    public static TheoryData<string> Headings => [.. RecipePage.Asked("").Keys];

    [Theory, MemberData(nameof(Headings))]
    public void Each_table_of_the_page_is_what_the_reader_asks_for(string heading)
    {
        var right = RecipePage.RightTable(heading);
        Assert.True(
            right.SequenceEqual(RecipePage.Table(heading)),
            $"docs/recipe.md, {heading}: .ci/recipe-docs writes the table anew. It should be\n"
                + string.Join('\n', right));
    }

    [Fact]
    public void The_page_has_no_other_table_of_keys() =>
        Assert.Equal(
            RecipePage.Asked("").Count,
            File.ReadLines(RecipePage.Path).Count(line => line.StartsWith("| key |", StringComparison.Ordinal)));

    [Fact]
    public void What_the_page_tells_holds_for_every_task()
    {
        foreach (var task in CheckpointTask.All)
        {
            var asked = RecipePage.Asked(task);
            Assert.All(RecipePage.Asked(""), section => Assert.Equal(section.Value, asked[section.Key]));
        }
    }

    [Fact]
    public void Every_key_has_a_sentence() =>
        Assert.All(RecipePage.Asked("").Values.SelectMany(rows => rows), row => Assert.EndsWith(".", row.Meaning));

    /// <summary>Whether a CSV is of the kind in parentheses is seen only when it is read.</summary>
    [Fact]
    public void An_option_is_refused_by_the_formats_that_the_page_does_not_name_for_it()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["data"]);
        foreach (var row in RecipePage.Asked("")["data"].Where(r => r.Formats.Length > 0 && r.Name != "softLabelsFrom"))
        {
            var value = row.Value[0] == '`' ? row.Value.Split('`')[1]
                : row.Value.StartsWith("map", StringComparison.Ordinal) ? "{a: zeros}"
                : row.Value.StartsWith("list", StringComparison.Ordinal) ? "[a]"
                : row.Value.StartsWith("mm", StringComparison.Ordinal) ? "1"
                : "a";
            var errors = new RecipeErrors();
            var section = RecipeYaml.Parse($"{row.Name}: {value}", "r.yaml", inFile: true, errors)!;
            var options = RecipeDataOptions.Read(new(section, "data", errors), "", "");
            errors.ThrowIfAny();
            var named = row.Formats.Split(' ', ',').Where(DatasetCatalogue.Formats.ContainsKey).Order();
            var taking = DatasetCatalogue.Formats.Keys.Where(format => !IsRefused(row.Name, format, options)).Order();
            Assert.Equal($"{row.Name}: {string.Join(", ", named)}", $"{row.Name}: {string.Join(", ", taking)}");
        }

        bool IsRefused(string key, string format, DatasetOptions options)
        {
            var message = Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(
                new() { Name = "d", Format = format, Root = folder["data"], Options = options })).Message;
            return message.StartsWith($"d: option {key}: ", StringComparison.Ordinal)
                && (message.Contains($"format {format} knows") || message.Contains($"none for format {format}"));
        }
    }

    [Theory, MemberData(nameof(Headings))]
    public void The_page_names_exactly_the_keys_that_the_reader_knows(string heading)
    {
        var known = KeysOfReader()[heading];
        Assert.NotEmpty(known);
        Assert.Equal(known.Order(StringComparer.Ordinal), RecipePage.Keys(heading).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_reader_has_no_section_that_the_page_lacks() =>
        Assert.Equal(
            RecipePage.Asked("").Keys.Order(StringComparer.Ordinal),
            KeysOfReader().Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void An_override_knows_every_key_of_a_stage() =>
        Assert.Equal(
            KeysOfReader()["A stage"].Order(StringComparer.Ordinal),
            RecipeReader.StageKeys.Order(StringComparer.Ordinal));

    /// <summary>By headings of the page.</summary>
    private static Dictionary<string, string[]> KeysOfReader()
    {
        var message = Assert.Throws<MarrowException>(() => RecipeReader.Parse(Recipe, "r.yaml", [])).Message;
        return KnownKeys().Matches(message).ToDictionary(
            m => m.Groups["section"].Value switch
            {
                "the recipe" => "The recipe",
                "stage 's'" => "A stage",
                RecipePage.APart => RecipePage.Parts,
                RecipePage.ABeside => RecipePage.Beside,
                var section => section,
            },
            m => m.Groups["keys"].Value.Split(", "));
    }

    [GeneratedRegex(@"unknown key '" + Unknown + @"' in (?<section>.+?)\. Known: (?<keys>.+)\.")]
    private static partial Regex KnownKeys();
}
