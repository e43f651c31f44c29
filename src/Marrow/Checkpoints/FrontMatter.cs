using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Marrow.Checkpoints;

/// <summary>
/// The YAML between the two lines "---" of a card: maps, lists, texts and numbers, which is all that it needs. A text
/// that YAML might take for something else is written as a JSON string, which is YAML too.
/// </summary>
internal static partial class FrontMatter
{
    /// <summary>Texts that YAML 1.1 or 1.2 would read as a truth value or as null.</summary>
    private static readonly HashSet<string> Words = new(
        ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Returns the YAML, with a line feed at the end of each line.</summary>
    /// <param name="map">The values: texts, numbers, or lists and maps of these.</param>
    public static string Write(IReadOnlyDictionary<string, object> map)
    {
        var text = new StringBuilder();
        Map(text, map, 0);
        return text.ToString();
    }

    private static void Map(StringBuilder text, IReadOnlyDictionary<string, object> map, int depth)
    {
        foreach (var (key, value) in map)
        {
            text.Append(' ', 2 * depth).Append(Scalar(key)).Append(':');
            Value(text, value, depth);
        }
    }

    /// <summary>Writes the value that follows a key.</summary>
    private static void Value(StringBuilder text, object value, int depth)
    {
        switch (value)
        {
            case IReadOnlyDictionary<string, object> { Count: > 0 } map:
                text.Append('\n');
                Map(text, map, depth + 1);
                break;
            case IReadOnlyCollection<object> { Count: > 0 } list and not IReadOnlyDictionary<string, object>:
                text.Append('\n');
                foreach (var item in list)
                    Item(text, item, depth);
                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    /// <summary>Writes "- " and an item. The first key of a map follows the dash on the same line.</summary>
    private static void Item(StringBuilder text, object item, int depth)
    {
        text.Append(' ', 2 * depth).Append("- ");
        if (item is IReadOnlyDictionary<string, object> { Count: > 0 } map)
        {
            var lines = new StringBuilder();
            Map(lines, map, depth + 1);
            text.Append(lines.ToString().AsSpan(2 * (depth + 1)));
        }
        else
        {
            text.Append(Scalar(item)).Append('\n');
        }
    }

    private static string Scalar(object value) =>
        value switch
        {
            string text => Plain().IsMatch(text) && !Words.Contains(text)
                ? text
                : JsonSerializer.Serialize(text, MarrowJson.Line),
            IReadOnlyDictionary<string, object> => "{}",
            IReadOnlyCollection<object> => "[]",
            double number when double.IsNaN(number) => ".nan",
            double number when double.IsInfinity(number) => number > 0 ? ".inf" : "-.inf",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };

    /// <summary>
    /// Matches a text that needs no quotes: it starts with a letter, has no character with a meaning in YAML, and no
    /// space at its end.
    /// </summary>
    [GeneratedRegex(@"^[A-Za-z_]([A-Za-z0-9_.()/%+ -]*[A-Za-z0-9_.()/%+-])?\z")]
    private static partial Regex Plain();
}
