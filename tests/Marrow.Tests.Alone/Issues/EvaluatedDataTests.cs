using System.Globalization;
using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Cli;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Training.Ranking;
using Marrow.Training.Runs;

namespace Marrow.Tests.Issues;

/// <summary>What a checkpoint held out is measured, or the numbers say that it is something else.</summary>
public sealed class EvaluatedDataTests(EvaluatedDataTests.Trained trained) : IClassFixture<EvaluatedDataTests.Trained>
{
    /// <summary>A checkpoint on 24 images of 12 patients.</summary>
    public sealed class Trained : IDisposable
    {
        private readonly TinyRun _run = new(train: "steps: 2, batch: 4");

        public Trained()
        {
            Folder = Runner.Run(_run.Request("out"), _ => { })[0].Folder;
            using var split = JsonDocument.Parse(
                File.ReadAllText(Path.Combine(_run.Folder, "out", "first", "split.json")));
            HeldOut =
            [
                .. split.RootElement.GetProperty("heldOutPatients").EnumerateArray().Select(p => p.GetString()!),
            ];
        }

        public string Folder { get; }
        public string Hub => Path.Combine(_run.Folder, "out", "hub");
        public IReadOnlyList<string> HeldOut { get; }

        /// <summary>A copy of the data with other rows; "path,patient,label".</summary>
        public string Data(Func<string[], IEnumerable<string>>? change = null)
        {
            var copy = Path.Combine(_run.Folder, Guid.NewGuid().ToString("N"));
            Directory.CreateDirectory(copy);
            foreach (var file in Directory.GetFiles(_run.Data))
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            if (change is not null)
            {
                var rows = File.ReadAllLines(Path.Combine(copy, "labels.csv"));
                File.WriteAllLines(Path.Combine(copy, "labels.csv"), change(rows[1..]).Prepend(rows[0]));
            }
            return copy;
        }

        /// <summary>
        /// The same checkpoint as an earlier version of Marrow would have saved it: without its split.
        /// </summary>
        public Checkpoint Early()
        {
            var manifest = CheckpointManifest.Read(Folder);
            var (bytes, changed) = (
                manifest with
                {
                    Files = [.. manifest.Files.Where(f => f.Path != "split.json")],
                }
            ).Seal();
            var folder = Path.Combine(Path.GetDirectoryName(Folder)!, changed.Digest.Hex);
            Directory.CreateDirectory(folder);
            foreach (var file in changed.Files)
                File.Copy(Path.Combine(Folder, file.Path), Path.Combine(folder, file.Path), overwrite: true);
            File.WriteAllBytes(Path.Combine(folder, "checkpoint.json"), bytes);
            return Checkpoint.Load(folder);
        }

        public void Dispose() => _run.Dispose();
    }

    private EvaluationSamples Select(
        Checkpoint checkpoint,
        string data,
        EvaluationSplit split = EvaluationSplit.HeldOut
    ) => EvaluationSamples.Select(checkpoint, "tiny", data, split, hub: new LocalHub(trained.Hub));

    private IEnumerable<string> WithoutOneTrained(string[] rows)
    {
        var gone = rows.First(row => !trained.HeldOut.Contains(row.Split(',')[1]));
        return rows.Where(row => row != gone);
    }

    private void AssertHeldOut(IEnumerable<Sample> samples) =>
        Assert.All(samples, s => Assert.Contains(s.Patient, trained.HeldOut));

    [Fact]
    public void The_same_files_give_what_was_held_out_and_nothing_to_warn_of()
    {
        using var checkpoint = Checkpoint.Load(trained.Folder);
        var selected = Select(checkpoint, trained.Data());
        Assert.Equal(2 * trained.HeldOut.Count, selected.Samples.Count);
        AssertHeldOut(selected.Samples);
        Assert.Empty(selected.Warnings);
        using var early = trained.Early();
        Assert.Equal(selected.Samples.Select(s => s.Id), Select(early, trained.Data()).Samples.Select(s => s.Id));
    }

