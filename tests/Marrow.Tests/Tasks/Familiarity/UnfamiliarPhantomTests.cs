using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Phantoms;
using Marrow.Tasks.Classify;
using Marrow.Tasks.Familiarity;

namespace Marrow.Tests.Tasks.Familiarity;

/// <summary>Phantoms as a small model with random weights sees them: even its features tell other images.</summary>
public sealed class UnfamiliarPhantomTests : IDisposable
{
    private const int Width = 64, Height = 160, Known = 48, Unseen = 12;

    private static readonly PhantomOptions Small = new() { Width = Width, Height = Height };
    private static readonly InputContract Input = new() { Width = Width, Height = Height };

    private readonly ClassifyTask _task = new(
        (Classifier)Drafts.Model(),
        new() { Architecture = "densenet-mini", Outputs = 2 },
        Input,
        new(["a", "b"], Exclusive: true, []));

    private readonly Lazy<FamiliarityContract> _familiarity;

    public UnfamiliarPhantomTests()
    {
        _task.Model.eval();
        _familiarity = new(() => FamiliarityFit.Of(
            [.. Enumerable.Range(0, Known).Select(i => Sketch(Spine(i)))],
            [.. Enumerable.Range(Known, Unseen).Select(i => ($"{i}", Sketch(Spine(i))))],
            FamiliarityFit.UsualRate));
    }

    public void Dispose() => _task.Dispose();

    private static Radiograph Spine(int patient)
    {
        var film = PhantomGenerator.Spine(5, patient, options: Small);
        return TestImages.Make(film.Width, film.Height, (x, y) => film.Pixels[y * film.Width + x]);
    }

    private static Radiograph Chest(int patient)
    {
        var film = PhantomGenerator.Chest(5, patient, options: Small);
        return TestImages.Make(film.Width, film.Height, (x, y) => film.Pixels[y * film.Width + x]);
    }

    private static Radiograph UpsideDown(Radiograph film) =>
        TestImages.Make(film.Width, film.Height, (x, y) => film.Pixels[(film.Height - 1 - y) * film.Width + x]);

    private static Radiograph Mirrored(Radiograph film) =>
        TestImages.Make(film.Width, film.Height, (x, y) => film.Pixels[y * film.Width + film.Width - 1 - x]);

    private static Radiograph Sideways(Radiograph film) =>
        TestImages.Make(film.Height, film.Width, (x, y) => film.Pixels[x * film.Width + y]);

    private double[] Sketch(Radiograph film)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var noGrad = TorchSharp.torch.no_grad();
        var image = Preprocessor.ToTensor([Preprocessor.Prepare(film, Input)], Input);
        return FamiliarityFit.Sketch.Of(_task, image, Compute.Float32)[0];
    }

    private int Refused(Func<int, Radiograph> film) =>
        Enumerable.Range(Known + Unseen, 10).Count(i => _familiarity.Value.Of(Sketch(film(i))) > 1);

    [Fact]
    public void Other_films_of_spines_and_their_mirror_images_are_familiar()
    {
        Assert.InRange(Refused(Spine), 0, 1);
        Assert.InRange(Refused(i => Mirrored(Spine(i))), 0, 1);
    }

    [Fact]
    public void Chests_noise_and_one_grey_are_not()
    {
        Assert.InRange(Refused(Chest), 9, 10); // the same bodies, by weights that have learnt nothing
        Assert.Equal(10, Refused(i => TestImages.Noise((ulong)i, Width, Height)));
        Assert.Equal(10, Refused(i => TestImages.Make(Width, Height, (x, y) => 100 + i)));
    }

    [Fact]
    public void Films_upside_down_and_sideways_are_not()
    {
        Assert.Equal(10, Refused(i => UpsideDown(Spine(i))));
        Assert.Equal(10, Refused(i => Sideways(Spine(i))));
    }
}
