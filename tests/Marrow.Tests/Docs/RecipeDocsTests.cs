using System.Text.RegularExpressions;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Docs;

/// <summary>
/// docs/recipe.md against the reader itself: an unknown key in a section makes the reader list the keys it knows there,
/// and those are the rows of the page's table for that section, no more and no fewer.
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
        """;

    /// <summary>Headings of the page, and what the reader calls the section.</summary>
    private static readonly Dictionary<string, string> Sections = new()
    {
        ["The recipe"] = "the recipe",
        ["A stage"] = "stage 's'",
        ["data"] = "data",
        ["input"] = "input",
        ["detector"] = "detector",
        ["crop"] = "crop",
        ["train"] = "train",
        ["augment"] = "augment",
        ["pretrain"] = "pretrain",
        ["unlabeled"] = "unlabeled",
        ["uda"] = "uda",
        ["teacher"] = "teacher",
    };

    public static TheoryData<string> Headings => [.. Sections.Keys];

    [Theory, MemberData(nameof(Headings))]
    public void The_page_names_exactly_the_keys_that_the_reader_knows(string heading)
    {
        var known = KeysOfReader()[Sections[heading]];
        Assert.NotEmpty(known);
        Assert.Equal(known.Order(StringComparer.Ordinal), KeysOfPage(heading).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_reader_has_no_section_that_the_page_lacks() =>
        Assert.Equal(Sections.Values.Order(StringComparer.Ordinal), KeysOfReader().Keys.Order(StringComparer.Ordinal));

    private static Dictionary<string, string[]> KeysOfReader()
    {
        var message = Assert.Throws<MarrowException>(() => RecipeReader.Parse(Recipe, "r.yaml", [])).Message;
        return KnownKeys()
            .Matches(message)
            .ToDictionary(m => m.Groups["section"].Value, m => m.Groups["keys"].Value.Split(", "));
    }

    /// <summary>
    /// Each key in the first cell of a row of any table under the heading: `mean`, or `freeze`, `unfreeze`.
    /// </summary>
    private static IEnumerable<string> KeysOfPage(string heading)
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root(), "docs", "recipe.md"));
        return lines
            .SkipWhile(line => line != $"## {heading}")
            .Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => InCode().Matches(line.Split('|')[1]).Select(m => m.Groups[1].Value));
    }

    [GeneratedRegex(@"unknown key '" + Unknown + @"' in (?<section>.+?)\. Known: (?<keys>.+)\.")]
    private static partial Regex KnownKeys();

    [GeneratedRegex("`([A-Za-z]+)`")]
    private static partial Regex InCode();
}
