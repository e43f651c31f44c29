using System.Globalization;
using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Cli;
using Marrow.Computing;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Prediction;
using Marrow.Tasks.Points;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

/// <summary>
/// Small pictures of two discs on either side of a dark square, whose middles are points. A first stage finds them on a
/// quarter of the size, a second one looks at what is about each.
/// </summary>
public sealed class SecondLookRunTests : IDisposable
{
    private const int Width = 160, Height = 200;
    // The training computes in float32, an evaluation as the machine does best.
    private static readonly double Rounding = Compute.Choose().BFloat16 ? 0.05 : 1e-9;

    private const string First = "points-densenet-mini.look", Second = "points-densenet-mini.again";

    private readonly TemporaryFolder _folder = new();
    private readonly string _recipe;

    public SecondLookRunTests()
    {
        var rows = new List<string> { "file,left_x,left_y,right_x,right_y,middle_x,middle_y" };
        for (var i = 0; i < 60; i++)
        {
            var random = SeededRandom.Fork(5, i);
            var (left, right, middle) = (Place(25, 60), Place(100, 135), Place(72, 88));
            var pixels = new byte[Width * Height];
            for (var p = 0; p < pixels.Length; p++)
            {
                var at = new Point2D(p % Width + 0.5, p / Width + 0.5);
                var grey =
                    Math.Min(at.DistanceTo(left), at.DistanceTo(right)) < 9 ? 200
                    : Math.Max(Math.Abs(at.X - middle.X), Math.Abs(at.Y - middle.Y)) < 6 ? 30
                    : 100;
                pixels[p] = (byte)Math.Clamp(grey + 10 * random.NextGaussian(), 0, 255);
            }
            ImageWriter.WritePng8(_folder[$"films/{i}.png"], Width, Height, pixels);
            rows.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{i}.png,{left.X:F2},{left.Y:F2},{right.X:F2},{right.Y:F2},{middle.X:F2},{middle.Y:F2}"));

            Point2D Place(double from, double to) => new(random.Uniform(from, to), random.Uniform(30, 170));
        }
        File.WriteAllLines(_folder["films/labels.csv"], rows);
        _recipe = _folder["recipe.yaml"];
        File.WriteAllText(_recipe, """
            name: twice
            seed: 3
            heldOut: 0.25
            stages:
              - name: look
                task: points
                model: points-densenet-mini
                tag: look
                data: {name: films, format: csv, validation: 0.2, mirrorPairs: {left: right}, mmPerPixel: 0.5}
                input: {width: 40, height: 50}
                augment: {flipProbability: 0.5, shift: 0.05}
                train: {steps: 90, batch: 8, lr: 6.0e-3, ema: 0.9, clipNorm: 10, evaluateEvery: 20, precision: f32, workers: 1}
              - name: again
                task: points
                model: points-densenet-mini
                tag: again
                init: look
                crop: {by: look, region: point, side: 0.3}
                data: {name: films, format: csv, validation: 0.2, mirrorPairs: {left: right}, mmPerPixel: 0.5}
                input: {width: 40, height: 40}
                augment: {flipProbability: 0.5, shift: 0.15}
                train: {steps: 90, batch: 16, lr: 6.0e-3, ema: 0.9, clipNorm: 10, evaluateEvery: 20, precision: f32, workers: 1}
            """);
    }

    public void Dispose() => _folder.Dispose();

    private string Data => $"films={_folder["films"]}";

    private (int Code, string Output, string Error) Call(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = CommandLine.Run([.. args, "--hub", _folder["hub"]], output, error, CancellationToken.None);
        return (code, output.ToString(), error.ToString());
    }

    private string Done(params string[] args)
    {
        var (code, output, error) = Call(args);
        Assert.True(code == ExitCode.Done, error);
        return output;
    }

    private Dictionary<string, double> Evaluated(params string[] args) => JsonDocument
        .Parse(Done(["evaluate", .. args, "--data", Data, "--json"])).RootElement.GetProperty("results")
        .GetProperty("points").EnumerateArray()
        .ToDictionary(m => m.GetProperty("name").GetString()!, m => m.GetProperty("value").GetDouble());

