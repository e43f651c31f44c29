namespace Marrow.Tasks.Intervals;

/// <summary>The decoding of a model that gives the corners of vertebrae, from which the angles are measured.</summary>
internal abstract record CornersDecoding : DecodingContract
{
    /// <summary>
    /// What is known of the errors of the angles; null in a checkpoint whose errors nobody has measured out of fold.
    /// </summary>
    public SpineCalibration? Calibration { get; init; }

    /// <summary>The values on which the angles depend; the others have their defaults.</summary>
    internal virtual CornersDecoding OfAngles => this with { Calibration = null };
}
