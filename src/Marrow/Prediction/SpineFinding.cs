using Marrow.Spine;

namespace Marrow.Prediction;

/// <summary>
/// What was found on one spine radiograph: vertebrae, angles and how far to trust them. Predictors fill it; overlays,
/// CSV, JSON and HTML show it. All geometry is in original pixels, all angles in degrees.
/// </summary>
public sealed record SpineFinding
{
    /// <summary>The image as the user named it.</summary>
    public required string File { get; init; }

    /// <summary>Size in the file, px.</summary>
    public required int Width { get; init; }
    public required int Height { get; init; }

    /// <summary>Top to bottom; empty when none were found.</summary>
    public IReadOnlyList<FoundVertebra> Vertebrae { get; init; } = [];

    /// <summary>cobb1, cobb2, cobb3 from the corners, each with its two vertebrae; empty when there are too few.</summary>
    public IReadOnlyList<FoundAngle> LandmarkAngles { get; init; } = [];

    /// <summary>cobb1, cobb2, cobb3 from the regressor; empty when none was asked.</summary>
    public IReadOnlyList<double> RegressorDegrees { get; init; } = [];

    /// <summary>cobb1, cobb2, cobb3 as reported: both fused, or the one there is; empty when the image failed.</summary>
    public IReadOnlyList<double> CobbDegrees { get; init; } = [];

    /// <summary>0 to 1: of the whole finding.</summary>
    public double Confidence { get; init; }

    public FindingStatus Status { get; init; } = FindingStatus.Ok;

    /// <summary>What a reader should know ("3 vertebrae were filled in from their neighbours").</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The weights that were used.</summary>
    public IReadOnlyList<CheckpointUse> Checkpoints { get; init; } = [];

    /// <summary>Of the largest reported angle; null when there is none.</summary>
    public Severity? Severity => CobbDegrees.Count == 0 ? null : SpineFinding.Grade(CobbDegrees[0]);

    /// <summary>
    /// The thresholds of treatment in adolescents: from 10 degrees it is called scoliosis, from 25 a brace is
    /// considered, from 45 surgery (Weinstein et al., Lancet 2008).
    /// </summary>
    public static Severity Grade(double cobbDegrees) => cobbDegrees switch
    {
        < 10 => Prediction.Severity.None,
        < 25 => Prediction.Severity.Mild,
        < 45 => Prediction.Severity.Moderate,
        _ => Prediction.Severity.Severe,
    };

    /// <summary>T1 to T12, L1 to L5 by position from the top (0 to 16); "" beyond.</summary>
    public static string LevelName(int position) => position switch
    {
        >= 0 and < 12 => $"T{position + 1}",
        >= 12 and < 17 => $"L{position - 11}",
        _ => "",
    };
}

/// <summary>One vertebra of a finding.</summary>
/// <param name="Level">"T1" to "L5".</param>
/// <param name="Corners">In original pixels.</param>
/// <param name="Score">0 to 1.</param>
/// <param name="Filled">True when it was not seen but put between its neighbours.</param>
public sealed record FoundVertebra(string Level, Vertebra Corners, double Score, bool Filled = false);

/// <summary>An angle between two vertebrae.</summary>
/// <param name="Degrees">0 to 180.</param>
/// <param name="Upper">Position in <see cref="SpineFinding.Vertebrae"/> of the upper vertebra.</param>
/// <param name="Lower">The same of the lower one; may equal <paramref name="Upper"/> when the angle is 0.</param>
public sealed record FoundAngle(double Degrees, int Upper, int Lower);

/// <param name="Role">"landmarks" or "cobb".</param>
/// <param name="Name">As "retinanet-densenet121.spineweb16".</param>
/// <param name="Digest">SHA-256 of its content.</param>
public sealed record CheckpointUse(string Role, string Name, string Digest);

/// <summary>Severity of a scoliosis by its largest Cobb angle.</summary>
public enum Severity
{
    None,
    Mild,
    Moderate,
    Severe,
}

/// <summary>How a finding may be used.</summary>
public enum FindingStatus
{
    Ok,

    /// <summary>Something is unusual: a person should look at it.</summary>
    Check,

    /// <summary>The image could not be read or shows no spine.</summary>
    Failed,
}
