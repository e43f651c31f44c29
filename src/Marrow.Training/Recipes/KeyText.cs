namespace Marrow.Training.Recipes;

/// <summary>
/// What docs/recipe.md says of a key beyond what the question for it tells by itself: the sentence, and words where the
/// plain range or default would not say all. Everything is Markdown.
/// </summary>
/// <param name="Meaning">What the key does, as a sentence or more.</param>
internal sealed record KeyText(string Meaning)
{
    /// <summary>What a number counts, told before its range: "images", "share of all steps".</summary>
    public string? Unit { get; init; }

    /// <summary>What may be given, where it is more or other than the question allows.</summary>
    public string? Value { get; init; }

    /// <summary>What holds without the key, where it follows from others or is no plain value.</summary>
    public string? Default { get; init; }

    /// <summary>What the default amounts to, told behind it: "no limit".</summary>
    public string? DefaultMeans { get; init; }

    /// <summary>Which formats of data sets have the option; null where all have it.</summary>
    public string? Formats { get; init; }

    public static implicit operator KeyText(string meaning) => new(meaning);

    /// <summary>The row of a key for which the question tells this value and default.</summary>
    public KeyRow Row(string key, string value, string absent)
    {
        var allowed = Value ?? (Unit is null ? value : $"{Unit}, {value}");
        var otherwise = Default ?? (DefaultMeans is null ? absent : $"{absent} ({DefaultMeans})");
        return new(key, allowed, otherwise, Formats ?? "", Meaning);
    }
}

/// <summary>A key in words: a row of docs/recipe.md. Only an option of some formats alone names formats.</summary>
internal sealed record KeyRow(string Name, string Value, string Default, string Formats, string Meaning);

/// <summary>Values of keys as the page writes them.</summary>
internal static class KeyWords
{
    private const double LeastPlain = 0.001;

    /// <summary>"0.05", "100000"; small ones as "3e-4".</summary>
    public static string Number(double value) =>
        NumberText.Of(value, value is > 0 and < LeastPlain ? "0.####e-0" : "0.######");

    /// <summary>"0 to 0.9".</summary>
    public static string Range(double min, double max) => $"{Number(min)} to {Number(max)}";

    /// <summary>"`a`".</summary>
    public static string Code(string word) => $"`{word}`";

    /// <summary>"`a`, `b`".</summary>
    public static string Codes(IEnumerable<string> words) => string.Join(", ", words.Select(Code));
}
