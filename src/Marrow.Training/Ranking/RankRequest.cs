using Marrow.Computing;
using Marrow.Datasets;

namespace Marrow.Training.Ranking;

/// <summary>Which labelled images rank which checkpoints, and how.</summary>
public sealed class RankRequest
{
    /// <summary>
    /// What the user calls the data; a checkpoint that was trained on data of this name is asked what it held out.
    /// </summary>
    public required string DataName { internal get; init; }

    /// <summary>The folder of the data.</summary>
    public required string DataRoot { internal get; init; }

    /// <summary>
    /// A key of <see cref="DatasetCatalogue.Formats"/>; null: as a checkpoint that knows data of this name read it.
    /// </summary>
    public string? Format { internal get; init; }

    /// <summary>How it is read; null: as that checkpoint did, else the format's defaults.</summary>
    public DatasetOptions? Options { internal get; init; }

    /// <summary>The task to rank for: "classify" or "regress-cobb".</summary>
    public required string Task { internal get; init; }

    public required string HubFolder { internal get; init; }

    /// <summary>References as a hub resolves them; empty: the newest of each name that has a backbone.</summary>
    public IReadOnlyList<string> Checkpoints { internal get; init; } = [];

    /// <summary>So many images, of patients drawn by <see cref="Seed"/>; 0: all.</summary>
    public int Labels { internal get; init; }

    /// <summary>How many folds the cross-validation has, 3 to 20.</summary>
    public int Folds { internal get; init; } = 5;

    /// <summary>Of random weights, folds, the images drawn and the fine-tunes.</summary>
    public ulong Seed { internal get; init; } = 1;

    /// <summary>Input px for every candidate; null: each its own.</summary>
    public (int Width, int Height)? Size { internal get; init; }

    /// <summary>For features, decoded images and fine-tunes; null: the user's cache folder.</summary>
    public string? CacheFolder { internal get; init; }

    /// <summary>
    /// Where features are computed and fine-tunes trained. The scores of both are computed on the processor.
    /// </summary>
    public DeviceChoice Device { internal get; init; }

    /// <summary>Null: none.</summary>
    public FineTuneOptions? FineTune { internal get; init; }
}

/// <summary>A short training of the best candidates, each with the same steps on the same images.</summary>
public sealed class FineTuneOptions
{
    /// <summary>So many of the best checkpoints, and random weights.</summary>
    public int Best { internal get; init; } = 2;

    /// <summary>
    /// Every candidate, matched-random weights too; then the scores are compared with what came of it.
    /// </summary>
    public bool All { internal get; init; }

    /// <summary>How many optimizer steps a fine-tuning takes.</summary>
    public int Steps { get; init; } = 60;

    /// <summary>Fine-tunes of each candidate, each with its own seed and its own division of the patients.</summary>
    public int Repeats { internal get; init; } = 1;
}
