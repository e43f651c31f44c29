using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;

namespace Marrow.Tasks.Vertebrae;

/// <summary>
/// How a detector's outputs become vertebrae, angles and a judgement of them. The groups are in the order of the
/// steps.
/// </summary>
internal sealed record VertebraeDecoding : DecodingContract
{
    public CandidateDecoding Candidates { get; init; } = new();
    public ChainDecoding Chain { get; init; } = new();
    public SecondLookDecoding SecondLook { get; init; } = new();
    public AngleDecoding Angles { get; init; } = new();
    public WholeSpineDecoding WholeSpine { get; init; } = new();
    public SpineJudgementDecoding Judgement { get; init; } = new();

    internal override IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random) =>
        VertebraeRehearsal.Of(this, random);
}

/// <summary>Which anchors count, and which of them see the same vertebra.</summary>
internal sealed record CandidateDecoding
{
    /// <summary>The most anchors that count; RetinaNet keeps as many before suppression.</summary>
    [Range(1, 10_000)]
    public int MostAnchors { get; init; } = 1000;

    /// <summary>
    /// The least score of an anchor that counts. The chain weighs faint detections; they help at the ends of the
    /// spine.
    /// </summary>
    [Range(0.0001, 0.9999)]
    public float LeastScore { get; init; } = 0.01f;

    /// <summary>The overlap from which on two boxes are one vertebra: RetinaNet's suppression.</summary>
    [Range(0.0, 1.0)]
    public float SameVertebraIou { get; init; } = 0.5f;

    /// <summary>The overlap with the best box of a vertebra from which on the corners of both are averaged.</summary>
    [Range(0.0, 1.0)]
    public float AveragedIou { get; init; } = 0.6f;

    /// <summary>The share of the best box's score that a box must have to be averaged.</summary>
    [Range(0.0, 1.0)]
    public float AveragedScoreShare { get; init; } = 0.3f;
}

/// <summary>
/// What real spines show, by which the best chain is found. Measured on the labels of SpineWeb 16 (453 images with
/// ordered landmarks, 224 x 640) and widened for the errors of a detector. Spreads are standard deviations; costs and
/// rewards are negative log-likelihoods.
/// </summary>
internal sealed record ChainDecoding
{
    /// <summary>The most detections that are looked at, the best first; bounds the time that the chain takes.</summary>
    [Range(1, 500)]
    public int MostDetections { get; init; } = 80;

    /// <summary>The longest step from one detection to the next: 4 leave up to 3 vertebrae missing in a row.</summary>
    [Range(1, 17)]
    public int LongestStepVertebrae { get; init; } = 4;

    /// <summary>Centre to centre over the height of a vertebra; the median, where 98 % have 1.1 to 2.1.</summary>
    [Range(0.5, 5.0)]
    public double SpacingPerHeight { get; init; } = 1.37;

    /// <summary>Centre to centre at the top of the film, of the film's height.</summary>
    [Range(0.005, 0.2)]
    public double FilmSpacingShare { get; init; } = 0.0378;

    /// <summary>What is added to that at the bottom of the film.</summary>
    [Range(0.0, 0.2)]
    public double FilmSpacingGrowthShare { get; init; } = 0.0398;

    /// <summary>The spread of ln of the spacing; 0.08 was measured within an image.</summary>
    [Range(0.01, 2.0)]
    public double SpacingLnSpread { get; init; } = 0.18;

    /// <summary>The spread of a step's direction about the vertebrae's normals; 5 was measured.</summary>
    [Range(0.5, 90.0)]
    public double DirectionSpreadDegrees { get; init; } = 9;

    /// <summary>The spread of ln of the width from one vertebra to the next; 0.08 was measured.</summary>
    [Range(0.01, 2.0)]
    public double WidthLnSpread { get; init; } = 0.15;

    /// <summary>The most that a step may cost.</summary>
    [Range(0.0, 1000.0)]
    public double WorstStepCost { get; init; } = 25;

    /// <summary>What each vertebra costs that is left out between two.</summary>
    [Range(0.0, 100.0)]
    public double MissingInsideCost { get; init; } = 3;

    /// <summary>What each vertebra costs that is left out above the first or below the last.</summary>
    [Range(0.0, 100.0)]
    public double MissingAtEndCost { get; init; } = 1.5;

    /// <summary>What that costs more where the vertebra would stand outside the image.</summary>
    [Range(0.0, 100.0)]
    public double OutsideImageCost { get; init; } = 3;

    /// <summary>
    /// The score that earns nothing, RetinaNet's test threshold: below it a detection is rather not there.
    /// </summary>
    [Range(0.0001, 0.9999)]
    public double NeutralScore { get; init; } = 0.05;

    /// <summary>What the faintest detection earns.</summary>
    [Range(-100.0, 0.0)]
    public double LeastReward { get; init; } = -2;

