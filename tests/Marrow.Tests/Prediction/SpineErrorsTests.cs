using System.Text.Json;
using System.Text.Json.Nodes;
using Marrow.Findings;
using Marrow.Prediction;
using Marrow.Tasks.Intervals;

namespace Marrow.Tests.Prediction;

/// <summary>The file of a cross-validation's errors, whole and broken, and what is counted of its films.</summary>
public sealed class SpineErrorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("marrow-errors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static SpineErrors Errors(int films = 60) => new()
    {
        Experiment = "spine",
        Data = "films",
        Folds = MadeUpErrors.Folds,
        Checkpoints = [],
        Films = MadeUpErrors.Films(films, 1),
    };

    private void Write(JsonNode node) =>
        File.WriteAllText(Path.Combine(_folder, SpineErrors.FileName), node.ToJsonString());

    private static JsonNode Node(SpineErrors errors) => JsonSerializer.SerializeToNode(errors, MarrowJson.Options)!;

    [Fact]
    public void What_is_written_is_read_with_the_digest_of_the_file()
    {
        var errors = Errors();
        Write(Node(errors));
        var (read, digest) = SpineErrors.Read(_folder);
        Assert.Equal(Node(errors).ToJsonString(), Node(read).ToJsonString());
        Assert.Equal(
            Digest.Of(File.ReadAllBytes(Path.Combine(_folder, SpineErrors.FileName))), digest);
        Assert.Equal(60, read.Calibrate(0.9, digest).Films);

        // Of 60 films none is the one in a hundred: the largest error bounds 60 of 61.
        var error = Assert.Throws<MarrowException>(() => read.Calibrate(0.99, digest));
        Assert.Contains("99 or more", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_files_are_refused_with_their_name_and_the_remedy()
    {
        Refused("marrow experiment --folds"); // there is none
        Write(Node(Errors(49)));
        Refused("50 films or more");
        Change(film => film["truth"]!.AsArray().RemoveAt(0), "another number");
        Change(film => film["found"]![1] = 181, "no angle");
        Change(film => film["found"]![1] = "NaN", "no angle");
        Change(film => film["spreads"]![2]!["looksDegrees"] = -1, "no angle");
        Change(film => film["spreads"]![2]!.AsObject().Remove("jumpDegrees"), "JSON");
        Change(film => film["detector"] = 2, "no confidence");
        Change(film => film["fold"] = 6, "fold 6 of 5");
        Change(film => film.AsObject().Remove("patient"), "JSON");
    }

    private void Change(Action<JsonNode> change, string expected)
    {
        var node = Node(Errors());
        change(node["films"]![3]!);
        Write(node);
        Refused(expected);
    }

    private void Refused(string expected)
    {
        var error = Assert.Throws<MarrowException>(() => SpineErrors.Read(_folder));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(SpineErrors.FileName, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_film_is_held_against_a_calibration_of_the_other_folds()
    {
        var films = MadeUpErrors.Films(400, 2);
        var told = CalibrationCheck.OutOfFold(films, 0.9);
        Assert.Equal(films.ToHashSet(), told.Select(t => t.Film).ToHashSet());
        var one = told[17];
        var others = SpineCalibrationFit.Of(
            [.. films.Where(film => film.Fold != one.Film.Fold)], 0.9, new("", "", 5, default));
        Assert.Equal(others.ConfidenceOf(one.Film.Spreads, one.Film.Detector), one.Probability);
        Assert.Equal(
            others.Around(one.Film.Found, one.Film.Spreads).Select(Ends), one.Intervals.Select(Ends));
        Assert.Empty(CalibrationCheck.OutOfFold(films[..60], 0.9)); // of which 48 are in the other folds

        static (double, double) Ends(AngleInterval interval) => (interval.Low, interval.High);
    }

    [Fact]
    public void Coverage_brier_score_and_calibration_error_are_those_counted_by_hand()
    {
        AngleInterval[] intervals = [new(10, 20), new(0, 5), new(1, 2)];
        CheckedFilm Film(string patient, double truth, double found, double probability) => new(
            new(patient, 1, [truth, 4, 3], [found, 4, 3], [default, default, default], 1), intervals, probability);
        CheckedFilm[] films =
            [Film("a", 12, 13, 0.9), Film("b", 19, 15, 0.8), Film("c", 30, 15, 0.4), Film("d", 9, 10, 0.7)];
        var metrics = CalibrationCheck.Measure(films, new() { Resamples = 0 }).ToDictionary(m => m.Name, m => m.Value);
        Assert.Equal(0.5, metrics["coverage.cobb1"]);
        Assert.Equal((1.0, 0.0), (metrics["coverage.cobb2"], metrics["coverage.cobb3"]));
        Assert.Equal((10.0, 5.0), (metrics["interval-width.cobb1"], metrics["interval-width.cobb2"]));
        Assert.Equal((0.0, 1.0), (metrics["coverage.none"], metrics["coverage.mild"]));
        Assert.Equal(0, metrics["coverage.moderate"]);
        Assert.False(metrics.ContainsKey("coverage.severe"));
        Assert.Equal((0.01 + 0.04 + 0.16 + 0.09) / 4, metrics["brier"], 1e-12);
        Assert.Equal(0.75 * 0.25, metrics["brier.same"], 1e-12);
        Assert.Equal(0.75 - 0.7, metrics["calibration-error"], 1e-12); // one part of four films
    }
}
