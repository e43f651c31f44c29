using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks.Vertebrae;

/// <summary>The sentences that tell a reader about the spine that a detector found on a film.</summary>
/// <param name="Warnings">Remarks that a reader should know.</param>
/// <param name="Doubts">The reasons why a person should check the finding.</param>
/// <param name="Refusals">The reasons why the film shows no whole spine; empty when it shows one.</param>
internal sealed record SpineJudgement(
    IReadOnlyList<string> Warnings, IReadOnlyList<string> Doubts, IReadOnlyList<string> Refusals)
{
    /// <param name="spine">The spine in input pixels.</param>
    /// <param name="detected">The same spine in the film's pixels.</param>
    /// <param name="corners">
    /// The vertebrae that are measured, in the film's pixels: the detector's own or refined ones.
    /// </param>
    /// <param name="toInput">The transform from the film's pixels to input pixels.</param>
    /// <param name="unfamiliarity">How unfamiliar the film is to the detector; 0 where that is not known.</param>
    public static SpineJudgement Of(SpinePrediction spine, DetectedSpine detected, IReadOnlyList<Vertebra> corners,
        AffineTransform toInput, double unfamiliarity, VertebraeDecoding decoding)
    {
        var (warnings, doubts) = (new List<string>(), new List<string>());
        var refusals = detected.IsUsable
            ? SpineEvidence.Of(spine.FirstLook ?? spine, toInput, unfamiliarity, decoding.WholeSpine)
                .Refusals(decoding.WholeSpine)
            : ["No whole spine was found: no vertebra was seen."];
        var (filled, least) = (spine.Filled.Count(f => f), decoding.Judgement.LeastConfidence);
        if (filled > 0)
        {
            var told = filled > decoding.Judgement.MostFilledVertebrae ? doubts : warnings;
            told.Add($"{filled} of {Vertebra.Count} vertebrae were not seen but placed from their neighbours.");
        }
        if (spine.Confidence < least)
            doubts.Add(FormattableString.Invariant($"The confidence is {spine.Confidence:F2}, under {least:0.##}."));
        if (SpineEvidence.Misplaced(corners, detected.Height, decoding.WholeSpine) is { } misplaced)
            doubts.Add(misplaced);
        return new(warnings, doubts, refusals);
    }
}
