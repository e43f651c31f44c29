using Marrow.Checkpoints;

namespace Marrow.Exchange;

/// <summary>
/// The settings of an import. A setting that is null is found in the file, or is the default of the import map.
/// </summary>
public sealed class ImportRequest
{
    /// <summary>
    /// The name of the new checkpoint, such as "densenet121.xrv", or only its part after the architecture ("xrv").
    /// </summary>
    public required string Name { internal get; init; }

    /// <summary>The folder of the hub that gets the checkpoint.</summary>
    public required string HubFolder { internal get; init; }

    /// <summary>
    /// The backbone's name in the model catalogue, such as "densenet121"; null to recognise it by the weights' shapes.
    /// </summary>
    public string? Architecture { internal get; init; }

    /// <summary>
    /// The name of the import map, one of <see cref="Importer.Maps"/>; null to recognise the source by its keys.
    /// </summary>
    public string? Map { internal get; init; }

    /// <summary>
    /// The set of weights that is meant when the file has several, by its key ("ema", "state_dict.teacher"); null to
    /// take the weights that were trained before averages of them.
    /// </summary>
    public string? Part { internal get; init; }

    /// <summary>
    /// The path of a JSON file that says which of the file's tensors is which, for files with names of their own; null
    /// when the keys are those of a known program.
    /// </summary>
    public string? Keys { internal get; init; }

    /// <summary>
    /// The licence of the weights, as an SPDX identifier or a LicenseRef. Files of weights do not state it.
    /// </summary>
    public string License { internal get; init; } = Licenses.Unknown;

    /// <summary>
    /// The names of the outputs, in order; null for those of the map, or "class0", "class1" and so on where it has
    /// none.
    /// </summary>
    public IReadOnlyList<string>? Classes { internal get; init; }

    /// <summary>
    /// True when exactly one class applies to an image (softmax), false when each applies independently (sigmoid).
    /// </summary>
    public bool? ExclusiveClasses { internal get; init; }

    /// <summary>The width of the model's input in pixels.</summary>
    public int? Width { internal get; init; }

    /// <summary>The height of the model's input in pixels.</summary>
    public int? Height { internal get; init; }
}
