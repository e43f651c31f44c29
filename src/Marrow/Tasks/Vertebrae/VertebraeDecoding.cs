using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Spine;
using Marrow.Tasks.Intervals;

namespace Marrow.Tasks.Vertebrae;

/// <summary>
/// Says how a detector's outputs become vertebrae and angles, and how these are judged. The groups follow the order of
/// the steps.
/// </summary>
internal sealed record VertebraeDecoding : CornersDecoding
{
    public CandidateDecoding Candidates { get; init; } = new();
    public ChainDecoding Chain { get; init; } = new();

    /// <summary>How the chain's vertebrae are counted; null to count as the chain does.</summary>
    public CountingDecoding? Counting { get; init; }

    public SecondLookDecoding SecondLook { get; init; } = new();
    public AngleDecoding Angles { get; init; } = new();
    public WholeSpineDecoding WholeSpine { get; init; } = new();
    public SpineJudgementDecoding Judgement { get; init; } = new();

    internal override CornersDecoding OfAngles =>
        this with
        {
            Calibration = null,
            Counting = Counting is null ? null : new(), // The places are each training's own.
            WholeSpine = new(),
            Judgement = new(),
        };

    internal override IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random) =>
        [.. VertebraeRehearsal.Of(this, random), .. Calibration?.Rehearse(random) ?? []];
}

/// <summary>Says which anchors are used, and which of them see the same vertebra.</summary>
internal sealed record CandidateDecoding
{
    /// <summary>The largest number of anchors that are used. RetinaNet keeps as many before suppression.</summary>
    [Range(1, 10_000)]
    public int MostAnchors { get; init; } = 1000;

    /// <summary>
    /// The lowest score of an anchor that is used. Weak detections are weighed by the chain and help at the ends of the
    /// spine.
    /// </summary>
    [Range(0.0001, 0.9999)]
    public float LeastScore { get; init; } = 0.01f;

    /// <summary>
    /// The overlap (IoU) from which two boxes are the same vertebra, which is that of RetinaNet's suppression.
    /// </summary>
    [Range(0.0, 1.0)]
    public float SameVertebraIou { get; init; } = 0.5f;

    /// <summary>
    /// The overlap (IoU) with the best box of a vertebra from which the corners of both are averaged.
    /// </summary>
    [Range(0.0, 1.0)]
    public float AveragedIou { get; init; } = 0.6f;

    /// <summary>The lowest score of a box that is averaged, as a share of the best box's score.</summary>
    [Range(0.0, 1.0)]
    public float AveragedScoreShare { get; init; } = 0.3f;
}

/// <summary>
/// The properties of real spines by which the best chain is found. They were measured on the labels of SpineWeb 16 (453
/// images with ordered landmarks, 224 x 640) and widened for the errors of a detector. Spreads are standard deviations;
/// costs and rewards are negative log-likelihoods.
/// </summary>
internal sealed record ChainDecoding
{
    /// <summary>
    /// The largest number of detections that are examined, the best first. It limits the time that the chain takes.
    /// </summary>
    [Range(1, 500)]
    public int MostDetections { get; init; } = 80;

    /// <summary>
    /// The longest step from one detection to the next, in vertebrae. With 4, up to 3 vertebrae in a row may be
    /// missing.
    /// </summary>
    [Range(1, 17)]
    public int LongestStepVertebrae { get; init; } = 4;

    /// <summary>
    /// The distance between the centres of neighbours, as a multiple of a vertebra's height. It is the median; 98 %
    /// have 1.1 to 2.1.
    /// </summary>
    [Range(0.5, 5.0)]
    public double SpacingPerHeight { get; init; } = 1.37;

    /// <summary>
    /// The distance between the centres of neighbours at the top of the film, as a share of the film's height.
    /// </summary>
    [Range(0.005, 0.2)]
    public double FilmSpacingShare { get; init; } = 0.0378;

    /// <summary>
    /// The amount by which that distance is larger at the bottom of the film, as a share of the film's height.
    /// </summary>
    [Range(0.0, 0.2)]
    public double FilmSpacingGrowthShare { get; init; } = 0.0398;

    /// <summary>The spread of the natural logarithm of the distance. 0.08 was measured within an image.</summary>
    [Range(0.01, 2.0)]
    public double SpacingLnSpread { get; init; } = 0.18;

    /// <summary>The spread of a step's direction around the vertebrae's normals, in degrees. 5 was measured.</summary>
    [Range(0.5, 90.0)]
    public double DirectionSpreadDegrees { get; init; } = 9;

    /// <summary>
    /// The spread of the natural logarithm of the ratio of a vertebra's width to its neighbour's. 0.08 was measured.
    /// </summary>
    [Range(0.01, 2.0)]
    public double WidthLnSpread { get; init; } = 0.15;