    private JsonElement Predicted(string film, params string[] checkpoints) => JsonDocument.Parse(
        Done([
            "predict", film, .. checkpoints.SelectMany(name => (string[])["--checkpoint", name]), "--out",
            _folder["out"], "--json",
        ])).RootElement.GetProperty("predictions")[0];

    [Fact]
    public void A_second_look_errs_less_than_the_first_and_brings_it_along()
    {
        Done("run", _recipe, "--data", Data, "--out", _folder["run"]);
        Assert.Equal(60, File.ReadLines(Assert.Single(Directory.GetFiles(_folder["run/detections"]))).Count());

        // The crop belongs to the weights, as does what is made of what is seen in it.
        var store = new LocalHub(_folder["hub"]);
        using var second = store.Resolve(Second);
        var first = store.Find(First);
        var crop = second.Config.Input.Crop!;
        Assert.Equal(
            (CropRegion.Point, first.Name, first.Digest, 0.0, 0.3),
            (crop.Region, crop.Detector, crop.Digest, crop.Margin, crop.Side));
        Assert.Equal(["init", "crop"], second.Parents.Checkpoints.Select(p => p.Role));
        Assert.NotNull(((PointDecoding)second.Config.ReadDecoding("")!).PointRefinement);
        Assert.DoesNotContain("pointRefinement", File.ReadAllText(Path.Combine(first.Folder, "config.json")));
        Assert.Null(second.Config.Familiarity); // of whole images, for the first one to say

        // The run and an evaluation measure what both looks come to, in millimetres too.
        var (once, twice) = (Evaluated(First), Evaluated(Second));
        Assert.InRange(twice["point-error"], 0, 0.7 * once["point-error"]);
        Assert.Equal(0.5 * twice["point-error"], twice["point-error-mm"], 1e-9);
        Assert.True(twice["points-within-2mm"] > once["points-within-2mm"]);
        Assert.Equal(twice, Evaluated(First, Second));
        Assert.Contains("--fast", Done("evaluate", "--help"));
        var fast = Evaluated(Second, "--fast")["point-error"]; // what each own crop alone shows
        Assert.InRange(fast, 1.02 * twice["point-error"], once["point-error"]);
        foreach (var name in (string[])["point-error", "point-error-mm"])
            Assert.Equal(twice[name], second.Metrics.Single(m => m.Metric == name).Value, Rounding * twice[name]);

        // To name the second one is to name both.
        var film = _folder["films/3.png"];
        var alone = Predicted(film, Second);
        Assert.Equal(alone.ToString(), Predicted(film, First, Second).ToString());
        Assert.Equal(
            [$"first-look {first.Digest}", $"points {second.Digest}"],
            alone.GetProperty("checkpoints").EnumerateArray()
                .Select(c => $"{c.GetProperty("role").GetString()} {c.GetProperty("digest").GetString()}"));
        Assert.Equal("all", alone.GetProperty("looks").GetString());
        Assert.Equal(3, alone.GetProperty("points").GetArrayLength());

        // A hub that is asked as a whole looks twice as well, where the first one knows the film.
        using (var whole = PredictorSet.Open(store))
        {
            Assert.Equal([First], HubPredictor.Judging(store).Select(entry => entry.Name));
            var found = whole.Predict(film).Finding;
            Assert.Equal([$"{first.Digest}", $"{second.Digest}"], found.Checkpoints.Select(c => c.Digest));
            Assert.Equal(3, found.Part<PointsPart>()!.Points.Count);
            Assert.Null(whole.TableOf(found)); // the only table

            // So it does with a film that nobody knows, where it is asked for all the same.
            var noise = TestImages.Make(Width, Height, (x, y) => (x * 7919 + y * 104729) % 256);
            Assert.Equal(FindingStatus.Refused, whole.Predict(noise).Status);
            whole.Anyway = true;
            var measured = whole.Predict(noise);
            Assert.Equal(found.Checkpoints.Select(c => c.Digest), measured.Checkpoints.Select(c => c.Digest));
            Assert.Equal(3, measured.Part<PointsPart>()!.Points.Count);
            Assert.Contains("No checkpoint of the hub knows such images", measured.Warnings[^1]);
        }

        // Another first look is refused by name, and so is none.
        Done(
            "run", _recipe, "--data", Data, "--out", _folder["other"], "--stages", "look", "--set", "look.steps=1",
            "--set", "look.tag=other");
        var error = Failed("predict", film, "--checkpoint", "points-densenet-mini.other", "--checkpoint", Second);
        Assert.Contains($"expected the checkpoint by which its images are cropped, {First}@{first.Digest}", error);
        Assert.Contains("found points-densenet-mini.other@sha256:", error);
        Directory.Delete(Path.GetDirectoryName(first.Folder)!, recursive: true);
        Assert.Contains($"{First}@{first.Digest}, found none", Failed("predict", film, "--checkpoint", Second));
        Assert.Contains($"{First}@{first.Digest}, found none", Failed("evaluate", Second, "--data", Data));
        Assert.Throws<MarrowException>(() => new RefinedPointsPredictor(second, first: null));
    }

