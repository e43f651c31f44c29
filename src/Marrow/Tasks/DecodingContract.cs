using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Marrow.Imaging;

namespace Marrow.Tasks;

/// <summary>
/// Says how the outputs of a model become a finding. Like the input contract it belongs to the weights, and it is
/// stored with them in the section "decoding" of config.json. Each task has its own record, with one group for each
/// step. The defaults apply to checkpoints without the section or without one of its values, so a default never
/// changes, and the default of a value that is added later must leave findings as they were. An unknown key is refused,
/// since without it the findings would differ from those that the maker of the weights measured.
/// </summary>
internal abstract record DecodingContract
{
    internal const string Remedy = "The checkpoint can't be used by this version as it is.";

    private static readonly JsonSerializerOptions Known = new(MarrowJson.Strict)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>
    /// Runs the decoding on artificial outputs and returns its results by name, which form the golden finding. No model
    /// is run, so it takes only milliseconds, and every change of the decoding shows in the results. The artificial
    /// outputs of a given seed never change.
    /// </summary>
    internal abstract IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random);

    /// <summary>Returns the complete section "decoding" of config.json.</summary>
    internal JsonElement Write() => JsonSerializer.SerializeToElement(this, GetType(), MarrowJson.Options);

    /// <summary>
    /// Reads the section. Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when a key is unknown
    /// or a value is out of bounds.
    /// </summary>
    /// <param name="defaults">The defaults of the task, whose type is that of the section.</param>
    internal static DecodingContract Read(JsonElement section, DecodingContract defaults, string path)
    {
        var kind = defaults.GetType();
        var contract = (DecodingContract)MarrowJson.Decode(section, kind, Known, path, $"a {kind.Name}", Remedy);
        RequireBounds(contract.Values(), "decoding", path);
        return contract;
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when a value of a section of config.json
    /// is out of bounds.
    /// </summary>
    internal static void RequireBounds(
        IEnumerable<(string Key, object Value, RangeAttribute Bounds)> values, string section, string path)
    {
        foreach (var (key, value, bounds) in values)
        {
            if (!(Compare(value, bounds.Minimum) >= 0 && Compare(value, bounds.Maximum) <= 0))
            {
                var expected = FormattableString.Invariant($"{section}.{key} of {bounds.Minimum} to {bounds.Maximum}");
                throw MarrowException.Bad(path, expected, FormattableString.Invariant($"{value}"), Remedy);
            }
        }
    }

    /// <summary>Returns every value with its key, such as "chain.longestStepVertebrae", and its bounds.</summary>
    internal IEnumerable<(string Key, object Value, RangeAttribute Bounds)> Values() => ValuesOf(this, "");

    /// <summary>Returns the values of one group that have bounds, with their keys.</summary>
    internal static IEnumerable<(string Key, object Value, RangeAttribute Bounds)> Bounded(object part) =>
        from property in part.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        let bounds = property.GetCustomAttribute<RangeAttribute>()
        where bounds is not null
        select (JsonNamingPolicy.CamelCase.ConvertName(property.Name), property.GetValue(part)!, bounds);

    private static IEnumerable<(string Key, object Value, RangeAttribute Bounds)> ValuesOf(object group, string prefix)
    {
        foreach (var property in group.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var key = prefix + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            if (property.GetValue(group) is not { } value || value is IEnumerable)
                continue; // What is left out has no value, and names and lists have no bounds.
            if (property.GetCustomAttribute<RangeAttribute>() is { } bounds)
            {
                yield return (key, value, bounds);
                continue;
            }
            foreach (var inner in ValuesOf(value, key + "."))
                yield return inner;
        }
    }

    /// <summary>
    /// Compares a number with a bound, in the precision of the number's own type. A value that is not a number is below
    /// every bound.
    /// </summary>
    private static int Compare(object value, object bound) =>
        ((IComparable)value).CompareTo(Convert.ChangeType(bound, value.GetType(), CultureInfo.InvariantCulture));
}

/// <summary>A named result of a decoding on artificial outputs, over all cases.</summary>
internal sealed record RehearsedValue(string Name, IReadOnlyList<double> Numbers);
