using Marrow.Spine;

namespace Marrow.Prediction;

/// <summary>
/// What was found on one spine radiograph: vertebrae, angles and how far to trust them. Predictors fill it; overlays,
/// CSV, JSON and HTML show it. All geometry is in original pixels, all angles in degrees.
/// </summary>
public sealed record SpineFinding : Finding
{
    /// <summary>Top to bottom; empty when none were found. Of a film without a whole spine those that were seen, without levels.</summary>
    public IReadOnlyList<FoundVertebra> Vertebrae { get; init; } = [];

    /// <summary>The angles of the corners, with pairs that count in <see cref="Vertebrae"/>; null when those are too few.</summary>
    public CobbMeasurement? LandmarkAngles { get; init; }

    /// <summary>cobb1, cobb2, cobb3 as the corners' own error lets expect them (<see cref="CobbExpectation"/>); empty without corners.</summary>
    public IReadOnlyList<double> ExpectedDegrees { get; init; } = [];

    /// <summary>cobb1, cobb2, cobb3 from the regressor; empty when none was asked.</summary>
    public IReadOnlyList<double> RegressorDegrees { get; init; } = [];

    /// <summary>cobb1, cobb2, cobb3 as reported: the expected and the regressor's mixed, or those there are; empty when the image failed or shows no whole spine.</summary>
    public IReadOnlyList<double> CobbDegrees { get; init; } = [];

    /// <summary>0 to 1: of the whole finding.</summary>
    public double Confidence { get; init; }

    /// <summary>The weights that were used.</summary>
    public IReadOnlyList<CheckpointUse> Checkpoints { get; init; } = [];

    /// <summary>Of the largest reported angle; null when there is none, and when no detector saw the spine that it would be said of.</summary>
    public CurveSeverity? Severity => CobbDegrees.Count == 0 || !SawSpine ? null : CobbAngles.SeverityOf(CobbDegrees[0]);

    /// <summary>False where nobody looked for a spine, as with a regressor alone.</summary>
    internal bool SawSpine { get; init; } = true;

    /// <summary>T1 to T12, L1 to L5 by position from the top (0 to 16); "" beyond.</summary>
    public static string LevelName(int position) => position switch
    {
        >= 0 and < 12 => $"T{position + 1}",
        >= 12 and < 17 => $"L{position - 11}",
        _ => "",
    };
}

/// <summary>One vertebra of a finding.</summary>
/// <param name="Level">"T1" to "L5"; "" where that can't be known.</param>
/// <param name="Corners">In original pixels.</param>
/// <param name="Score">0 to 1.</param>
/// <param name="Filled">True when it was not seen but put between its neighbours.</param>
public sealed record FoundVertebra(string Level, Vertebra Corners, double Score, bool Filled = false);

/// <param name="Role">"landmarks", "cobb", or "corners" of one that refines those of the first.</param>
/// <param name="Name">As "retinanet-densenet121.spineweb16".</param>
/// <param name="Digest">SHA-256 of its content.</param>
public sealed record CheckpointUse(string Role, string Name, string Digest);
