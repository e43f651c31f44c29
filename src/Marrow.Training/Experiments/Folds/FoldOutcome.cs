using Marrow.Prediction;

namespace Marrow.Training.Experiments.Folds;

/// <summary>What the films of all folds came to, ready to be shown and written.</summary>
internal sealed record FoldOutcome
{
    /// <summary>Sentences for a hurried reader.</summary>
    public required IReadOnlyList<string> Sentences { get; init; }

    /// <summary>The tables, each with a sentence on how to read it.</summary>
    public required IReadOnlyList<(ReportPart Table, string Note)> Tables { get; init; }

    /// <summary>Longer tables, which the terminal leaves out.</summary>
    public IReadOnlyList<(ReportPart Table, string Note)> Details { get; init; } = [];

    public IReadOnlyList<FoldPicture> Pictures { get; init; } = [];

    /// <summary>The table of predictions, with a row for each film.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    public required IReadOnlyList<IReadOnlyList<string>> Rows { get; init; }

    /// <summary>All numbers, for programs.</summary>
    public required IReadOnlyDictionary<string, object> Numbers { get; init; }

    /// <summary>
    /// What a checkpoint can learn its intervals from; null where no spines were measured.
    /// </summary>
    public SpineErrors? Errors { get; init; }

    /// <summary>Reasons why the numbers may mislead.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>A picture of the page, which is also written as NAME.png.</summary>
/// <param name="Draw">Draws it as PNG, on a dark ground when the argument is true.</param>
/// <param name="Text">What it shows, for readers who can't see it.</param>
internal sealed record FoldPicture(string Name, Func<bool, byte[]> Draw, string Text);
