using Marrow.Computing;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Modules;
using Marrow.Phantoms;
using Marrow.Prediction;
using Marrow.Reports;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Strip;
using Marrow.Tasks.Vertebrae;
using static TorchSharp.torch;

namespace Marrow.Tests.Prediction;

/// <summary>What a fast prediction leaves out, and how its finding says so. Networks have random weights.</summary>
public sealed class FastPredictionTests : IDisposable
{
    private const int Views = 2; // an image and its mirror image
    private readonly TemporaryFolder _hub = new();

    public FastPredictionTests() => manual_seed(1);

    public void Dispose() => _hub.Dispose();

    private static Radiograph Film()
    {
        var film = PhantomGenerator.Spine(5, 2);
        return TestImages.Make(film.Width, film.Height, (x, y) => film.Pixels[y * film.Width + x]);
    }

    private static StripTask Strip(CountingBackbone backbone)
    {
        var spec = new ModelSpec { Architecture = "strip-densenet-mini", Items = Vertebra.Count, Outputs = 4 };
        var net = new StripNet(backbone, Vertebra.Count, 4);
        net.eval();
        return new(
            net,
            spec,
            new() { Width = 32, Height = 320, Strip = new(0.1) },
            new(CroppedSamples.CornerNames, false, []));
    }

    [Fact]
    public void A_detector_looks_at_the_film_and_its_mirror_image_and_at_no_crop()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var backbone = CountingBackbone.Create();
        var spec = new DetectorSpec { PyramidChannels = 16, HeadConvolutions = 1 };
        var input = new InputContract { Width = 32, Height = 96 };
        using var task = new DetectVertebraeTask(
            new(backbone, spec), new() { Architecture = "retinanet-densenet-mini", Detector = spec }, input);
        task.Model.eval();
        var image = zeros(1, 1, input.Height, input.Width);

        var fast = task.Spines(image, [AffineTransform.Identity], Compute.Float32, fast: true)[0];
        Assert.Equal(Views, backbone.Images);
        backbone.Images = 0;
        var all = task.Spines(image, [AffineTransform.Identity], Compute.Float32)[0];
        Assert.Equal(Views * (1 + task.Decoding.SecondLook.Crops), backbone.Images);
        // What it is judged by is the first look's in both.
        Assert.Equal(all.FirstLook!.Vertebrae, fast.Vertebrae);
        Assert.Equal(all.Confidence, fast.Confidence);
    }

    [Fact]
    public void Of_several_models_of_strips_the_first_looks_once()
    {
        using var noGrad = no_grad();
        using var first = CountingBackbone.Create();
        using var second = CountingBackbone.Create();
        using var one = Strip(first);
        using var other = Strip(second);
        var (film, spine) = (Film(), RandomSpine.Create(new SeededRandom(2)));

        var refined = new StripRefiner([one, other], Compute.Float32, fast: true).Refine(film, spine);
        Assert.Equal(Vertebra.Count, refined.Count);
        Assert.Equal((1, 0), (first.Images, second.Images));
        first.Images = 0;
        new StripRefiner([one, other], Compute.Float32).Refine(film, spine);
        var looks = one.Decoding.Looks;
        var sizes = Enumerable.Range(0, looks.Passes).Sum(pass => looks.ZoomFactors(pass).Count);
        Assert.Equal(sizes * Views, first.Images);
        Assert.Equal(first.Images, second.Images);
    }

    [Fact]
    public async Task A_finding_says_how_often_the_film_was_looked_at_from_several_threads_too()
    {
        using var model = Drafts.Model(architecture: "retinanet-densenet-mini");
        using var saved = Drafts.Detector(model).Save(_hub.Path);
        using var predictor = PredictorSet.Open(new LocalHub(_hub.Path), saved.Name);
        var film = Film();
        Assert.Equal(FindingLooks.All, predictor.Predict(film).Looks);

        predictor.Fast = true;
        var alone = FindingJson.Write(predictor.Predict(film));
        Assert.Contains("\"looks\": \"one\"", alone, StringComparison.Ordinal);
        var together = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Task.Run(() => FindingJson.Write(predictor.Predict(film)))));
        Assert.All(together, found => Assert.Equal(alone, found));
    }

    [Fact]
    public void Checkpoints_that_look_once_in_any_case_say_what_they_say()
    {
        using var model = Drafts.Model();
        using var saved = Drafts.Of(model).Save(_hub.Path);
        using var predictor = PredictorSet.Open(new LocalHub(_hub.Path), saved.Name);
        var before = FindingJson.Write(predictor.Predict(Film()));
        predictor.Fast = true;
        Assert.Equal(before, FindingJson.Write(predictor.Predict(Film())));
        Assert.DoesNotContain("\"looks\"", before, StringComparison.Ordinal);
    }
}
