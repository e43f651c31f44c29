using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Datasets.Copies;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Training.Experiments;
using Marrow.Training.Ranking;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Issues;

/// <summary>
/// A film that is there twice, under two patients, was once trained on and measured. Now its patients are one; what was
/// divided before stays as it was.
/// </summary>
public sealed class CopiedFilmsTests : IDisposable
{
    // Patients 0 to 11 of two films each; film 2k is patient k's.
    private static readonly (int From, int To)[] s_copies = [(0, 6), (8, 14), (16, 22)];

    private readonly TinyRun _run = new(train: "steps: 8, batch: 4, saveEverySeconds: 0");

    public CopiedFilmsTests()
    {
        foreach (var (from, to) in s_copies)
            CopiedFilms.Copy(Film(from), Film(to), scale: 2, gamma: 1.3, mirror: true);
    }

    public void Dispose() => _run.Dispose();

    private string Film(int number) => Path.Combine(_run.Data, $"{number}.png");

    private StageSamples Read(RunRequest request, StageGrouping? grouping = null) =>
        StageSamples.Read(request.Recipe, request.Recipe.Stages[0], _run.Data, grouping: grouping);

    private static HashSet<string> OwnPatients(IEnumerable<Sample> samples) => [.. samples.Select(s => s.OwnPatient)];

    [Fact]
    public void Patients_who_share_a_film_are_never_in_two_parts()
    {
        for (var seed = 1; seed <= 8; seed++)
        {
            var data = Read(_run.Request("out", false, $"splitSeed={seed}"));
            Assert.Equal([["p0", "p3"], ["p11", "p8"], ["p4", "p7"]], data.Groups.Joined);
            foreach (var part in (IReadOnlyList<Sample>[])[data.Training, data.Validation, data.HeldOut])
            {
                var patients = OwnPatients(part);
                Assert.All(data.Groups.Joined, group => Assert.True(
                    group.All(patients.Contains) || !group.Any(patients.Contains)));
            }
        }
        Assert.Empty(Read(_run.Request("out", false, "first.data.copies=ignore")).Groups.Joined);
    }

    [Fact]
    public void A_run_says_what_it_joined_and_its_checkpoint_is_measured_on_what_it_held_out()
    {
        var told = new List<string>();
        var request = _run.Request("out");
        var result = Runner.Run(request, e => told.AddRange(e.Message is { } said ? [said] : []))[0];
        Assert.Contains("3 pairs of films show the same film; 6 patients are joined to 3", told);

        using var checkpoint = Checkpoint.Load(result.Folder);
        Assert.Equal(GroupRule.PatientsAndCopies, checkpoint.Parents.Datasets[0].Use!.Groups);
        var selected = EvaluationSamples.Select(
            checkpoint, "tiny", _run.Data, EvaluationSplit.HeldOut, hub: new LocalHub(request.HubFolder));
        var heldOut = Read(request).HeldOut;
        Assert.Equal(heldOut.Select(s => (s.Id, s.Patient)), selected.Samples.Select(s => (s.Id, s.Patient)));
        Assert.Empty(selected.Warnings);
    }

    [Fact]
    public void A_run_from_before_goes_on_as_it_was_and_its_checkpoint_is_measured_with_a_warning()
    {
        var before = new RunRequest(Splitting(_run.Request("out"))) { DividesByPatientAlone = true };
        using (var stop = new CancellationTokenSource())
        {
            Assert.ThrowsAny<OperationCanceledException>(() => Runner.Run(before, e =>
            {
                if (e.Loss is not null)
                    stop.Cancel();
            }, stop.Token));
        }
        // So an earlier version wrote it.
        var path = Path.Combine(before.OutFolder, "first", StageSamples.SplitFile);
        var split = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Assert.True(split.Remove("groups") && split.Remove("joinedPatients"));
        File.WriteAllText(path, split.ToJsonString());

        var resumed = new RunRequest(Splitting(_run.Request("out", resume: true)));
        var result = Runner.Run(resumed, _ => { }, TestContext.Current.CancellationToken)[0];

        var heldOut = Read(resumed, new StageGrouping(isEarlier: true)).HeldOut;
        Assert.Equal(heldOut.Count, result.HeldOutImages);
        using var checkpoint = Checkpoint.Load(result.Folder);
        Assert.Null(checkpoint.Parents.Datasets[0].Use!.Groups);
        var selected = EvaluationSamples.Select(
            checkpoint, "tiny", _run.Data, EvaluationSplit.HeldOut, hub: new LocalHub(resumed.HubFolder));
        Assert.Equal(heldOut.Select(s => s.Id), selected.Samples.Select(s => s.Id));
        var outside = heldOut.Count(s => s_copies.Any(copy =>
            (s.Id == $"{copy.From}.png" && heldOut.All(other => other.Id != $"{copy.To}.png"))
            || (s.Id == $"{copy.To}.png" && heldOut.All(other => other.Id != $"{copy.From}.png"))));
        Assert.Contains(
            $"was trained on copies of {outside} of these {heldOut.Count} images",
            Assert.Single(selected.Warnings));

        // Candidates are ranked on nobody whose film this checkpoint saw a copy of.
        var ranked = RankSamples.Select(
            new()
            {
                DataName = "tiny",
                DataRoot = _run.Data,
                Task = "classify",
                HubFolder = resumed.HubFolder,
                Seed = 1,
            },
            new LocalHub(resumed.HubFolder),
            [checkpoint]);
        var patients = OwnPatients(heldOut);
        var joined = Read(_run.Request("out")).Groups.Joined;
        Assert.Equal(
            heldOut.Where(s => joined.Where(group => group.Contains(s.OwnPatient)).All(g => g.All(patients.Contains)))
                .Select(s => s.Id),
            ranked.Samples.Select(s => s.Id));
    }

