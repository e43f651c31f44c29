using Marrow.Training.Experiments;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Studies;

/// <summary>What is wrong with a study is said before its first run.</summary>
public class StudyInputTests
{
    [Fact]
    public void Impossible_requests_are_refused_with_the_remedy()
    {
        using var study = new TinyStudy();
        var good = study.Request("out") with { Starts = ["scratch"] };
        Refused(good with { Fractions = [0.5, 1.2] }, "0.0001 to 1");
        Refused(good with { Fractions = [] }, "needs amounts of labels");
        Refused(good with { Patients = [3] }, "not both");
        Refused(good with { Fractions = [], Patients = [10] }, "has 9 patients");
        Refused(good with { Fractions = [0.5, 0.51] }, "are the same 5");
        Refused(good with { Fractions = [0.02] }, "one patient or more");
        Refused(good with { Starts = [] }, "needs a start");
        Refused(good with { Starts = ["scratch", "scratch"] }, "given twice");
        Refused(good with { Starts = ["densenet-mini.absent"] }, "densenet-mini.absent");
        Refused(good with { Methods = ["teacher"] }, "no method 'teacher'");
        Refused(good with { Metric = "smape" }, "can measure auroc, accuracy, kappa");
        Refused(good with { Seeds = 0 }, "1 to 100 seeds");
        Refused(good with { Stages = ["second"] }, "no stage 'second'");
        Refused(good with { DataFolders = new Dictionary<string, string>() }, "--data NAME=DIR");
        Refused(study.Request("out", "first.data.heldOut=0") with { Starts = ["scratch"] }, "holds nothing out");
        Assert.False(Directory.Exists(study.Out("out")));
    }

    [Fact]
    public void A_fraction_that_leaves_a_class_empty_is_refused_with_its_seed()
    {
        using var study = new TinyStudy();
        // Two patients alone are "large".
        var path = Path.Combine(study.Tiny.Data, "labels.csv");
        File.WriteAllLines(path, File.ReadAllLines(path).Select((line, i) => i == 0 || line.Contains(",p5,", StringComparison.Ordinal) || line.Contains(",p7,", StringComparison.Ordinal) ? line : line.Replace(",large", ",small", StringComparison.Ordinal)));
        var error = Assert.Throws<MarrowException>(() => Study.Plan(study.Request("out", "first.batch=1") with { Starts = ["scratch"], Fractions = [0.2, 1], Seeds = 8 })).Message;
        Assert.True(error.Contains("none with large", StringComparison.Ordinal), error);
        Assert.Contains("20 %, seed", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_of_another_backbone_is_refused_before_the_first_run()
    {
        using var study = new TinyStudy();
        Runner.Run(study.Tiny.Request("big", false, "first.model=densenet121", "first.tag=parent", "first.train.steps=1") with { HubFolder = study.Hub }, _ => { }, TestContext.Current.CancellationToken);
        Refused(study.Request("out") with { Starts = ["scratch", "densenet121.parent"] }, "does not fit stage first (densenet-mini)");
        Refused(study.Request("out") with { Starts = ["matched:densenet121.parent"] }, "does not fit stage first (densenet-mini)");
    }

    [Fact]
    public void What_makes_a_study_say_less_is_warned_of()
    {
        using var study = new TinyStudy();
        var plan = Study.Plan(study.Request("out", "first.data.validation=0.2", "first.patience=3", "first.data.limit=5", "first.batch=2") with { Starts = ["scratch"] });
        Assert.Contains(plan.Warnings, w => w.Contains("data.validation=0", StringComparison.Ordinal));
        Assert.Contains(plan.Warnings, w => w.Contains("patience", StringComparison.Ordinal));
        Assert.Contains(plan.Warnings, w => w.Contains("own limit", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_is_not_used_for_two_studies()
    {
        using var study = new TinyStudy();
        var request = study.Request("out") with { Starts = ["scratch"], Seeds = 1, Fractions = [1] };
        TinyStudy.Run(request);
        Assert.Contains("by --resume", Assert.Throws<MarrowException>(() => TinyStudy.Run(request)).Message, StringComparison.Ordinal);
        var other = study.Request("out", "first.lr=1e-3") with { Starts = ["scratch"], Seeds = 1, Fractions = [1], Resume = true };
        Assert.Contains("another recipe", Assert.Throws<MarrowException>(() => TinyStudy.Run(other)).Message, StringComparison.Ordinal);
        Assert.Contains("an index means another one", Assert.Throws<MarrowException>(() => Study.RunOne(request with { Seeds = 2 }, 1, _ => { }, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.Contains("runs 0 to 0", Assert.Throws<MarrowException>(() => Study.RunOne(request, 1, _ => { }, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        File.WriteAllText(study.Out("out/plan.json"), "{");
        Assert.Contains("plan of a study", Assert.Throws<MarrowException>(() => TinyStudy.Run(request with { Resume = true })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_changed_since_is_noticed()
    {
        using var study = new TinyStudy();
        var request = study.Request("out") with { Starts = ["scratch"], Seeds = 1, Fractions = [1] };
        TinyStudy.Run(request);
        Assert.Contains("held out other images", Assert.Throws<MarrowException>(() => TinyStudy.Run(request with { Resume = true, Recipe = RecipeReader.Read(study.Tiny.RecipePath, request.Recipe.Overrides) with { SplitSeed = 77 } })).Message, StringComparison.Ordinal);
    }

    private static void Refused(StudyRequest request, string why) =>
        Assert.Contains(why, Assert.Throws<MarrowException>(() => Study.Plan(request)).Message, StringComparison.Ordinal);
}