    /// <summary>The highest cost of a step.</summary>
    [Range(0.0, 1000.0)]
    public double WorstStepCost { get; init; } = 25;

    /// <summary>The cost of each missing vertebra between two detected ones.</summary>
    [Range(0.0, 100.0)]
    public double MissingInsideCost { get; init; } = 3;

    /// <summary>The cost of each missing vertebra above the first or below the last detected one.</summary>
    [Range(0.0, 100.0)]
    public double MissingAtEndCost { get; init; } = 1.5;

    /// <summary>The additional cost of a missing vertebra whose place would be outside the image.</summary>
    [Range(0.0, 100.0)]
    public double OutsideImageCost { get; init; } = 3;

    /// <summary>
    /// The score whose reward is 0, which is RetinaNet's test threshold. A detection with a lower score is more likely
    /// wrong than right.
    /// </summary>
    [Range(0.0001, 0.9999)]
    public double NeutralScore { get; init; } = 0.05;

    /// <summary>The reward of the detection with the lowest score.</summary>
    [Range(-100.0, 0.0)]
    public double LeastReward { get; init; } = -2;

    /// <summary>The reward of the detection with the highest score.</summary>
    [Range(0.0, 100.0)]
    public double MostReward { get; init; } = 4;

    /// <summary>
    /// The place of the first vertebra's centre on a whole-spine radiograph, as a share of its height. With
    /// <see cref="LastCenterShare"/> it decides at which end a vertebra is missing when nothing else tells.
    /// </summary>
    [Range(0.0, 0.4)]
    public double FirstCenterShare { get; init; } = 0.045;

    /// <summary>The place of the last vertebra's centre, as a share of the film's height.</summary>
    [Range(0.6, 1.0)]
    public double LastCenterShare { get; init; } = 0.905;

    /// <summary>The spread of both places, as a share of the film's height.</summary>
    [Range(0.001, 1.0)]
    public double EndSpreadShare { get; init; } = 0.03;

    /// <summary>The highest cost of the place of an end.</summary>
    [Range(0.0, 100.0)]
    public double MostEndCost { get; init; } = 2;

    /// <summary>
    /// The number of vertebrae over which the step is averaged by which a chain is extended beyond its ends.
    /// </summary>
    [Range(1, 16)]
    public int ExtendedOverVertebrae { get; init; } = 3;

    /// <summary>
    /// The mean cost of a step for which the confidence is lowered to 1/e. A usual step costs about 0.5.
    /// </summary>
    [Range(0.1, 1000.0)]
    public double DoubtfulStepCost { get; init; } = 8;
}

/// <summary>Says how each part of the spine is examined a second time.</summary>
internal sealed record SecondLookDecoding
{
    /// <summary>
    /// The number of crops through which the spine is examined. Each holds 1 or 2 vertebrae, within which the tilt
    /// changes little.
    /// </summary>
    [Range(1, 17)]
    public int Crops { get; init; } = 9;

    /// <summary>
    /// The height of a crop as a share of the input's height. It holds its vertebrae and about two on either side.
    /// </summary>
    [Range(0.05, 1.0)]
    public double HeightShare { get; init; } = 0.5;

    /// <summary>The lowest score of a detection in a crop that is used.</summary>
    [Range(0.0, 1.0)]
    public float LeastScore { get; init; } = 0.1f;

    /// <summary>
    /// The weight of the second look in the mean with the first. With it, tilts have the smallest errors on the
    /// validation films of recipes/spine-densenet.yaml.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Share { get; init; } = 2.0 / 3;

    /// <summary>
    /// The largest distance that a vertebra may move, as a share of its height. Beyond that it would be the neighbour.
    /// </summary>
    [Range(0.0, 2.0)]
    public double MostMoveHeights { get; init; } = 0.5;
}

/// <summary>Says how corners become angles.</summary>
internal sealed record AngleDecoding
{
    /// <summary>
    /// The standard deviation of the tilt of a vertebra as the detector finds it, in degrees. Of 0, 1, 1.5 ... 3
    /// degrees this gave the smallest SMAPE on the validation films of recipes/spine-densenet.yaml.
    /// </summary>
    [Range(0.0, 30.0)]
    public double TiltErrorDegrees { get; init; } = 2;

    internal MarkErrors Errors => new() { TiltDegrees = TiltErrorDegrees };
}

/// <summary>Says what a film must show to be measured; see <see cref="SpineEvidence"/>.</summary>
internal sealed record WholeSpineDecoding
{
    /// <summary>The number of neighbours over which the score is averaged to find the weakest run.</summary>
    [Range(1, 17)]
    public int RunVertebrae { get; init; } = 4;

