using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Datasets.Copies;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Training.Ranking;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Ranking;

/// <summary>No image that a candidate or an ancestor was trained on ranks anything.</summary>
public sealed class RankSamplesTests : IDisposable
{
    private readonly TinyRun _tiny = new(images: 40);
    private readonly Module _model = Drafts.Model();
    private readonly LocalHub _hub;
    private readonly List<Checkpoint> _saved = [];
    private readonly Dataset _data;

    public RankSamplesTests()
    {
        _hub = new(Path.Combine(_tiny.Folder, "hub"));
        _data = Open();
    }

    public void Dispose()
    {
        _saved.ForEach(c => c.Dispose());
        _model.Dispose();
        _tiny.Dispose();
    }

    private Dataset Open() => DatasetCatalogue.Open(new() { Name = "tiny", Format = "csv", Root = _tiny.Data });

    private ParentDataset Trained(double heldOut, ulong seed = 3, string name = "tiny", string? digest = null) =>
        new(name, "", "CC0-1.0", digest ?? PatientSplit.FilesDigest(_data))
        {
            Use = new("csv", new(), heldOut, seed),
        };

    private Checkpoint Save(
        string name,
        IReadOnlyList<ParentDataset> datasets,
        Checkpoint? parent = null,
        string? hub = null)
    {
        var saved = (Drafts.Of(_model) with
        {
            Name = name,
            Parents = new()
            {
                Datasets = datasets,
                Checkpoints = parent is null ? [] : [new(parent.Name, parent.Digest)],
                Inherited = parent is null ? [] : parent.Parents.Ancestors(),
            },
        }).Save(hub ?? _hub.Folder);
        _saved.Add(saved);
        return saved;
    }

    private RankSamples Select(
        IReadOnlyList<Checkpoint> candidates,
        int labels = 0,
        string name = "tiny",
        string? format = "csv",
        DatasetOptions? options = null
    ) =>
        RankSamples.Select(
            new()
            {
                DataName = name,
                DataRoot = _tiny.Data,
                Format = format,
                Options = options,
                Task = CheckpointTask.Classify,
                HubFolder = _hub.Folder,
                Labels = labels,
            },
            _hub,
            candidates);

    private IEnumerable<string> HeldOut(double share, ulong seed) =>
        PatientSplit.Create(_data.Samples, share, seed).HeldOut.Select(s => s.Id);

    [Theory]
    [InlineData("tiny")]
    [InlineData("by another name")]
    public void Of_data_that_a_candidate_was_trained_on_its_held_out_part_is_used(string name)
    {
        var samples = Select([Save("densenet-mini.a", [Trained(0.3)])], name: name);
        Assert.Equal(HeldOut(0.3, 3).Order(), samples.Samples.Select(s => s.Id).Order());
        Assert.Contains("held out from densenet-mini.a", samples.Notes[0]);
        Assert.Empty(samples.Warnings);
    }

    [Fact]
    public void Of_several_candidates_what_all_of_them_held_out()
    {
        var samples = Select([
            Save("densenet-mini.a", [Trained(0.5, seed: 3)]),
            Save("densenet-mini.b", [Trained(0.5, seed: 4)]),
            Save("densenet-mini.c", []),
        ]);
        Assert.Equal(HeldOut(0.5, 3).Intersect(HeldOut(0.5, 4)).Order(), samples.Samples.Select(s => s.Id).Order());
    }

    [Fact]
    public void What_an_ancestor_saw_counts_too()
    {
        var parent = Save("densenet-mini.parent", [Trained(0.4)]);
        var middle = Save("densenet-mini.middle", [Trained(0.2, name: "others", digest: "ab")], parent);
        var samples = Select([Save("densenet-mini.child", [], middle)]);
        Assert.Equal(HeldOut(0.4, 3).Order(), samples.Samples.Select(s => s.Id).Order());
    }

    [Fact]
    public void Images_of_the_same_data_that_were_learnt_from_without_labels_are_none_of_the_held_out_part()
    {
        var films = new ParentDataset("tiny", "", "CC0-1.0", new string('d', 64)) { Role = "unlabeled" };
        var parent = Save("densenet-mini.parent", [Trained(0.4), films]);
        var samples = Select([Save("densenet-mini.child", [], parent)]);
        Assert.Equal(HeldOut(0.4, 3).Order(), samples.Samples.Select(s => s.Id).Order());
        Assert.Empty(samples.Warnings);
        // of films alone nothing is known
        Assert.Contains("can't be told", Assert.Single(Select([Save("densenet-mini.films", [films])]).Warnings));
    }

    [Fact]
    public void An_ancestor_that_the_hub_does_not_have_leaves_a_warning()
    {
        var parent = Save("densenet-mini.parent", [Trained(0.4)], hub: Path.Combine(_tiny.Folder, "elsewhere"));
        var samples = Select([Save("densenet-mini.child", [], parent)]);
        Assert.Equal(40, samples.Samples.Count);
        Assert.Contains(
            "densenet-mini.child: an ancestor was trained on data of the name tiny",
            Assert.Single(samples.Warnings));
    }

