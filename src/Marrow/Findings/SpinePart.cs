using Marrow.Spine;

namespace Marrow.Findings;

/// <summary>The vertebrae and the Cobb angles of one spine.</summary>
public sealed class SpinePart : FindingPart
{
    internal SpinePart()
    {
    }

    /// <summary>The same, to be changed in what an initialiser names.</summary>
    internal SpinePart(SpinePart like)
    {
        (Vertebrae, LandmarkAngles, SawSpine) = (like.Vertebrae, like.LandmarkAngles, like.SawSpine);
        (ExpectedDegrees, RegressorDegrees) = (like.ExpectedDegrees, like.RegressorDegrees);
        (FusedDegrees, CobbDegrees) = (like.FusedDegrees, like.CobbDegrees);
        (MmPerPixel, PatientSideAtLeft) = (like.MmPerPixel, like.PatientSideAtLeft);
        (Intervals, IntervalLevel, Spreads) = (like.Intervals, like.IntervalLevel, like.Spreads);
    }

    /// <summary>
    /// Top to bottom; empty when none were found. Of a film without a whole spine those that were seen, without levels.
    /// </summary>
    public IReadOnlyList<FoundVertebra> Vertebrae { get; internal init; } = [];

    /// <summary>
    /// The angles of the corners, with pairs that count in <see cref="Vertebrae"/>; null when those are too few.
    /// </summary>
    public CobbMeasurement? LandmarkAngles { get; internal init; }

    /// <summary>
    /// For each angle of <see cref="LandmarkAngles"/> where the true one is likely to lie; empty where the errors of
    /// these checkpoints together were never measured.
    /// </summary>
    public IReadOnlyList<AngleInterval> Intervals { get; internal init; } = [];

    /// <summary>
    /// How often the true angle lies in such an interval, of films like those of the data, as 0.9; null where there are
    /// no <see cref="Intervals"/>.
    /// </summary>
    public double? IntervalLevel { get; internal init; }

    /// <summary>How unsure each angle of <see cref="LandmarkAngles"/> is; empty where there are none.</summary>
    internal IReadOnlyList<AngleSpread> Spreads { get; init; } = [];

    /// <summary>
    /// cobb1, cobb2, cobb3 as the corners' own error lets expect them (<see cref="CobbExpectation"/>); empty without
    /// corners.
    /// </summary>
    public IReadOnlyList<double> ExpectedDegrees { get; internal init; } = [];

    /// <summary>cobb1, cobb2, cobb3 from the regressor; empty when none was asked.</summary>
    public IReadOnlyList<double> RegressorDegrees { get; internal init; } = [];

    /// <summary>
    /// The expected and the regressor's angles mixed, as the checkpoints' contracts say; empty unless there are both.
    /// </summary>
    public IReadOnlyList<double> FusedDegrees { get; internal init; } = [];

    /// <summary>
    /// cobb1, cobb2, cobb3 as reported: those of the corners, which a reader can check on the picture, or the
    /// regressor's where no detector looked; empty when the image failed or shows no whole spine.
    /// </summary>
    public IReadOnlyList<double> CobbDegrees { get; internal init; } = [];

    /// <summary>
    /// Of the largest reported angle; null when there is none, and when no detector saw the spine that it would be said
    /// of.
    /// </summary>
    public CurveSeverity? Severity =>
        CobbDegrees.Count == 0 || !SawSpine ? null : CobbAngles.SeverityOf(CobbDegrees[0]);

    /// <summary>
    /// The curves as surgeons name them, top to bottom, of the corners alone; empty for a straight spine, and where
    /// <see cref="Alignment"/> is null.
    /// </summary>
    public IReadOnlyList<FoundCurve> Curves =>
        IsMeasured ? [.. SpinalCurves.Of(Corners).Select(shape => new FoundCurve(this, shape))] : [];

    /// <summary>
    /// The tilts of the ends and the offset between them, of the corners alone; null where no detector measured a whole
    /// spine of 17.
    /// </summary>
    public SpineAlignment? Alignment => IsMeasured ? new(Corners, MmPerPixel) : null;

    /// <summary>The side of a pixel; null where the image does not say.</summary>
    internal double? MmPerPixel { get; init; }

    /// <summary>
    /// The side of the patient that is at the image's left; null where the image does not say. It is never guessed:
    /// some hospitals show the spine as seen from behind, some from the front.
    /// </summary>
    internal Side? PatientSideAtLeft { get; init; }

    private bool IsMeasured => LandmarkAngles is not null && Vertebrae.Count == Vertebra.Count;

    private IReadOnlyList<Vertebra> Corners => [.. Vertebrae.Select(v => v.Corners)];

    /// <summary>False where nobody looked for a spine, as with a regressor alone.</summary>
    internal bool SawSpine { get; init; } = true;

    /// <summary>T1 to T12, L1 to L5 by position from the top (0 to 16); "" beyond.</summary>
    internal static string LevelName(int position) => position switch
    {
        >= 0 and < 12 => $"T{position + 1}",
        >= 12 and < 17 => $"L{position - 11}",
        _ => "",
    };
}

/// <summary>One vertebra of a finding.</summary>
public sealed class FoundVertebra
{
    internal FoundVertebra(string level, Vertebra corners, double score, bool filled = false) =>
        (Level, Corners, Score, Filled) = (level, corners, score, filled);

    /// <summary>"T1" to "L5"; "" where that can't be known.</summary>
    public string Level { get; }

    /// <summary>In original pixels.</summary>
    public Vertebra Corners { get; }

    /// <summary>0 to 1.</summary>
    public double Score { get; }

    /// <summary>True when it was not seen but put between its neighbours.</summary>
    public bool Filled { get; }

    /// <summary>How well several looks agree on it; null when no explanation was asked for.</summary>
    public VertebraEvidence? Evidence { get; internal init; }
}
