namespace Marrow.Prediction;

/// <summary>What every prediction says of one image. All geometry is in original pixels.</summary>
public abstract record Finding
{
    /// <summary>The image as the user named it.</summary>
    public required string File { get; init; }

    /// <summary>Size in the file, px; 0 when it could not be read.</summary>
    public required int Width { get; init; }
    public required int Height { get; init; }

    public FindingStatus Status { get; init; } = FindingStatus.Ok;

    /// <summary>What a reader should know ("3 vertebrae were filled in from their neighbours").</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>How a finding may be used.</summary>
public enum FindingStatus
{
    Ok,

    /// <summary>Something is unusual, and the warnings say what: a person should look at it.</summary>
    Check,

    /// <summary>The image could not be read or shows no whole spine: nothing is measured, and the warnings say why.</summary>
    Failed,
}
