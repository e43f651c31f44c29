using Marrow.Tasks;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

/// <summary>Which images a stage may learn from without labels.</summary>
public sealed class UnlabeledSamplesTests : IDisposable
{
    private readonly TinyRun _tiny = new(
        train: "steps: 1, batch: 4",
        stage: ["unlabeled: {name: more, format: images}", "uda: {}"]);

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void Patients_who_are_held_out_or_choose_the_best_weights_are_never_among_them_and_labels_are_gone()
    {
        var (labelled, unlabeled) = Read(_tiny.Data, "first.unlabeled.format=csv", "first.data.limit=3");
        var patients = labelled.HeldOut.Concat(labelled.Validation).Select(s => s.Patient).ToHashSet();
        Assert.NotEmpty(patients);
        Assert.DoesNotContain(unlabeled.Samples, s => patients.Contains(s.Patient));
        Assert.All(unlabeled.Samples, s => Assert.Empty(s.Labels));
        // All others are there, those beyond the limit too.
        Assert.Equal(24 - labelled.HeldOut.Count - labelled.Validation.Count, unlabeled.Samples.Count);
        Assert.Equal(24, unlabeled.Samples.Count + unlabeled.LeftOut);
        Assert.True(unlabeled.Samples.Count > labelled.Training.Count);
    }

    [Fact]
    public void No_target_of_any_task_is_left()
    {
        using var run = new SpineRun(
            "segment",
            "segment-densenet-mini",
            "steps: 1, batch: 4",
            "unlabeled: {name: spines, format: spineweb16}",
            "teacher: {}");
        var recipe = RecipeReader.Read(run.RecipePath, []);
        var labelled = StageSamples.Read(recipe, recipe.Stages[0], run.Data);
        var unlabeled = UnlabeledSamples.Read(recipe.Stages[0], run.Data, labelled, run.Data);
        Assert.NotEmpty(unlabeled.Samples);
        foreach (
            var task in (string[])[CheckpointTask.DetectVertebrae, CheckpointTask.RegressCobb, CheckpointTask.Segment])
            Assert.All(labelled.Training, s => Assert.True(LabelledSamples.IsLabelled(s, task)));
        foreach (var task in CheckpointTask.All.Where(t => t != CheckpointTask.Pretrain))
            Assert.DoesNotContain(unlabeled.Samples, s => LabelledSamples.IsLabelled(s, task));
    }

    [Fact]
    public void Their_files_are_found_under_another_name_of_the_data_and_as_copies_and_links()
    {
        var measured = Read(_tiny.Data).Labelled is var parts ? parts.HeldOut.Concat(parts.Validation).ToList() : [];
        var other = Path.Combine(_tiny.Folder, "other");
        Directory.CreateDirectory(other);
        foreach (var (sample, i) in parts.Training.Select((s, i) => (s, i)))
            File.Copy(sample.ImagePath, Path.Combine(other, $"training-{i}.png"));
        File.Copy(measured[0].ImagePath, Path.Combine(other, "copy.png"));
        File.CreateSymbolicLink(Path.Combine(other, "link.png"), measured[1].ImagePath);
        // A second view of a patient one of whose images is held out.
        var patient = Path.Combine(other, "patient7");
        Directory.CreateDirectory(patient);
        File.Copy(measured[2].ImagePath, Path.Combine(patient, "frontal.png"));
        File.Copy(parts.Training[0].ImagePath, Path.Combine(patient, "lateral.png"));

        var unlabeled = Read(other).Unlabeled;
        Assert.Equal(parts.Training.Count, unlabeled.Samples.Count);
        Assert.All(unlabeled.Samples, s => Assert.StartsWith("training-", s.Id));
        Assert.Equal(4, unlabeled.LeftOut);
        Assert.Contains("4 left out", unlabeled.ToString());

        // By path: a folder above the data's own.
        var above = Read(_tiny.Folder).Unlabeled;
        Assert.DoesNotContain(above.Samples, s =>
            measured.Any(m => Path.GetFullPath(m.ImagePath) == Path.GetFullPath(s.ImagePath)));
    }

    [Fact]
    public void A_folder_without_images_is_an_error_before_anything_is_written()
    {
        var empty = Path.Combine(_tiny.Folder, "empty");
        Directory.CreateDirectory(empty);
        File.WriteAllText(Path.Combine(empty, "notes.txt"), "none");
        Assert.Contains("no image", Fault(empty));

        var few = Path.Combine(_tiny.Folder, "few");
        Directory.CreateDirectory(few);
        File.Copy(Read(_tiny.Data).Labelled.Training[0].ImagePath, Path.Combine(few, "one.png"));
        Assert.Contains("expected 4 unlabelled images or more, a batch of stage first", Fault(few));

        var heldOut = Path.Combine(_tiny.Folder, "heldOut");
        Directory.CreateDirectory(heldOut);
        foreach (var sample in Read(_tiny.Data).Labelled.HeldOut)
            File.Copy(sample.ImagePath, Path.Combine(heldOut, sample.Id));
        Assert.Contains("held out", Fault(heldOut));

        var request = _tiny.Request("out");
        Assert.Contains("--data more=DIR", Assert.Throws<MarrowException>(() => Runner.Run(request, _ => { })).Message);
        Assert.False(Directory.Exists(request.OutFolder));
    }

    private string Fault(string folder)
    {
        var request = new RunRequest(_tiny.Request("out"))
        {
            DataFolders = new Dictionary<string, string> { ["tiny"] = _tiny.Data, ["more"] = folder },
        };
        var message = Assert.Throws<MarrowException>(() => Runner.Run(request, _ => { })).Message;
        Assert.False(Directory.Exists(request.OutFolder));
        Assert.StartsWith(folder, message);
        return message;
    }

    private (StageSamples Labelled, UnlabeledSamples Unlabeled) Read(string root, params string[] overrides)
    {
        var recipe = RecipeReader.Read(_tiny.RecipePath, overrides);
        var labelled = StageSamples.Read(recipe, recipe.Stages[0], _tiny.Data);
        return (labelled, UnlabeledSamples.Read(recipe.Stages[0], root, labelled, _tiny.Data));
    }
}
