using System.Text;
using Marrow.Checkpoints;

namespace Marrow.Tests.Checkpoints;

public sealed class ParentWorthTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("marrow-worth").FullName;

    private static readonly WorthPoint[] Points = [new(24, 14.25, 19.5, 3.3, 0), new(240, 9, 10, 1.5, 1)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_is_read_as_it_was_written_and_said_in_a_sentence()
    {
        var read = Write(Worth(Points)).Parents.Checkpoints[0].Worth!;
        Assert.Equal(Points, read.Points);
        Assert.Equal(
            "with 24 images smape 14.25 % instead of 19.5 from scratch (3.3 times the labels); with 240 images 9 "
                + "instead of 10 (more than 1.5 times the labels). "
                + "Experiment spine, teacher, 3 seeds, 42 held-out images, 2026-01-02",
            read.Describe());
    }

    [Fact]
    public void A_parent_that_no_experiment_measured_is_written_as_before()
    {
        Assert.Null(Write(null).Parents.Checkpoints[0].Worth);
        Assert.DoesNotContain(
            "worth",
            File.ReadAllText(Path.Combine(_folder, CheckpointManifest.FileName)),
            StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void What_no_experiment_writes_is_refused()
    {
        Refused(Worth([]));
        Refused(Worth([new(0, 1, 1, 1, 0)]));
        Refused(Worth([new(5, double.NaN, 1, 1, 0)]));
        Refused(Worth([new(5, 1, double.PositiveInfinity, 1, 0)]));
        Refused(Worth([new(5, 1, 1, -1, 0)]));
        Refused(Worth([new(5, 1, 1, 1, 2)]));
        Refused(Worth([.. Enumerable.Repeat(new WorthPoint(5, 1, 1, 1, 0), 1001)]));
        Refused(Worth(Points, seeds: 0));
        Refused(Worth(Points, heldOut: 0));
        Refused(Worth(Points, experiment: new string('x', 201)));
        Refused(Worth(Points, command: new string('x', 4001)));
    }

    private static ParentWorth Worth(
        IReadOnlyList<WorthPoint> points,
        int seeds = 3,
        int heldOut = 42,
        string experiment = "spine",
        string command = "marrow experiment spine.yaml") =>
        new(experiment, "smape", "teacher", points, seeds, heldOut, new(2026, 1, 2), command) { Unit = "%" };

    private void Refused(ParentWorth worth) =>
        Assert.Contains(
            CheckpointManifest.FileName,
            Assert.Throws<MarrowException>(() => Write(worth)).Message,
            StringComparison.Ordinal);

    private CheckpointManifest Write(ParentWorth? worth)
    {
        var (bytes, _) = new CheckpointManifest
        {
            Name = "a.b",
            Created = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
            Parents = new() { Checkpoints = [new("p.q", "sha256:" + new string('1', 64)) { Worth = worth }] },
            Files = [],
        }.Seal();
        File.WriteAllBytes(Path.Combine(_folder, CheckpointManifest.FileName), bytes);
        Assert.StartsWith("{", Encoding.UTF8.GetString(bytes));
        return CheckpointManifest.Read(_folder);
    }
}