    [Fact]
    public void One_row_less_gives_the_same_images_with_a_warning_never_trained_ones()
    {
        using var checkpoint = Checkpoint.Load(trained.Folder);
        var selected = Select(checkpoint, trained.Data(WithoutOneTrained));
        Assert.Equal(2 * trained.HeldOut.Count, selected.Samples.Count);
        AssertHeldOut(selected.Samples);
        Assert.Contains("the files are others", Assert.Single(selected.Warnings));
    }

    [Fact]
    public void A_checkpoint_whose_split_is_not_recorded_is_not_measured_on_changed_files()
    {
        using var early = trained.Early();
        var error = Assert.Throws<MarrowException>(() => Select(early, trained.Data(WithoutOneTrained)));
        Assert.Contains("--split all", error.Message);
        Assert.Contains("23 images", error.Message);
    }

    [Fact]
    public void Patients_under_other_names_are_noticed_though_the_files_are_the_same()
    {
        using var checkpoint = Checkpoint.Load(trained.Folder);
        var renamed = trained.Data(rows => rows.Select(row => row.Replace(",p", ",patient", StringComparison.Ordinal)));
        Assert.Contains(
            "patients or labels have changed",
            Assert.Throws<MarrowException>(() => Select(checkpoint, renamed)).Message);
        // Every second patient's rows under the name of the next one.
        var moved = trained.Data(rows =>
            rows.Select(
                (row, i) =>
                    row.Split(',') is var cells && cells[1] is var p
                        ? $"{cells[0]},p{(int.Parse(p[1..], CultureInfo.InvariantCulture) + 1) % 12},{cells[2]}"
                        : ""));
        Assert.Throws<MarrowException>(() => Select(checkpoint, moved));
    }

    [Fact]
    public void Other_data_is_not_divided_as_if_it_were_the_checkpoints()
    {
        using var early = trained.Early();
        var other = trained.Data(WithoutOneTrained);
        Assert.Throws<MarrowException>(() => EvaluationSamples.Select(early, "other", other, EvaluationSplit.HeldOut));
    }

    [Fact]
    public void All_images_are_measured_with_the_number_that_was_trained_on()
    {
        using var checkpoint = Checkpoint.Load(trained.Folder);
        var seen = 24 - 2 * trained.HeldOut.Count;
        Assert.Contains(
            $"was trained on {seen} of these 24 images",
            Assert.Single(Select(checkpoint, trained.Data(), EvaluationSplit.All).Warnings));
        using var early = trained.Early();
        Assert.Contains(
            $"was trained on {seen} of these 24 images",
            Assert.Single(Select(early, trained.Data(), EvaluationSplit.All).Warnings));
        Assert.Contains(
            "can't be told",
            Assert.Single(Select(early, trained.Data(WithoutOneTrained), EvaluationSplit.All).Warnings));
    }

    [Fact]
    public void The_warning_stands_in_the_document_and_on_standard_error()
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = CommandLine.Run(
            [
                "evaluate",
                trained.Folder,
                "--data",
                $"tiny={trained.Data(WithoutOneTrained)}",
                "--hub",
                trained.Hub,
                "--json",
            ],
            output,
            error,
            TestContext.Current.CancellationToken);
        Assert.Equal(0, code);
        using var document = JsonDocument.Parse(output.ToString());
        Assert.Equal(2 * trained.HeldOut.Count, document.RootElement.GetProperty("images").GetInt32());
        Assert.Contains("the files are others", document.RootElement.GetProperty("warnings")[0].GetString());
        Assert.Contains("warning: ", error.ToString());
    }

    [Fact]
    public void Changed_files_rank_by_what_is_known_to_be_held_out()
    {
        using var checkpoint = Checkpoint.Load(trained.Folder);
        var request = new RankRequest
        {
            DataName = "tiny",
            DataRoot = trained.Data(WithoutOneTrained),
            Task = CheckpointTask.Classify,
            HubFolder = trained.Hub,
        };
        AssertHeldOut(RankSamples.Select(request, new LocalHub(trained.Hub), [checkpoint]).Samples);
    }

    [Fact]
    public void No_patient_can_be_read_out_of_a_recorded_split()
    {
        var text = File.ReadAllText(Path.Combine(trained.Folder, "split.json"));
        Assert.All(trained.HeldOut, patient => Assert.DoesNotContain($"\"{patient}\"", text));
        Assert.DoesNotContain(".png", text);
    }
}
