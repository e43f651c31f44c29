using System.Globalization;
using Marrow.Weights;

namespace Marrow.Checkpoints;

/// <summary>One of the outputs that golden.json keeps.</summary>
/// <param name="Values">Up to 64 elements, evenly spread over the flattened output.</param>
internal sealed record GoldenOutput(string Name, long[] Shape, float[] Values)
{
    private const int KeptValues = 64;

    /// <param name="value">Returns an element of the flattened output by its position.</param>
    internal static GoldenOutput Of(string name, long[] shape, long count, Func<long, float> value)
    {
        var kept = (int)Math.Min(KeptValues, count);
        return new(name, shape, [.. Enumerable.Range(0, kept).Select(i => value(i * count / kept))]);
    }

    /// <summary>Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when anything differs.</summary>
    /// <param name="tolerance">
    /// The largest difference that is allowed, as a share of the largest recorded magnitude of an output.
    /// </param>
    internal static void RequireEqual(IReadOnlyList<GoldenOutput> expected, IReadOnlyList<GoldenOutput> found,
        double tolerance, string path)
    {
        if (expected.Count != found.Count)
            throw Bad(path, $"{expected.Count} outputs", $"{found.Count}");
        foreach (var (then, now) in expected.Zip(found))
        {
            if (!then.IsOfKind(now))
                throw Bad(path, $"the output {then.Describe()}", now.Describe());
            var largest = then.Values.Select(Math.Abs).DefaultIfEmpty(0).Max();
            for (var i = 0; i < then.Values.Length; i++)
            {
                if (!(Math.Abs(then.Values[i] - now.Values[i]) <= tolerance * Math.Max(largest, 1e-6)))
                    throw Bad(path, $"{Text(then.Values[i])} as value {i} of {then.Name}", Text(now.Values[i]));
            }
        }
    }

    internal static MarrowException Bad(string path, string expected, string found) => MarrowException.Bad(
        path, expected, found,
        "What is computed is not what it was when the checkpoint was saved: use the version of Marrow that wrote it.");

    private bool IsOfKind(GoldenOutput other) =>
        Name == other.Name && Shape.SequenceEqual(other.Shape) && Values.Length == other.Values.Length;

    private string Describe() => $"{Name} {ShapeText.Of(Shape)}";

    internal static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
