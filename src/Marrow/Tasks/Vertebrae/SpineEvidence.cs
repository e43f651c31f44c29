using System.Globalization;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks.Vertebrae;

/// <summary>
/// Whether a film shows the whole spine that a detector was asked for. The decoder always gives 17 vertebrae: on ten it
/// draws seven more between them, on a hand 17 along the fingers. Three things give that away, in what the first look
/// saw: a part of the chain scores low, the boxes are too flat, and the film is a little unfamiliar. The score needed
/// rises with both others. On a whole-spine film a vertebra is about 1.7 times as wide as it is high; squeezed between
/// its neighbours it has its true width and a part of its height.
///
/// Measured with the detector of recipes/spine-densenet.yaml, the values of its contract chosen on one half of the
/// films and rates of the other: refused are the upper and the lower half and the lower 70 % of 40 held-out films each
/// (all), the upper 70 % (95 to 100 %), 60 hands, 60 chests, 60 lateral heads, 60 other bones, noise, gradients and
/// frames of one grey (all); 3 of 101 held-out whole-spine films and 1 % of those trained on, most of which are
/// measured wrongly.
/// </summary>
/// <param name="WeakestRun">
/// The mean score, 0 to 1, of those neighbouring vertebrae whose mean is lowest. The contract says how many neighbours
/// they are.
/// </param>
/// <param name="WeakestAt">The index of the first of those vertebrae.</param>
/// <param name="MeanScore">The mean score of all 17 vertebrae.</param>
/// <param name="Flatness">The median ratio of width to height of the boxes, in pixels of the film.</param>
/// <param name="Unfamiliarity">
/// How far the film is from those of the training, as a multiple of what is allowed; 0 where that is not known.
/// </param>
internal sealed record SpineEvidence(
    double WeakestRun, int WeakestAt, double MeanScore, double Flatness, double Unfamiliarity)
{
    /// <param name="spine">The spine of the first look, in input pixels.</param>
    public static SpineEvidence Of(
        SpinePrediction spine, AffineTransform toInput, double unfamiliarity, WholeSpineDecoding decoding)
    {
        var toFilm = toInput.Invert();
        Vertebra[] onFilm = [.. spine.Vertebrae.Select(v => v.Transform(toFilm))];
        var (weakest, at) = (double.PositiveInfinity, 0);
        for (var first = 0; first + decoding.RunVertebrae <= spine.Scores.Count; first++)
        {
            var mean = spine.Scores.Skip(first).Take(decoding.RunVertebrae).Average();
            if (mean < weakest)
                (weakest, at) = (mean, first);
        }
        double[] flat = [.. onFilm.Select(Flat).Order()];
        return new(weakest, at, spine.Scores.Average(), flat[flat.Length / 2], unfamiliarity);
    }

    /// <summary>Returns sentences that say why the film shows no whole spine; empty when it shows one.</summary>
    public IReadOnlyList<string> Refusals(WholeSpineDecoding decoding)
    {
        const double leastOfLn = 1e-3;
        var forShape = decoding.ScorePerLnFlatness * Math.Log(Math.Max(Flatness, leastOfLn))
            + decoding.ScoreAtSquare;
        var forDistance = decoding.ScorePerLnUnfamiliarity * Math.Log(Math.Max(Unfamiliarity, leastOfLn))
            + decoding.ScoreAtLimit;
        if (MeanScore >= decoding.LeastMeanScore && WeakestRun >= Math.Max(forShape, forDistance))
            return [];
        const string nothing = "No whole spine was found";
        var reasons = new List<string>();
        if (MeanScore < decoding.LeastMeanScore)
        {
            var scores = FormattableString.Invariant($"{MeanScore:F2}, under {decoding.LeastMeanScore:0.##}");
            reasons.Add($"{nothing}: the mean score of the {Vertebra.Count} vertebrae is {scores}.");
        }
        if (Flatness >= decoding.FlatFrom)
        {
            var flatness = FormattableString.Invariant($"{Flatness:F1} times as wide as high");
            reasons.Add($"{nothing}: the boxes are {flatness}, too flat for vertebrae; "
                + "the film seems to be cut off or to show something else.");
        }
        else if (reasons.Count == 0)
        {
            var last = WeakestAt + decoding.RunVertebrae - 1;
            var levels = $"{SpinePart.LevelName(WeakestAt)} to {SpinePart.LevelName(last)}";
            reasons.Add(FormattableString.Invariant($"{nothing}: {levels} score {WeakestRun:F2} only."));
        }
        return reasons;
    }

    /// <summary>
    /// Returns a warning about a spine that fills only a small part of the film, since the detector has learnt from
    /// films that the spine fills; null when there is none.
    /// </summary>
    public static string? Misplaced(IReadOnlyList<Vertebra> vertebrae, int filmHeight, WholeSpineDecoding decoding)
    {
        var (first, last) = (vertebrae[0].Center.Y / filmHeight, vertebrae[^1].Center.Y / filmHeight);
        return first <= decoding.LatestFirstShare && last >= decoding.EarliestLastShare
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"The spine stands from {100 * first:F0} to {100 * last:F0} % of the film's height, where it usually "
                    + $"fills it: cut off what is above T1 and below the sacrum."
            );
    }

    private static double Flat(Vertebra v)
    {
        var height = (v.TopLeft.DistanceTo(v.BottomLeft) + v.TopRight.DistanceTo(v.BottomRight)) / 2;
        return v.Axis.DistanceTo(default) / Math.Max(height, 1e-6);
    }
}