    /// <summary>
    /// The lowest mean score of all vertebrae with which a film is measured. A run chooses it, and the next four
    /// values, where it learns which films are familiar; see <see cref="Suiting"/>.
    /// </summary>
    [Range(0.0, 1.0)]
    public double LeastMeanScore { get; init; } = 0.5;

    /// <summary>
    /// The factor of ln(width over height of the boxes) in the score that the weakest run must have;
    /// <see cref="ScoreAtSquare"/> is added to it.
    /// </summary>
    [Range(0.0, 10.0)]
    public double ScorePerLnFlatness { get; init; } = 0.88;

    /// <summary>The score that the weakest run must have when the boxes are square.</summary>
    [Range(-10.0, 10.0)]
    public double ScoreAtSquare { get; init; } = -0.12;

    /// <summary>
    /// The factor of ln(unfamiliarity) in the score that the weakest run must have, too; <see cref="ScoreAtLimit"/> is
    /// added to it. On a film that is cut off, some vertebrae score less and the film is less familiar, each by too
    /// little to tell alone. With 0, here and in <see cref="ScoreAtLimit"/>, nothing is asked.
    /// </summary>
    [Range(0.0, 10.0)]
    public double ScorePerLnUnfamiliarity { get; init; }

    /// <summary>The score that the weakest run must have on a film that is as unfamiliar as it may be.</summary>
    [Range(0.0, 1.0)]
    public double ScoreAtLimit { get; init; }

    /// <summary>
    /// The ratio of width to height from which a refusal mentions it. 97 % of whole-spine films have a smaller one.
    /// </summary>
    [Range(0.0, 100.0)]
    public double FlatFrom { get; init; } = 1.95;

    /// <summary>
    /// How far down the film the first vertebra's centre may be, as a share of the film's height. 97 % of SpineWeb 16
    /// keep to it.
    /// </summary>
    [Range(0.0, 1.0)]
    public double LatestFirstShare { get; init; } = 0.12;

    /// <summary>
    /// How far up the film the last vertebra's centre may be: its least distance from the top, as a share of the film's
    /// height.
    /// </summary>
    [Range(0.0, 1.0)]
    public double EarliestLastShare { get; init; } = 0.8;

    /// <summary>
    /// Returns the same for a detector whose scores are others, and which knows by itself which films are familiar. A
    /// film has to reach the same share of the usual scores; its mean score and its flatness, by which the defaults
    /// also tell other images, may be a little off; and what the weakest run has to score by the film's unfamiliarity
    /// is what <paramref name="rate"/> of films like <paramref name="unseen"/> do not reach.
    /// </summary>
    /// <param name="unseen">
    /// What the detector saw on whole-spine films of two or more patients that it was not trained on.
    /// </param>
    /// <param name="rate">0 to 0.5, both excluded.</param>
    internal WholeSpineDecoding Suiting(IReadOnlyList<(string Patient, SpineEvidence Evidence)> unseen, double rate)
    {
        const double defaultsMeanScore = 0.78; // that of the films by which the defaults were chosen
        const double leastShare = 0.6, flatShare = 0.88;
        const double unfamiliarShare = 0.5; // of the usual score; tells cut films best, from 0.4 to 0.7 alike
        double[] means = [.. unseen.Select(u => u.Evidence.MeanScore).Order()];
        var usualMeanScore = means[means.Length / 2];
        var (absent, share) = (new WholeSpineDecoding(), flatShare * Math.Min(1, usualMeanScore / defaultsMeanScore));
        var perLn = unfamiliarShare * usualMeanScore;
        var lowest = -StudentT.Farthest(
            unseen.Select(u => (u.Patient, perLn * Math.Log(u.Evidence.Unfamiliarity) - u.Evidence.WeakestRun)), rate);
        return this with
        {
            LeastMeanScore = leastShare * usualMeanScore,
            ScorePerLnFlatness = share * absent.ScorePerLnFlatness,
            ScoreAtSquare = share * absent.ScoreAtSquare,
            ScorePerLnUnfamiliarity = perLn,
            ScoreAtLimit = Math.Clamp(lowest, 0, 1),
        };
    }
}

/// <summary>Says from which values on a person is asked to check the finding.</summary>
internal sealed record SpineJudgementDecoding
{
    /// <summary>The lowest confidence in the whole spine that raises no doubt.</summary>
    [Range(0.0, 1.0)]
    public double LeastConfidence { get; init; } = 0.5;

    /// <summary>
    /// The largest number of vertebrae that may be placed by their neighbours without raising a doubt.
    /// </summary>
    [Range(0, 17)]
    public int MostFilledVertebrae { get; init; } = 2;
}
