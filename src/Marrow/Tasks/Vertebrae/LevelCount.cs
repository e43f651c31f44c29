using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Spine;

namespace Marrow.Tasks.Vertebrae;

/// <summary>
/// Says how the vertebrae of a chain are counted: a chain of 17 may begin one vertebra too high or too low, since C7
/// and T1, or L5 and the sacrum, look alike. A run learns from its training labels where the ends of a spine usually
/// stand; see <see cref="LevelCount"/>.
/// </summary>
internal sealed record CountingDecoding
{
    /// <summary>The largest number of levels by which the count is moved.</summary>
    [Range(0, 3)]
    public int MostLevels { get; init; } = 1;

    /// <summary>
    /// The weight of the scores' log-odds beside the places of the ends. On two fifths of SpineWeb 16, out of fold, 0
    /// to 0.3 count alike, and 1 counts worse.
    /// </summary>
    [Range(0.0, 10.0)]
    public double ScoreShare { get; init; } = 0.15;

    /// <summary>The mean place of the first vertebra's centre, as a share of the input's height.</summary>
    [Range(-1.0, 1.0)]
    public double FirstCenterShare { get; init; } = 0.045;

    /// <summary>The mean place of the last vertebra's centre, as a share of the input's height.</summary>
    [Range(0.0, 2.0)]
    public double LastCenterShare { get; init; } = 0.905;

    /// <summary>The spread of the first vertebra's place, as a share of the input's height.</summary>
    [Range(0.001, 1.0)]
    public double FirstSpreadShare { get; init; } = 0.025;

    /// <summary>The spread of the last vertebra's place, as a share of the input's height.</summary>
    [Range(0.001, 1.0)]
    public double LastSpreadShare { get; init; } = 0.045;

    /// <summary>
    /// The highest cost of the place of an end. Where both ends cost as much, as on a film of another extent, places
    /// decide nothing.
    /// </summary>
    [Range(0.0, 100.0)]
    public double MostEndCost { get; init; } = 2;
}

/// <summary>
/// Chooses the vertebra with which the count of a chain begins. The chain's own choice rests on scores, which hardly
/// know a level; a film of the whole spine is framed by its ends, so where the first and the last vertebra stand tells
/// more. Of SpineWeb 16, two fifths out of fold, 84 % of the films are then counted as the labels count, where 78 %
/// were.
/// </summary>
internal static class LevelCount
{
    private const int LeastFilms = 8;     // with fewer, nothing is learnt
    private const double Widening = 1.5;  // of the labels' spread, since the detector errs as well
    private const double LeastSpread = 0.01;
    private const int SteppedOver = 3;    // steps whose mean leads on beyond an end
    private const double LeastScore = 0.005;

    /// <summary>
    /// Returns how films like these are counted; null when they are too few or their labels are no whole spines.
    /// </summary>
    /// <param name="ends">
    /// The centres of the first and the last labelled vertebra, as shares of the input's height.
    /// </param>
    public static CountingDecoding? Learn(IReadOnlyList<(double First, double Last)> ends)
    {
        if (ends.Count < LeastFilms)
            return null;
        var (first, firstSpread) = MeanAndSpread([.. ends.Select(e => e.First)]);
        var (last, lastSpread) = MeanAndSpread([.. ends.Select(e => e.Last)]);
        return first is < -1 or > 1 || last is < 0 or > 2 ? null : new()
        {
            FirstCenterShare = first,
            FirstSpreadShare = firstSpread,
            LastCenterShare = last,
            LastSpreadShare = lastSpread,
        };
    }

    /// <summary>Returns the spine with the count that is most likely; the same where it is the chain's own.</summary>
    /// <param name="detections">What was seen, from which a vertebra beyond an end is taken.</param>
    /// <param name="height">The height of the input in pixels.</param>
    public static SpinePrediction Of(
        SpinePrediction spine, IReadOnlyList<Detection> detections, CountingDecoding decoding, int height)
    {
        if (spine.Filled.All(filled => filled))
            return spine; // Nothing was seen: there is nothing to count.
        var levels = new LinkedList<Level>(spine.Vertebrae.Select((v, i) => new Level(v, spine.Scores[i])));
        for (var i = 0; i < decoding.MostLevels; i++)
        {
            levels.AddFirst(Beyond([.. levels.Take(SteppedOver + 1)], detections));
            levels.AddLast(Beyond([.. levels.Reverse().Take(SteppedOver + 1)], detections));
        }
        Level[] all = [.. levels];
        var best = Enumerable.Range(0, 2 * decoding.MostLevels + 1)
            .Where(start => start == decoding.MostLevels
                || (IsInside(all[start]) && IsInside(all[start + Vertebra.Count - 1])))
            .OrderBy(start => Math.Abs(start - decoding.MostLevels))
            .MaxBy(Likelihood); // of equals the nearest
        if (best == decoding.MostLevels)
            return spine;
        var counted = all[best..(best + Vertebra.Count)];
        var (before, after) = (spine.Scores.Average(), counted.Average(level => level.Score));
        return spine with
        {
            Vertebrae = [.. counted.Select(level => level.Vertebra)],
            Scores = [.. counted.Select(level => level.Score)],
            Filled = [.. counted.Select(level => level.Score == 0)],
            Confidence = Math.Clamp(spine.Confidence * after / before, 0, 1),
        };

        bool IsInside(in Level level) => level.Vertebra.Center.Y >= 0 && level.Vertebra.Center.Y <= height;

        double Likelihood(int start)
        {
            var scores = all[start..(start + Vertebra.Count)].Sum(level => LogOdds(level.Score));
            return decoding.ScoreShare * scores
                - Cost(all[start], decoding.FirstCenterShare, decoding.FirstSpreadShare)
                - Cost(all[start + Vertebra.Count - 1], decoding.LastCenterShare, decoding.LastSpreadShare);
        }

        double Cost(in Level end, double usual, double spread)
        {
            var away = (end.Vertebra.Center.Y / height - usual) / spread;
            return Math.Min(0.5 * away * away, decoding.MostEndCost);
        }
    }

    /// <summary>
    /// Returns the vertebra beyond an end: the best detection within half a step of where the last steps lead, or, when
    /// there is none, the end's own shape there, with score 0.
    /// </summary>
    /// <param name="end">The end first, and what follows it inwards.</param>
    private static Level Beyond(Level[] end, IReadOnlyList<Detection> detections)
    {
        var (outer, inner) = (end[0].Vertebra, end[^1].Vertebra);
        var step = (outer.Center - inner.Center) * (1.0 / (end.Length - 1));
        var (place, near) = (outer.Center + step, 0.5 * step.DistanceTo(default));
        Detection[] seen = [.. detections.Where(d => d.Vertebra.Center.DistanceTo(place) < near)];
        return seen.Length > 0 && seen.MaxBy(d => d.Score) is var best
            ? new(best.Vertebra, best.Score)
            : new(outer.Transform(AffineTransform.Translate(step.X, step.Y)), 0);
    }

    private static double LogOdds(double score)
    {
        var bounded = Math.Clamp(score, LeastScore, 1 - LeastScore);
        return Math.Log(bounded / (1 - bounded));
    }

    private static (double Mean, double Spread) MeanAndSpread(double[] values)
    {
        var (mean, variance) = StudentT.MeanAndVariance(values);
        return (mean, Math.Clamp(Widening * Math.Sqrt(variance), LeastSpread, 1));
    }

    private readonly record struct Level(Vertebra Vertebra, double Score);
}
