using Marrow.Training.Experiments;
using Marrow.Training.Runs;

namespace Marrow.Tests.Experiments;

/// <summary>What is wrong with an experiment is said before its first run.</summary>
public class ExperimentInputTests
{
    [Fact]
    public void Impossible_requests_are_refused_with_the_remedy()
    {
        using var experiment = new TinyExperiment();
        var good = new ExperimentRequest(experiment.Request("out")) { Starts = ["scratch"] };
        Refused(new(good) { Fractions = [0.5, 1.2] }, "0.0001 to 1");
        Refused(new(good) { Fractions = [] }, "needs amounts of labels");
        Refused(new(good) { Patients = [3] }, "not both");
        Refused(new(good) { Fractions = [], Patients = [10] }, "has 9 patients");
        Refused(new(good) { Fractions = [0.5, 0.51] }, "are the same 5");
        Refused(new(good) { Fractions = [0.02] }, "one patient or more");
        Refused(new(good) { Starts = [] }, "needs a start");
        Refused(new(good) { Starts = ["scratch", "scratch"] }, "given twice");
        Refused(new(good) { Starts = ["densenet-mini.absent"] }, "densenet-mini.absent");
        Refused(new(good) { Methods = ["teacher"] }, "no method 'teacher'");
        Refused(new(good) { Metric = "smape" }, "can measure auroc, accuracy, kappa");
        Refused(new(good) { Seeds = 0 }, "1 to 100 seeds");
        Refused(new(good) { Stages = ["second"] }, "no stage 'second'");
        Refused(new(good) { DataFolders = new Dictionary<string, string>() }, "--data NAME=DIR");
        Refused(new(experiment.Request("out", "first.data.heldOut=0")) { Starts = ["scratch"] }, "holds nothing out");
        Assert.False(Directory.Exists(experiment.Out("out")));
    }

    [Fact]
    public void A_fraction_that_leaves_a_class_empty_is_refused_with_its_seed()
    {
        using var experiment = new TinyExperiment();
        // Two patients alone are "large".
        var path = Path.Combine(experiment.Tiny.Data, "labels.csv");
        File.WriteAllLines(
            path,
            File.ReadAllLines(path)
                .Select(
                    (line, i) =>
                        i == 0
                        || line.Contains(",p5,", StringComparison.Ordinal)
                        || line.Contains(",p7,", StringComparison.Ordinal)
                            ? line
                            : line.Replace(",large", ",small", StringComparison.Ordinal)));
        var error = Assert
            .Throws<MarrowException>(() =>
                Experiment.Plan(
                    new(experiment.Request("out", "first.batch=1"))
                    {
                        Starts = ["scratch"],
                        Fractions = [0.2, 1],
                        Seeds = 8,
                    }
                ))
            .Message;
        Assert.True(error.Contains("none with large", StringComparison.Ordinal), error);
        Assert.Contains("20 %, seed", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_of_another_backbone_is_refused_before_the_first_run()
    {
        using var experiment = new TinyExperiment();
        Runner.Run(
            new(experiment.Tiny.Request(
                "big",
                false,
                "first.model=densenet121",
                "first.tag=parent",
                "first.train.steps=1"
            ))
            {
                HubFolder = experiment.Hub,
            },
            _ => { },
            TestContext.Current.CancellationToken);
        Refused(
            new(experiment.Request("out"))
            {
                Starts = ["scratch", "densenet121.parent"],
            },
            "does not fit stage first (densenet-mini)");
        Refused(
            new(experiment.Request("out"))
            {
                Starts = ["matched:densenet121.parent"],
            },
            "does not fit stage first (densenet-mini)");
    }

    [Fact]
    public void What_makes_a_experiment_say_less_is_warned_of()
    {
        using var experiment = new TinyExperiment();
        var plan = Experiment.Plan(
            new(experiment.Request(
                "out",
                "first.data.validation=0.2",
                "first.patience=3",
                "first.data.limit=5",
                "first.batch=2"
            ))
            {
                Starts = ["scratch"],
            }
        );
        Assert.Contains(plan.Warnings, w => w.Contains("data.validation=0", StringComparison.Ordinal));
        Assert.Contains(plan.Warnings, w => w.Contains("patience", StringComparison.Ordinal));
        Assert.Contains(plan.Warnings, w => w.Contains("own limit", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_is_not_used_for_two_experiments()
    {
        using var experiment = new TinyExperiment();
        var request = new ExperimentRequest(experiment.Request("out"))
        {
            Starts = ["scratch"],
            Seeds = 1,
            Fractions = [1],
        };
        TinyExperiment.Run(request);
        Assert.Contains(
            "by --resume",
            Assert.Throws<MarrowException>(() => TinyExperiment.Run(request)).Message,
            StringComparison.Ordinal);
        var other = new ExperimentRequest(experiment.Request("out", "first.lr=1e-3"))
        {
            Starts = ["scratch"],
            Seeds = 1,
            Fractions = [1],
            Resume = true,
        };
        Assert.Contains(
            "another recipe",
            Assert.Throws<MarrowException>(() => TinyExperiment.Run(other)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "an index means another one",
            Assert
                .Throws<MarrowException>(() =>
                    Experiment.RunOne(new(request) { Seeds = 2 }, 1, _ => { }, TestContext.Current.CancellationToken))
                .Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "runs 0 to 0",
            Assert
                .Throws<MarrowException>(() =>
                    Experiment.RunOne(request, 1, _ => { }, TestContext.Current.CancellationToken))
                .Message,
            StringComparison.Ordinal);
        File.WriteAllText(experiment.Out("out/plan.json"), "{");
        Assert.Contains(
            "plan of an experiment",
            Assert.Throws<MarrowException>(() => TinyExperiment.Run(new(request) { Resume = true })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_changed_since_is_noticed()
    {
        using var experiment = new TinyExperiment();
        var request = new ExperimentRequest(experiment.Request("out"))
        {
            Starts = ["scratch"],
            Seeds = 1,
            Fractions = [1],
        };
        TinyExperiment.Run(request);
        Assert.Contains(
            "held out other images",
            Assert
                .Throws<MarrowException>(() =>
                    TinyExperiment.Run(
                        new(request)
                        {
                            Resume = true,
                            Recipe = new(request.Recipe) { SplitSeed = 77 },
                        }
                    ))
                .Message,
            StringComparison.Ordinal);
    }

    private static void Refused(ExperimentRequest request, string why) =>
        Assert.Contains(
            why,
            Assert.Throws<MarrowException>(() => Experiment.Plan(request)).Message,
            StringComparison.Ordinal);
}
