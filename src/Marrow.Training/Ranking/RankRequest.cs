using Marrow.Computing;
using Marrow.Datasets;

namespace Marrow.Training.Ranking;

/// <summary>Says which checkpoints to rank on which labelled images, and how.</summary>
public sealed class RankRequest
{
    /// <summary>
    /// The name of the data. A checkpoint that was trained on data of this name knows which of it was held out.
    /// </summary>
    public required string DataName { internal get; init; }

    /// <summary>The folder that holds the data.</summary>
    public required string DataRoot { internal get; init; }

    /// <summary>
    /// The name of the format, a key of <see cref="DatasetCatalogue.Formats"/>; null to read the data as a checkpoint
    /// that was trained on it did.
    /// </summary>
    public string? Format { internal get; init; }

    /// <summary>
    /// The options for reading the data; null for those of a checkpoint that was trained on it, and otherwise for the
    /// format's defaults.
    /// </summary>
    public DatasetOptions? Options { internal get; init; }

    /// <summary>The task for which the checkpoints are ranked: "classify" or "regress-cobb".</summary>
    public required string Task { internal get; init; }

    /// <summary>The folder of the hub that holds the checkpoints.</summary>
    public required string HubFolder { internal get; init; }

    /// <summary>
    /// References to the checkpoints, as a hub resolves them. When the list is empty, the newest checkpoint of each
    /// name that has a backbone is ranked.
    /// </summary>
    public IReadOnlyList<string> Checkpoints { internal get; init; } = [];

    /// <summary>
    /// The number of images to use, from patients that are drawn with <see cref="Seed"/>; 0 for all images.
    /// </summary>
    public int Labels { internal get; init; }

    /// <summary>The number of folds of the cross-validation, 3 to 20.</summary>
    public int Folds { internal get; init; } = 5;

    /// <summary>The seed for random weights, for the folds, for drawing the images and for the fine-tuning.</summary>
    public ulong Seed { internal get; init; } = 1;

    /// <summary>
    /// The input size in pixels for every candidate; null to give each candidate the size of its own input.
    /// </summary>
    public (int Width, int Height)? Size { internal get; init; }

    /// <summary>
    /// The folder in which features, decoded images and fine-tuned runs are kept; null for the user's cache folder.
    /// </summary>
    public string? CacheFolder { internal get; init; }

    /// <summary>
    /// The device on which features are computed and candidates are fine-tuned. The scores of both are computed on the
    /// processor.
    /// </summary>
    public DeviceChoice Device { internal get; init; }

    /// <summary>The options of a short fine-tuning of the best candidates; null for no fine-tuning.</summary>
    public FineTuneOptions? FineTune { internal get; init; }
}

/// <summary>
/// A short training of the best candidates. All of them get the same number of steps on the same images.
/// </summary>
public sealed class FineTuneOptions
{
    /// <summary>
    /// The number of checkpoints to fine-tune, the best ones first; random weights are fine-tuned in addition.
    /// </summary>
    public int Best { internal get; init; } = 2;

    /// <summary>
    /// True to fine-tune every candidate, including matched-random weights. The scores are then compared with the
    /// results.
    /// </summary>
    public bool All { internal get; init; }

    /// <summary>The number of optimizer steps of one fine-tuning.</summary>
    public int Steps { get; init; } = 60;

    /// <summary>
    /// The number of times that each candidate is fine-tuned, each time with another seed and another division of the
    /// patients.
    /// </summary>
    public int Repeats { internal get; init; } = 1;
}
