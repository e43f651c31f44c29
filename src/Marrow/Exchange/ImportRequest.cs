using Marrow.Checkpoints;

namespace Marrow.Exchange;

/// <summary>What an import is told beside the file; null is found out from the file, or the map's own.</summary>
public sealed record ImportRequest
{
    /// <summary>"densenet121.xrv", or the part after the architecture alone.</summary>
    public required string Name { get; init; }

    public required string HubFolder { get; init; }

    /// <summary>A backbone of the model catalogue.</summary>
    public string? Architecture { get; init; }

    /// <summary>A key of <see cref="ImportMaps.All"/>.</summary>
    public string? Map { get; init; }

    /// <summary>SPDX identifier or LicenseRef-... of the weights: no file of weights says it.</summary>
    public string License { get; init; } = Licenses.Unknown;

    /// <summary>Names of the outputs, in order.</summary>
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>True when exactly one class holds (softmax), false when each holds or not (sigmoid).</summary>
    public bool? ExclusiveClasses { get; init; }

    /// <summary>Of the input, px.</summary>
    public int? Width { get; init; }
    public int? Height { get; init; }

    /// <summary>The wish to stop: weights of some GB take their time to read.</summary>
    internal CancellationToken Cancellation { get; init; }
}

/// <summary>What an import found and did.</summary>
public sealed record ImportSummary
{
    public required ImportedFile File { get; init; }
    public required string Architecture { get; init; }

    /// <summary>Where in the file the weights were: "state_dict"; "" at the top.</summary>
    public required string Place { get; init; }

    /// <summary>What else the file held, by key.</summary>
    public required IReadOnlyList<string> Others { get; init; }

    /// <summary>Tensors in the file.</summary>
    public required int Tensors { get; init; }

    /// <summary>Those that became the model's, and how many of them under another key.</summary>
    public required int Mapped { get; init; }
    public required int Renamed { get; init; }

    public required IReadOnlyList<DroppedKey> Dropped { get; init; }

    /// <summary>Keys of the model that the file lacks and that do not count: num_batches_tracked of batch norms.</summary>
    public required int Filled { get; init; }

    /// <summary>"float32", or "float64, rounded to float32".</summary>
    public required string Precision { get; init; }

    public required IReadOnlyList<string> Classes { get; init; }
    public required string Input { get; init; }
}