    [Fact]
    public void An_experiment_from_before_goes_on_as_it_was()
    {
        using var experiment = new TinyExperiment();
        foreach (var (from, to) in s_copies)
            CopiedFilms.Copy(
                Path.Combine(experiment.Tiny.Data, $"{from}.png"), Path.Combine(experiment.Tiny.Data, $"{to}.png"));
        var request = new ExperimentRequest(experiment.Request("out", $"splitSeed={DividingSeed()}"))
        {
            Starts = ["scratch"],
            Resume = true,
        };
        var joined = Experiment.Plan(request);
        Assert.True(joined.LooksForCopies);
        var folder = new ExperimentFolder(request.OutFolder);
        folder.SavePlan(request, joined);
        // So an earlier version wrote it.
        var path = Path.Combine(request.OutFolder, "plan.json");
        var stage = request.Recipe.Stages[0];
        var before = StageSamples.Read(
            request.Recipe, stage, experiment.Tiny.Data, grouping: new StageGrouping(isEarlier: true));
        var written = JsonNode.Parse(File.ReadAllText(path))!;
        Assert.True(written["plan"]!.AsObject().Remove("looksForCopies"));
        written["plan"]!["heldOutDigest"] = ExperimentPlanner.HeldOutDigest(before);
        File.WriteAllText(path, written.ToJsonString());

        var plan = Experiment.Plan(request);
        Assert.False(plan.LooksForCopies);
        Assert.NotEqual(joined.HeldOutDigest, plan.HeldOutDigest);
        var result = new ExperimentWork(request, plan, folder).Do(plan.Runs[0], _ => { }, default);
        Assert.Equal(plan.HeldOutDigest, result!.HeldOutDigest);
    }

    [Fact]
    public void Unlabelled_copies_of_films_that_are_measured_are_left_out()
    {
        using var run = new TinyRun(
            train: "steps: 1, batch: 4",
            stage: ["unlabeled: {name: more, format: images}", "uda: {}"]);
        var recipe = RecipeReader.Read(run.RecipePath, []);
        var labelled = StageSamples.Read(recipe, recipe.Stages[0], run.Data);
        var more = Path.Combine(run.Folder, "more");
        foreach (var (i, sample) in labelled.Training.Index())
            CopiedFilms.Copy(sample.ImagePath, Path.Combine(more, $"training-{i}.jpg"), mirror: true);
        CopiedFilms.Copy(labelled.HeldOut[0].ImagePath, Path.Combine(more, "held-out.jpg"), mirror: true, scale: 2);
        CopiedFilms.Copy(labelled.Validation[0].ImagePath, Path.Combine(more, "validation.jpg"), gamma: 1.4);

        var unlabeled = UnlabeledSamples.Read(recipe.Stages[0], more, labelled, run.Data);

        Assert.Equal(2, unlabeled.LeftOut);
        Assert.All(unlabeled.Samples, s => Assert.StartsWith("training-", s.Id));
    }

    /// <summary>The same request with a split that has a film and its copy in two parts.</summary>
    private RunRequest Splitting(RunRequest request) =>
        new(request) { Recipe = RecipeReader.Read(_run.RecipePath, [$"splitSeed={DividingSeed()}"]) };

    /// <summary>A seed by which a film and its copy are in two parts where patients alone are kept together.</summary>
    private int DividingSeed()
    {
        for (var seed = 1; ; seed++)
        {
            var recipe = RecipeReader.Read(_run.RecipePath, [$"splitSeed={seed}"]);
            var heldOut = StageSamples.Read(
                recipe, recipe.Stages[0], _run.Data, grouping: new StageGrouping(isEarlier: true)).HeldOut;
            if (s_copies.Any(copy => heldOut.Count(s => s.Id == $"{copy.From}.png" || s.Id == $"{copy.To}.png") == 1))
                return seed;
        }
    }
}
