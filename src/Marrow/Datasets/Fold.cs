using System.Globalization;
using System.Text.Json.Serialization;

namespace Marrow.Datasets;

/// <summary>
/// One of several parts of a data set, each of other patients, so that every film is held out exactly once. Written
/// "2/5": the second of five.
/// </summary>
internal sealed record Fold
{
    public const int Fewest = 2, Most = 100;

    /// <summary>Throws <see cref="ArgumentException"/> for a fold that there is not.</summary>
    [JsonConstructor]
    public Fold(int number, int of)
    {
        if (of is < Fewest or > Most || number < 1 || number > of)
            throw new ArgumentException($"Expected fold 1 to k of k, {Fewest} to {Most}, found {number} of {of}.");
        (Number, Of) = (number, of);
    }

    /// <summary>The fold that is held out, 1 to <see cref="Of"/>.</summary>
    public int Number { get; }

    /// <summary>The number of folds.</summary>
    public int Of { get; }

    /// <summary>The share of the samples that one fold holds out, as nearly as whole patients allow.</summary>
    [JsonIgnore]
    public double Share => 1.0 / Of;

    /// <summary>Returns every fold of so many, in order.</summary>
    public static IReadOnlyList<Fold> All(int of) => [.. Enumerable.Range(1, of).Select(n => new Fold(n, of))];

    /// <summary>Reads "2/5"; null when it is something else.</summary>
    public static Fold? Parse(string text) =>
        text.Split('/') is [var first, var second]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var of)
        && of is >= Fewest and <= Most
        && number >= 1
        && number <= of
            ? new(number, of)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}/{Of}");
}
