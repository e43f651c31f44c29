using Marrow.Findings;

namespace Marrow.Prediction;

/// <summary>Says how an image is to be predicted. The default asks for nothing special.</summary>
internal readonly record struct PredictionOptions
{
    /// <summary>
    /// True to say also of an image that would be refused what is seen on it, with the reasons as warnings.
    /// </summary>
    public bool Anyway { get; init; }

    /// <summary>
    /// True to look once where several looks would be averaged, which takes a part of the time and errs more.
    /// </summary>
    public bool Fast { get; init; }

    /// <summary>How a finding says by which looks it came about.</summary>
    public FindingLooks Looks => Fast ? FindingLooks.One : FindingLooks.All;

    /// <summary>
    /// What is to be explained, some of <see cref="IPredictor.Explainable"/>, empty for the default; null for no
    /// explanation.
    /// </summary>
    public IReadOnlyList<string>? Explained { get; init; }
}
