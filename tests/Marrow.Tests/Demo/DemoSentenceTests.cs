using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Training.Demo;
using Marrow.Training.Runs;

namespace Marrow.Tests.Demo;

public class DemoSentenceTests
{
    [Theory]
    [InlineData(0.1, 4.0, nameof(DemoVerdict.Better))]
    [InlineData(-0.1, 4.0, nameof(DemoVerdict.NoDifference))]
    [InlineData(-4.0, 0.1, nameof(DemoVerdict.NoDifference))]
    [InlineData(0.0, 0.0, nameof(DemoVerdict.NoDifference))]
    [InlineData(-4.0, -0.1, nameof(DemoVerdict.Worse))]
    [InlineData(double.NaN, double.NaN, nameof(DemoVerdict.NoDifference))]
    public void Only_an_interval_without_zero_is_a_difference(double low, double high, string expected) =>
        Assert.Equal(expected, DemoSentence.Verdict(Gain("smape", (low + high) / 2, low, high)).ToString());

    [Fact]
    public void Gains_are_told_with_the_figures_of_both() =>
        Assert.Equal(
            "With 24 labelled films to train on and 64 held out to measure on, the chest checkpoint lowered the "
                + "detector's SMAPE from 21.3 to 12.1 % "
                + "and lowered its landmark error from 9.1 to 5.2 px; the detector's CNN lowered the regressor's "
                + "SMAPE from 24.0 to 18.0 %.",
            DemoSentence.Of([
                Detector(21.3, 12.1, Gain("smape", 9.2, 6, 12), 9.1, 5.2, Gain("landmark-error", 3.9, 2, 6)),
                Regressor(24, 18, Gain("smape", 6, 2, 10)),
            ]));

    [Fact]
    public void Losses_are_told_as_such() =>
        Assert.Equal(
            "With 24 labelled films to train on and 64 held out to measure on, the chest checkpoint raised the "
                + "detector's SMAPE from 12.1 to 21.3 %, which is worse "
                + "and raised its landmark error from 5.2 to 9.1 px, which is worse; the detector's CNN raised the "
                + "regressor's SMAPE from 18.0 to 24.0 %, which is worse.",
            DemoSentence.Of([
                Detector(12.1, 21.3, Gain("smape", -9.2, -12, -6), 5.2, 9.1, Gain("landmark-error", -3.9, -6, -2)),
                Regressor(18, 24, Gain("smape", -6, -10, -2)),
            ]));

    [Fact]
    public void Nothing_is_made_of_what_the_films_do_not_show()
    {
        var sentence = DemoSentence.Of([
            Detector(12.4, 12.1, Gain("smape", 0.3, -1, 1.6), 5.2, 5.1, Gain("landmark-error", 0.1, -0.5, 0.7)),
            Regressor(18, 18.2, Gain("smape", -0.2, -2, 2)),
        ]);

        Assert.Contains(
            "made no difference that they can show to the detector's SMAPE (12.4 % from scratch, 12.1 % with it)",
            sentence);
        Assert.Contains(
            "made no difference that they can show to its landmark error (5.2 px from scratch, 5.1 px with it)",
            sentence);
        Assert.Contains(
            "made no difference that they can show to the regressor's SMAPE (18.0 % from scratch, 18.2 % with it)",
            sentence);
        Assert.DoesNotContain("lowered", sentence);
        Assert.DoesNotContain("raised", sentence);
    }

    private static DemoComparison Detector(
        double scratch,
        double warm,
        MetricValue gain,
        double scratchPx,
        double warmPx,
        MetricValue gainPx
    ) =>
        new(
            model: "detector",
            source: "the chest checkpoint",
            scratch: Trained(CheckpointTask.DetectVertebrae, scratch, scratchPx),
            warm: Trained(CheckpointTask.DetectVertebrae, warm, warmPx),
            smapeGain: gain)
        {
            LandmarkGain = gainPx,
        };

    private static DemoComparison Regressor(double scratch, double warm, MetricValue gain) => new(
        model: "regressor",
        source: "the detector's CNN",
        scratch: Trained(CheckpointTask.RegressCobb, scratch),
        warm: Trained(CheckpointTask.RegressCobb, warm),
        smapeGain: gain);

    private static StageResult Trained(string task, double smape, double? landmarkError = null) =>
        new(
            stage: "stage",
            task: task,
            checkpoint: "name@sha256:0",
            folder: "folder",
            metrics:
            [
                new(name: "smape", value: smape, count: 64) { Unit = "%" },
                .. landmarkError is { } px
                    ? (MetricValue[])[new(name: "landmark-error", value: px, count: 64) { Unit = "px" }]
                    : [],
            ],
            progress: new(),
            trainingImages: 24,
            validationImages: 16,
            heldOutImages: 64,
            peakMemoryGiB: 1,
            waitShare: 0);

    private static MetricValue Gain(string name, double value, double low, double high) =>
        new(name: name, value: value, count: 64) { Low = low, High = high, Unit = MetricCatalogue.Get(name).Unit };
}
