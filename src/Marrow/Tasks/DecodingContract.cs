using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Marrow.Imaging;

namespace Marrow.Tasks;

/// <summary>
/// How the outputs of a model become a finding. It belongs to the weights as the input contract does, and is stored
/// with them: the section "decoding" of config.json. Each task has a record of its own in its folder, with a group for
/// each step. The defaults are what a checkpoint without the section, or without one of its values, means: a default
/// never changes, and a value or a group that is added later has the default that leaves findings as they were. A key
/// that is not known is refused, since findings without it would be others than the weights' maker measured.
/// </summary>
internal abstract record DecodingContract
{
    internal const string Remedy = "The checkpoint can't be used by this version as it is.";

    private static readonly JsonSerializerOptions Known = new(MarrowJson.Strict)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>
    /// What the decoding makes of made-up outputs, by name: the golden finding. No model is run, so it costs some
    /// milliseconds, and whatever the decoding does is seen in it. What is made up of a seed never changes.
    /// </summary>
    internal abstract IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random);

    /// <summary>The section of a config.json, whole.</summary>
    internal JsonElement Write() => JsonSerializer.SerializeToElement(this, GetType(), MarrowJson.Options);

    /// <summary>
    /// Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, for a key that is not known and a value
    /// out of its bounds.
    /// </summary>
    /// <param name="defaults">Of the task, by which the kind of the section is known.</param>
    internal static DecodingContract Read(JsonElement section, DecodingContract defaults, string path)
    {
        var kind = defaults.GetType();
        var contract = (DecodingContract)MarrowJson.Decode(section, kind, Known, path, $"a {kind.Name}", Remedy);
        foreach (var (key, value, bounds) in contract.Values())
        {
            if (!(Compare(value, bounds.Minimum) >= 0 && Compare(value, bounds.Maximum) <= 0))
            {
                var expected = FormattableString.Invariant($"decoding.{key} of {bounds.Minimum} to {bounds.Maximum}");
                throw MarrowException.Bad(path, expected, FormattableString.Invariant($"{value}"), Remedy);
            }
        }
        return contract;
    }

    /// <summary>Every value: "chain.longestStepVertebrae", what it is, and its bounds.</summary>
    internal IEnumerable<(string Key, object Value, RangeAttribute Bounds)> Values() => ValuesOf(this, "");

    private static IEnumerable<(string Key, object Value, RangeAttribute Bounds)> ValuesOf(object group, string prefix)
    {
        foreach (var property in group.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var key = prefix + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            var value = property.GetValue(group)!;
            if (property.GetCustomAttribute<RangeAttribute>() is { } bounds)
            {
                yield return (key, value, bounds);
                continue;
            }
            foreach (var inner in ValuesOf(value, key + "."))
                yield return inner;
        }
    }

    /// <summary>A number with a bound that has as many digits as its own kind; one that is none is below all.</summary>
    private static int Compare(object value, object bound) =>
        ((IComparable)value).CompareTo(Convert.ChangeType(bound, value.GetType(), CultureInfo.InvariantCulture));
}

/// <summary>What a decoding makes of made-up outputs: one thing of all cases.</summary>
internal sealed record RehearsedValue(string Name, IReadOnlyList<double> Numbers);
