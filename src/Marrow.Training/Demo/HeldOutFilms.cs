using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Metrics;
using Marrow.Prediction;
using Marrow.Spine;
using Marrow.Training.Runs;

namespace Marrow.Training.Demo;

/// <summary>
/// What each spine model finds on the films that none of them was trained on, film by film as a user's prediction goes,
/// so that two models can be compared on the same films.
/// </summary>
internal sealed class HeldOutFilms
{
    private readonly Dictionary<string, IReadOnlyList<Finding>> _findings = [];

    private HeldOutFilms(IReadOnlyList<Sample> samples) => Samples = samples;

    public IReadOnlyList<Sample> Samples { get; }

    /// <summary>In the order of <see cref="Samples"/>.</summary>
    public IReadOnlyList<Finding> Findings(string stage) => _findings[stage];

    public static HeldOutFilms Measure(
        DemoFolder folder,
        IReadOnlyDictionary<string, StageResult> stages,
        CancellationToken cancellation)
    {
        HeldOutFilms? films = null;
        foreach (var stage in stages.Values.Where(IsOfSpines))
        {
            using var checkpoint = Checkpoint.Load(stage.Folder);
            films ??= new(CheckpointMetrics
                .Samples(checkpoint, "spines", folder.Spines, EvaluationSplit.HeldOut)
                .Samples);
            films._findings[stage.Stage] = CheckpointMetrics.FindSpines([checkpoint], films.Samples, cancellation);
        }
        return films ?? throw new MarrowException("The demo's recipe has no stage on spines.");
    }

    /// <summary>Whether a stage measured angles.</summary>
    public static bool IsOfSpines(StageResult stage) => stage.Metrics.Any(m => m.Name == "smape");

    public DemoComparison Compare(string model, string source, StageResult warm, StageResult scratch) =>
        new(model: model, source: source, warm: warm, scratch: scratch, smapeGain: Gain("smape", warm, scratch, Smape))
        {
            LandmarkGain = warm.Metrics.Any(m => m.Name == "landmark-error")
                ? Gain("landmark-error", warm, scratch, LandmarkError)
                : null,
        };

    /// <summary>Mean distance of the corners, original px; NaN when vertebrae are missing.</summary>
    public static double LandmarkError(Sample sample, Finding finding) =>
        finding.Part<SpinePart>() is not { } spine || spine.Vertebrae.Count != sample.Vertebrae.Count
            ? double.NaN
            : sample.Vertebrae.Zip(spine.Vertebrae, (truth, found) => Distance(truth, found.Corners)).Average();

    private static double Distance(Vertebra a, Vertebra b) =>
        (
            a.TopLeft.DistanceTo(b.TopLeft)
            + a.TopRight.DistanceTo(b.TopRight)
            + a.BottomLeft.DistanceTo(b.BottomLeft)
            + a.BottomRight.DistanceTo(b.BottomRight)
        ) / 4;

    private static double Smape(Sample sample, Finding finding) =>
        Angles.SmapeOf(sample.CobbDegrees, finding.Part<SpinePart>()!.CobbDegrees);

    /// <summary>Scratch minus warm, the mean over films; films that either has no value for are left out.</summary>
    private MetricValue Gain(string metric, StageResult warm, StageResult scratch, Func<Sample, Finding, double> error)
    {
        var (before, after) = (Findings(scratch.Stage), Findings(warm.Stage));
        var pairs = Enumerable.Range(0, Samples.Count)
            .Select(i => (Samples[i].Patient, Gain: error(Samples[i], before[i]) - error(Samples[i], after[i])))
            .Where(p => double.IsFinite(p.Gain)).ToArray();
        return Bootstrap.Interval(metric, [.. pairs.Select(p => p.Patient)], weights =>
        {
            var (sum, count) = (0.0, 0.0);
            for (var i = 0; i < pairs.Length; i++)
                (sum, count) = (sum + weights[i] * pairs[i].Gain, count + weights[i]);
            return sum / count;
        });
    }
}
