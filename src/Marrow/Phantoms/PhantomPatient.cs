using Marrow.Imaging;

namespace Marrow.Phantoms;

/// <summary>
/// One person: the sizes that the painters share, drawn once, millimetres of an adolescent of average size (the
/// camera's scale makes children and adults of it). "Right" and "left" are the image's sides unless said otherwise;
/// in an AP radiograph the heart's apex lies to the image's right.
/// </summary>
internal sealed class PhantomPatient
{
    public PhantomPatient(SeededRandom random, double cobb1Degrees, ChestSigns signs)
    {
        Signs = signs;
        Spine = SpineCurve.Create(random, cobb1Degrees);
        CageHalfWidthMm = random.Uniform(112, 132);
        ChestDepthMm = random.Uniform(165, 215);
        LungDepthMm = ChestDepthMm * random.Uniform(0.66, 0.76);
        LungDensity = random.Uniform(0.2, 0.34);
        DomeRightMm = random.Uniform(196, 226);
        DomeLeftMm = DomeRightMm + random.Uniform(-2, 16);
        HeartScale = signs.HeartScale * random.Uniform(0.94, 1.06);
        AorticKnobMm = random.Uniform(10, 15);
        MediastinumMm = random.Uniform(19, 25) * signs.MediastinumScale;
        SubcutaneousMm = random.Uniform(16, 36);
        BreastMm = random.Chance(0.5) ? random.Uniform(6, 24) : 0;
        BoneDensity = random.Uniform(0.85, 1.15);
        RibDropMm = random.Uniform(66, 96);
        CrestMm = random.Uniform(-46, -28);
        Rotation = random.Uniform(-0.12, 0.12);
    }

    public ChestSigns Signs { get; }
    public SpineCurve Spine { get; }
    public double CageHalfWidthMm { get; }
    public double ChestDepthMm { get; }
    public double LungDepthMm { get; }

    /// <summary>Density of aerated lung, water = 1.</summary>
    public double LungDensity { get; }

    /// <summary>Highest points of the diaphragm on the image's left (the patient's right) and right.</summary>
    public double DomeRightMm { get; }
    public double DomeLeftMm { get; }

    public double HeartScale { get; }
    public double AorticKnobMm { get; }

    /// <summary>Half-width of the upper mediastinum.</summary>
    public double MediastinumMm { get; }
    public double SubcutaneousMm { get; }
    public double BreastMm { get; }
    public double BoneDensity { get; }

    /// <summary>How far a rib falls from the spine to its front end.</summary>
    public double RibDropMm { get; }

    /// <summary>Top of the iliac crests against the end of L5.</summary>
    public double CrestMm { get; }

    /// <summary>
    /// Sideways shift of pedicles and spinous processes from turning the body, half-widths of a vertebra.
    /// </summary>
    public double Rotation { get; }

    /// <summary>How much shorter the bent spine makes the chest.</summary>
    public double ThoraxScale => Spine.ThoraxEndMm / 272;

    /// <summary>The cage and its contents follow the spine halfway.</summary>
    public double CageCenterAt(double yMm) => 0.5 * Spine.XAt(Math.Clamp(yMm, 0, 1.3 * Spine.ThoraxEndMm));

    public double MediastinumCenterAt(double yMm) => 0.7 * Spine.XAt(Math.Clamp(yMm, 0, 1.3 * Spine.ThoraxEndMm));

    /// <summary>Inner half-width of the rib cage; 0 above the lungs' tops.</summary>
    public double CageHalfWidthAt(double yMm)
    {
        var y = yMm / ThoraxScale;
        var u = (y - 2) / 205;
        if (u <= 0)
            return 0;
        var v = 1 - Math.Min(u, 1);
        return CageHalfWidthMm * (Math.Sqrt(1 - v * v * (0.55 + 0.45 * v)) + 0.04 * Math.Max(0, u - 1));
    }
}

/// <summary>What of a patient shows illness; the values of <see cref="None"/> show none.</summary>
internal sealed record ChestSigns
{
    public static readonly ChestSigns None = new();

    public double HeartScale { get; init; } = 0.95;
    public double MediastinumScale { get; init; } = 1;

    /// <summary>
    /// Height of the fluid above the costophrenic angle, mm, for the image's left and right; 0 is none.
    /// </summary>
    public double EffusionLeftMm { get; init; }
    public double EffusionRightMm { get; init; }

    /// <summary>Share of the lung's air that patches of the lung have lost.</summary>
    public IReadOnlyList<LungPatch> Patches { get; init; } = [];

    /// <summary>0 to 1: haze around the hila and thick vessels on both sides.</summary>
    public double Edema { get; init; }

    /// <summary>
    /// Width of the air outside a collapsed lung, mm; positive on the image's right, negative on its left.
    /// </summary>
    public double PneumothoraxMm { get; init; }

    /// <summary>Rib (0 = first) and side (-1 left, 1 right) that is broken and displaced; null when none.</summary>
    public (int Rib, int Side)? Fracture { get; init; }
    public bool HasDevices { get; init; }
}

/// <summary>
/// An ellipse of lung without its air; place as shares: across 0 (mediastinum) to 1 (ribs), down 0 (top) to 1
/// (diaphragm).
/// </summary>
/// <param name="Side">-1 for the image's left, 1 for its right.</param>
/// <param name="Sharpness">0 fades out, 1 has an edge.</param>
internal sealed record LungPatch(
    int Side,
    double Across,
    double Down,
    double RadiusXMm,
    double RadiusYMm,
    double TiltRadians,
    double Strength,
    double Sharpness);
