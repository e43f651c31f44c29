using Marrow.Training.Recipes;

namespace Marrow.Tests.Docs;

/// <summary>
/// The tables of docs/recipe.md as the reader of recipes gives them: a row is what it asked for, in the words that
/// stand at the question. The page decides on the order of rows; keys that it lacks come last.
/// </summary>
internal static class RecipePage
{
    /// <summary>What messages call the first part of a stage of several tasks, and the heading of its keys.</summary>
    public const string APart = "part 1", Parts = "datasets", ABeside = "beside 1", Beside = "beside";

    private const string TheRecipe = "The recipe", AStage = "A stage", Data = "data";

    public static string Path { get; } = System.IO.Path.Combine(Repository.Root(), "docs", "recipe.md");

    /// <summary>What is asked of each section of a stage of the task, by the heading that it has on the page.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<KeyRow>> Asked(string task)
    {
        // With each section that is read only where it is there. Mistakes are noted and of no matter.
        var text = $$"""
            stages:
              - task: {{task}}
                data: {}
                crop: {}
                detector: {}
                unlabeled: {}
                uda: {}
                teacher: {}
                datasets: [{}]
                beside: [{}]
            """;
        var errors = new RecipeErrors();
        var recipe = new RecipeSection(RecipeYaml.Parse(text, "r.yaml", inFile: true, errors)!, TheRecipe, errors);
        RecipeReader.Read(recipe);
        var stage = Assert.Single(recipe.Sections);
        var asked = stage.Sections.ToDictionary(
            section => section.What == APart ? Parts : section.What == ABeside ? Beside : section.What,
            section => section.Rows);
        asked.Add(TheRecipe, recipe.Rows);
        asked.Add(AStage, stage.Rows);
        return asked;
    }

    /// <summary>The keys of the table under a heading of the page, in its order.</summary>
    public static IEnumerable<string> Keys(string heading) => Table(heading).Skip(2).SelectMany(KeysOfRow);

    /// <summary>The lines of the table of keys under a heading of the page.</summary>
    public static IReadOnlyList<string> Table(string heading)
    {
        var lines = File.ReadAllLines(Path);
        var (start, end) = Place(lines, heading);
        return lines[start..end];
    }

    /// <summary>The lines that the table should have.</summary>
    public static IReadOnlyList<string> RightTable(string heading)
    {
        var asked = Asked("");
        var rows = asked[heading];
        var (columns, body) = heading == Data
            ? ("| key | value | default | formats | meaning |", rows.Select(OfFormats))
            : ("| key | value | default | meaning |", rows.Except(asked[Data]).Select(Plain));
        var shared = heading == Data ? [] : rows.Intersect(asked[Data]).ToList();
        if (shared.Count > 0)
            body = body.Append(Cells(Names(shared), $"as in `{Data}`", $"as in `{Data}`", $"As in `{Data}`."));
        var places = Keys(heading).ToList();
        return
        [
            columns,
            columns.Split('|')[1..^1].Aggregate("|", (line, _) => line + "---|"),
            .. body.OrderBy(PlaceOnPage),
        ];

        int PlaceOnPage(string row) =>
            places.IndexOf(KeysOfRow(row).First()) is >= 0 and var place ? place : places.Count;
    }

    /// <summary>Puts the right tables into the page.</summary>
    public static void Write()
    {
        foreach (var heading in Asked("").Keys)
        {
            var lines = File.ReadAllLines(Path);
            var (start, end) = Place(lines, heading);
            File.WriteAllLines(Path, [.. lines[..start], .. RightTable(heading), .. lines[end..]]);
        }
    }

    private static (int Start, int End) Place(string[] lines, string heading)
    {
        var start = Array.FindIndex(lines, line => line == $"## {heading}");
        Assert.True(start >= 0, $"docs/recipe.md: expected a heading '{heading}', with a table of keys.");
        start = Array.FindIndex(lines, start, line => line.StartsWith("| key |", StringComparison.Ordinal));
        var end = Array.FindIndex(lines, start, line => !line.StartsWith('|'));
        return (start, end < 0 ? lines.Length : end);
    }

    private static IEnumerable<string> KeysOfRow(string row) =>
        row.Split('|')[1].Split(',').Select(key => key.Trim(' ', '`'));

    private static string OfFormats(KeyRow row) => Cells(
        Names([row]),
        row.Value,
        row.Default,
        row.Formats.Length > 0 ? row.Formats : "all",
        row.Meaning);

    private static string Plain(KeyRow row) => Cells(Names([row]), row.Value, row.Default, row.Meaning);

    private static string Names(IEnumerable<KeyRow> rows) => string.Join(", ", rows.Select(row => $"`{row.Name}`"));

    private static string Cells(params string[] cells) =>
        string.Concat(cells.Select(cell => cell.Length == 0 ? "| " : $"| {cell} ")) + "|";
}
