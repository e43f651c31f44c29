using Marrow.Findings;
using Marrow.Imaging;

namespace Marrow.Prediction;

/// <summary>What was measured of the spine on one image, whether it is to be believed or not.</summary>
/// <param name="About">
/// Everything that is known of the image except the spine, with the detector's own confidence.
/// </param>
/// <param name="Spine">The spine, as if it were to be believed.</param>
/// <param name="Explanations">What a regressor's angles come from; null when there are none to explain.</param>
/// <param name="Refusals">The reasons why the image shows no whole spine; empty when it shows one.</param>
internal sealed record SpineMeasurement(
    Finding About, SpinePart Spine, ExplanationsPart? Explanations, IReadOnlyList<string> Refusals)
{
    /// <summary>False when nothing at all was seen that could be measured.</summary>
    public bool IsSeen { get; init; }

    /// <summary>
    /// The probability that cobb1 is within so many degrees of the truth; null where it is not known.
    /// </summary>
    public (double Probability, double Degrees)? Near { get; init; }

    /// <summary>The finding with the spine, whether it is to be believed or not.</summary>
    public Finding Finding => With(
        Near is { } near
            ? new(About) { Confidence = near.Probability, ConfidenceWithinDegrees = near.Degrees }
            : About);

    /// <summary>
    /// The finding of an image without a whole spine, for a reader who wants it all the same. Nobody knows that the
    /// image shows a spine, so nothing is said of how crooked it is, nor of how far the angles may be off.
    /// </summary>
    public Finding Anyway => With(About)
        .With(new SpinePart(Spine) { SawSpine = false, Intervals = [], IntervalLevel = null })
        .Despite(Refusals);

    /// <summary>
    /// Returns the finding for an image without a whole spine. It has no angles and no severity; the vertebrae that
    /// were seen remain, without their names.
    /// </summary>
    public Finding Withheld(IReadOnlyList<string> reasons) => About.Refused(reasons, new SpinePart
    {
        Vertebrae =
        [
            .. Spine.Vertebrae.Where(v => !v.Filled)
                .Select(v => new FoundVertebra("", v.Corners, v.Score) { Evidence = v.Evidence }),
        ],
        SawSpine = Spine.SawSpine,
    });

    public static SpineMeasurement Nothing(
        Radiograph radiograph, IReadOnlyList<CheckpointUse> uses, FindingLooks? looks) => new(new(
        file: radiograph.Source,
        width: radiograph.OriginalWidth,
        height: radiograph.OriginalHeight)
        {
            Confidence = 0,
            Warnings = radiograph.Warnings,
            Checkpoints = uses,
            Looks = looks,
        }, new(), null, []);

    private Finding With(Finding about) =>
        Explanations is null ? about.With(Spine) : about.With(Spine).With(Explanations);
}