    /// <summary>What the surest detection earns.</summary>
    [Range(0.0, 100.0)]
    public double MostReward { get; init; } = 4;

    /// <summary>
    /// Where the first vertebra's centre stands on a whole-spine radiograph, of its height; with
    /// <see cref="LastCenterShare"/> it decides at which end a vertebra is missing where nothing else does.
    /// </summary>
    [Range(0.0, 0.4)]
    public double FirstCenterShare { get; init; } = 0.045;

    /// <summary>Where the last vertebra's centre stands.</summary>
    [Range(0.6, 1.0)]
    public double LastCenterShare { get; init; } = 0.905;

    /// <summary>The spread of both, of the film's height.</summary>
    [Range(0.001, 1.0)]
    public double EndSpreadShare { get; init; } = 0.03;

    /// <summary>The most that an end's place costs.</summary>
    [Range(0.0, 100.0)]
    public double MostEndCost { get; init; } = 2;

    /// <summary>The vertebrae over which the step is averaged by which a chain is carried on beyond its ends.</summary>
    [Range(1, 16)]
    public int ExtendedOverVertebrae { get; init; } = 3;

    /// <summary>The mean cost of a step that lowers the confidence to 1/e; a usual step costs about 0.5.</summary>
    [Range(0.1, 1000.0)]
    public double DoubtfulStepCost { get; init; } = 8;
}

/// <summary>How each part of the spine is looked at again.</summary>
internal sealed record SecondLookDecoding
{
    /// <summary>
    /// The crops through which the spine is looked at, of 1 or 2 vertebrae each: the tilt changes little within one.
    /// </summary>
    [Range(1, 17)]
    public int Crops { get; init; } = 9;

    /// <summary>The height of a crop, of the input's: its vertebrae and two or so on either side.</summary>
    [Range(0.05, 1.0)]
    public double HeightShare { get; init; } = 0.5;

    /// <summary>The least score of a detection in a crop that counts.</summary>
    [Range(0.0, 1.0)]
    public float LeastScore { get; init; } = 0.1f;

    /// <summary>
    /// The share of the second look in the mean with the first: on the validation films of recipes/spine.yaml the
    /// tilts err least with it.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Share { get; init; } = 2.0 / 3;

    /// <summary>The farthest that a vertebra may move, of its height: beyond is its neighbour.</summary>
    [Range(0.0, 2.0)]
    public double MostMoveHeights { get; init; } = 0.5;
}

/// <summary>How corners become angles.</summary>
internal sealed record AngleDecoding
{
    /// <summary>
    /// The standard deviation of a vertebra's tilt as the detector gives it. Of 0, 1, 1.5 ... 3 degrees this gave the
    /// least SMAPE on the validation films of recipes/spine.yaml.
    /// </summary>
    [Range(0.0, 30.0)]
    public double TiltErrorDegrees { get; init; } = 2;
}

/// <summary>What a film must show to be measured; see <see cref="SpineEvidence"/>.</summary>
internal sealed record WholeSpineDecoding
{
    /// <summary>The neighbours over which the weakest score is averaged.</summary>
    [Range(1, 17)]
    public int RunVertebrae { get; init; } = 4;

    /// <summary>The least mean score of all vertebrae.</summary>
    [Range(0.0, 1.0)]
    public double LeastMeanScore { get; init; } = 0.5;

    /// <summary>
    /// The weakest run must score this times ln(width over height of the boxes), and <see cref="ScoreAtSquare"/> more.
    /// </summary>
    [Range(0.0, 10.0)]
    public double ScorePerLnFlatness { get; init; } = 0.88;

    /// <summary>What the weakest run must score where the boxes are square.</summary>
    [Range(-10.0, 10.0)]
    public double ScoreAtSquare { get; init; } = -0.12;

    /// <summary>
    /// The width over height from which on a refusal speaks of it; 97 % of whole-spine films have less.
    /// </summary>
    [Range(0.0, 100.0)]
    public double FlatFrom { get; init; } = 1.95;

    /// <summary>
    /// Where on the film the first vertebra's centre stands at the latest, of its height; 97 % of SpineWeb 16.
    /// </summary>
    [Range(0.0, 1.0)]
    public double LatestFirstShare { get; init; } = 0.12;

    /// <summary>Where the last vertebra's centre stands at the earliest.</summary>
    [Range(0.0, 1.0)]
    public double EarliestLastShare { get; init; } = 0.8;
}

/// <summary>From where on a person is asked to look.</summary>
internal sealed record SpineJudgementDecoding
{
    /// <summary>The least confidence in the whole spine that raises no doubt.</summary>
    [Range(0.0, 1.0)]
    public double LeastConfidence { get; init; } = 0.5;

    /// <summary>The most vertebrae that may be placed from their neighbours, unseen, without a doubt.</summary>
    [Range(0, 17)]
    public int MostFilledVertebrae { get; init; } = 2;
}
