using Marrow.Spine;

namespace Marrow.Tasks.Intervals;

/// <summary>One film, measured by models that had not seen its patient.</summary>
/// <param name="Patient">Films of one patient are divided together.</param>
/// <param name="Fold">The number of the fold whose models measured it.</param>
/// <param name="Truth">The true angles, in degrees.</param>
/// <param name="Found">The angles of the corners, in degrees.</param>
/// <param name="Spreads">How unsure each angle is.</param>
/// <param name="Detector">The detector's own confidence, 0 to 1.</param>
internal sealed record CalibrationFilm(
    string Patient, int Fold, IReadOnlyList<double> Truth, IReadOnlyList<double> Found,
    IReadOnlyList<AngleSpread> Spreads, double Detector)
{
    /// <summary>Returns how far an angle is from the truth, in degrees.</summary>
    public double Error(int angle) => Math.Abs(Found[angle] - Truth[angle]);
}
