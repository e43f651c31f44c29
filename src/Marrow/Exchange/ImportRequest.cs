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
    public CancellationToken Cancellation { get; init; }
}

/// <summary>What an import found and did.</summary>
public sealed class ImportSummary
{
    internal ImportSummary(
        ImportedFile file, string architecture, string place, IReadOnlyList<string> others, int tensors, int mapped,
        int renamed, IReadOnlyList<DroppedKey> dropped, int filled, string precision, IReadOnlyList<string> classes,
        string input) =>
        (
            File, Architecture, Place, Others, Tensors, Mapped, Renamed, Dropped, Filled, Precision, Classes, Input) = (
            file, architecture, place, others, tensors, mapped, renamed, dropped, filled, precision, classes, input);

    public ImportedFile File { get; }
    public string Architecture { get; }

    /// <summary>Where in the file the weights were: "state_dict"; "" at the top.</summary>
    public string Place { get; }

    /// <summary>What else the file held, by key.</summary>
    public IReadOnlyList<string> Others { get; }

    /// <summary>Tensors in the file.</summary>
    public int Tensors { get; }

    /// <summary>Those that became the model's, and how many of them under another key.</summary>
    public int Mapped { get; }
    public int Renamed { get; }

    public IReadOnlyList<DroppedKey> Dropped { get; }

    /// <summary>
    /// Keys of the model that the file lacks and that do not count: num_batches_tracked of batch norms.
    /// </summary>
    public int Filled { get; }

    /// <summary>"float32", or "float64, rounded to float32".</summary>
    public string Precision { get; }

    public IReadOnlyList<string> Classes { get; }
    public string Input { get; }
}