    [Fact]
    public void A_second_look_that_was_interrupted_goes_on_and_ends_as_one_that_never_stopped()
    {
        string[] overrides = ["*.steps=30", "*.evaluateEvery=1"];
        var whole = Runner.Run(Request("whole", resume: false), _ => { }, TestContext.Current.CancellationToken)[1];
        for (var stop = 1; stop <= 2; stop++)
        {
            using var source = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() =>
                Runner.Run(
                    Request("parts", resume: true),
                    e =>
                    {
                        if (e is { Stage: "again", Step: > 0, Metrics.Count: > 0 })
                            source.Cancel();
                    },
                    source.Token));
        }
        var found = File.ReadAllLines(Assert.Single(Directory.GetFiles(_folder["parts/detections"])));
        var parts = Runner.Run(
            Request("parts", resume: true), _ => { }, TestContext.Current.CancellationToken)[1];

        Assert.Equal(
            File.ReadAllBytes(Path.Combine(whole.Folder, Checkpoint.WeightsFile)),
            File.ReadAllBytes(Path.Combine(parts.Folder, Checkpoint.WeightsFile)));
        Assert.Equal(whole.Metrics.Select(m => (m.Name, m.Value)), parts.Metrics.Select(m => (m.Name, m.Value)));
        // No image was looked at anew.
        Assert.Equal(found, File.ReadAllLines(Assert.Single(Directory.GetFiles(_folder["parts/detections"]))));
        Assert.Equal(60, found.Length);

        RunRequest Request(string name, bool resume) => new()
        {
            Recipe = RecipeReader.Read(_recipe, overrides),
            DataFolders = new Dictionary<string, string> { ["films"] = _folder["films"] },
            OutFolder = _folder[name],
            HubFolder = _folder[$"{name}/hub"],
            Resume = resume,
            Command = "test",
            Resolve = missing => throw new MarrowException($"{missing}: no hub here."),
        };
    }

    private string Failed(params string[] args)
    {
        var (code, _, error) = Call([.. args, .. args[0] == "predict" ? (string[])["--out", _folder["none"]] : []]);
        Assert.Equal(ExitCode.Failed, code);
        return error;
    }

    [Fact]
    public void A_first_look_at_other_points_or_at_crops_is_refused()
    {
        Done(
            "run", _recipe, "--data", Data, "--out", _folder["run"], "--set", "*.steps=1", "--set",
            "*.input.width=32", "--set", "*.input.height=32");
        string[] again = ["run", _recipe, "--data", Data, "--stages", "again", "--set", "*.steps=1", "--out"];
        Assert.Contains(
            $"again: {First}: expected a first look at the same 2 points, with none as number 3, found 3 points, with "
                + "middle as number 3",
            Failed([.. again, _folder["a"], "--set", "again.data.labelColumns=[left, right]"]));
        var error = Failed([.. again, _folder["b"], "--set", $"again.crop.by={Second}"]);
        Assert.Contains("expected a checkpoint that looks at whole images, to crop by", error);
        Assert.Contains($"Name {First}, or another that looks first.", error);
        Assert.False(Directory.Exists(_folder["b"]));
    }
}
