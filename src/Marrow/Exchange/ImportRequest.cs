using Marrow.Checkpoints;

namespace Marrow.Exchange;

/// <summary>What an import is told beside the file; null is found out from the file, or the map's own.</summary>
public sealed class ImportRequest
{
    /// <summary>"densenet121.xrv", or the part after the architecture alone.</summary>
    public required string Name { internal get; init; }

    public required string HubFolder { internal get; init; }

    /// <summary>A backbone of the model catalogue.</summary>
    public string? Architecture { internal get; init; }

    /// <summary>One of <see cref="Importer.Maps"/>.</summary>
    public string? Map { internal get; init; }

    /// <summary>SPDX identifier or LicenseRef-... of the weights: no file of weights says it.</summary>
    public string License { internal get; init; } = Licenses.Unknown;

    /// <summary>Names of the outputs, in order.</summary>
    public IReadOnlyList<string>? Classes { internal get; init; }

    /// <summary>True when exactly one class holds (softmax), false when each holds or not (sigmoid).</summary>
    public bool? ExclusiveClasses { internal get; init; }

    /// <summary>Of the input, px.</summary>
    public int? Width { internal get; init; }
    public int? Height { internal get; init; }
}