    [Fact]
    public void Other_files_of_the_same_name_leave_a_warning()
    {
        var samples = Select([Save("densenet-mini.a", [Trained(0.3, digest: new string('c', 64))])]);
        Assert.Equal(40, samples.Samples.Count);
        Assert.Contains("can't be told", Assert.Single(samples.Warnings));
        Assert.Empty(
            Select(
                [Save("densenet-mini.b", [Trained(0.3, digest: new string('c', 64))])],
                name: "by another name"
            ).Warnings);
    }

    [Fact]
    public void A_candidate_that_saw_everything_is_left_out_and_takes_nothing_from_the_others()
    {
        var samples = Select([Save("densenet-mini.all", [Trained(0)]), Save("densenet-mini.other", [])]);
        Assert.Equal(["densenet-mini.all"], samples.LeftOut);
        Assert.Equal(40, samples.Samples.Count);
        Assert.Contains("left out", Assert.Single(samples.Warnings));
    }

    /// <summary>Saves a checkpoint of the first twenty of forty films, which become the part "train".</summary>
    private (Checkpoint Checkpoint, Dataset Train, Dataset Test) OfOnePart(GroupRule? groups)
    {
        var labels = Path.Combine(_tiny.Data, "labels.csv");
        var rows = File.ReadAllLines(labels);
        File.WriteAllLines(labels, rows[1..].Select((row, i) => $"{row},{(i < 20 ? "train" : "test")}")
            .Prepend($"{rows[0]},split"));
        var train = Part("train");
        var checkpoint = Save("densenet-mini.a", [
            new("tiny", "", "CC0-1.0", PatientSplit.FilesDigest(train))
            {
                Use = new("csv", new() { Split = "train" }, 0, 3) { Groups = groups },
            },
        ]);
        return (checkpoint, train, Part("test"));

        Dataset Part(string split) => DatasetCatalogue.Open(
            new() { Name = "tiny", Format = "csv", Root = _tiny.Data, Options = new() { Split = split } });
    }

    private IEnumerable<string> Seen(Checkpoint checkpoint, Dataset measured) =>
        EvaluationSamples.Seen(checkpoint, "tiny", measured, measured.Samples, _hub);

    [Fact]
    public void A_candidate_of_all_of_one_part_of_the_data_has_seen_nothing_of_another()
    {
        var (checkpoint, train, test) = OfOnePart(GroupRule.PatientsAndCopies);
        Assert.Empty(Seen(checkpoint, test));
        Assert.Contains("was trained on 20 of these 20 images", Assert.Single(Seen(checkpoint, train)));
        Assert.Contains("was trained on 20 of these 40 images", Assert.Single(Seen(checkpoint, Open())));
        Assert.Equal(
            test.Samples.Select(s => s.Id).Order(),
            Select([checkpoint], options: new()).Samples.Select(s => s.Id).Order());
        // What has seen all of the data has seen each of its parts.
        Assert.Equal(
            ["densenet-mini.all"],
            Select([Save("densenet-mini.all", [Trained(0)]), checkpoint], options: new() { Split = "test" }).LeftOut);
    }

    /// <summary>
    /// A run that reads one part of a data set joins the patients who share a film within it. Twenty of the 150 films
    /// of the part "test1" of the ISBI cephalometric challenge are films of its part "train".
    /// </summary>
    [Theory, InlineData(true, " among these"), InlineData(false, "")]
    public void Films_of_the_trained_part_that_are_in_another_part_too_are_told_and_rank_nothing(
        bool lookedForCopies, string among)
    {
        string Film(int i) => Path.Combine(_tiny.Data, $"{i}.png");
        CopiedFilms.Copy(Film(3), Film(25), scale: 2, gamma: 1.3, mirror: true);
        CopiedFilms.Copy(Film(27), Film(32), scale: 2); // both of the part that nobody has trained on
        var (checkpoint, _, test) = OfOnePart(lookedForCopies ? GroupRule.PatientsAndCopies : null);
        Assert.EndsWith(
            "was trained on copies of 1 of these 20 images, under other names, or chosen by them: its data was divided "
                + $"without looking for copies{among}, and the numbers may be too good.",
            Assert.Single(Seen(checkpoint, test)));
        Assert.Contains("copies of 1 of these 40 images", string.Concat(Seen(checkpoint, Open())));
        Assert.Equal(
            test.Samples.Select(s => s.Id).Except(["24.png", "25.png"]).Order(), // of one patient
            Select([checkpoint], options: new() { Split = "test" }).Samples.Select(s => s.Id).Order());
    }

    [Fact]
    public void Fewer_labels_are_whole_patients_among_those_of_more()
    {
        var checkpoint = Save("densenet-mini.a", []);
        string[] few = [.. Select([checkpoint], labels: 9).Samples.Select(s => s.Id)],
            more = [.. Select([checkpoint], labels: 20).Samples.Select(s => s.Id)];
        Assert.Equal(8, few.Length); // two images a patient
        Assert.Equal(20, more.Length);
        Assert.Subset(more.ToHashSet(), few.ToHashSet());
    }

    [Fact]
    public void Data_that_a_checkpoint_knows_needs_no_format()
    {
        Assert.Equal("csv", Select([Save("densenet-mini.a", [Trained(0.3)])], format: null).Dataset.Format);
        Assert.Contains(
            "--format",
            Assert.Throws<MarrowException>(() => Select([Save("densenet-mini.b", [])], format: null)).Message);
    }
}
