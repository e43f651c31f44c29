using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Tasks.Familiarity;
using static TorchSharp.torch;

namespace Marrow.Benchmarks;

/// <summary>
/// What checkpoints refuse: films like those that they were trained on, which they should not, and everything else.
/// Of the held-out films those that may have set a checkpoint's own bounds (marrow hub calibrate) are counted apart, so
/// that the rates of the others are of films by which nothing was chosen.
/// </summary>
internal sealed class RefusalTable : IDisposable
{
    public const string Name = "refusals";

    public const string Usage = """
        usage: Marrow.Benchmarks refusals --hub DIR --data DIR [--each N] [--threads N] CHECKPOINT...
          --data   a folder with those of several data sets: cxr-pediatric, hand-boneage, fracatlas, cephalometric,
                   spine-extra, and the checkpoint's own, whose name begins with that of its data set
          --each   the most images of a set; default 200
        """;

    // What is in a folder of films, and that it shows whole spines.
    private static readonly (string Folder, string Shows, bool OfSpines)[] Folders =
    [
        ("cxr-pediatric/images", "chests", false),
        ("hand-boneage/images", "hands", false),
        ("fracatlas/images", "other bones", false),
        ("cephalometric/images", "heads", false),
        ("spine-extra/images", "spines of others", true),
    ];

    private readonly Checkpoint _checkpoint;
    private readonly TaskModel _task;
    private readonly Compute _compute = Compute.Choose();
    private readonly string _data;
    private readonly int _each;

    private RefusalTable(Checkpoint checkpoint, string data, int each)
    {
        (_checkpoint, _data, _each) = (checkpoint, data, each);
        _task = checkpoint.BuildTask();
        _compute.ArrangeForInference(_task.Model);
    }

    private bool IsOfSpines => TaskCatalogue.Get(_task.Name).SpineRole is not null;

    public static int Run(IReadOnlyList<string> arguments, TextWriter output)
    {
        if (TableArguments.Read(arguments, Usage, "--each") is not { } read)
            return 2;
        foreach (var name in read.Names)
        {
            using var checkpoint = new LocalHub(read.Hub).Resolve(name);
            using var table = new RefusalTable(checkpoint, read.Data, read.Number("--each", 200));
            table.Print(output);
        }
        return 0;
    }

    private void Print(TextWriter output)
    {
        output.WriteLine($"{_checkpoint.Name}@{_checkpoint.Digest}");
        output.WriteLine($"  {"images",-34}{"of",6}{"refused",10}{"unlike",10}{"geometry",10}");
        var (bounding, own) = Own();
        var called = bounding is null ? "trained on" : "held out, others";
        if (bounding is not null)
            Row(output, "held out, may have set the bound", bounding);
        Row(output, called, own);
        Row(output, $"{called}, mirrored", own.Select(Turned((x, y, w, _) => (w - 1 - x, y))));
        foreach (var (folder, shows, ofSpines) in Folders)
        {
            var path = Path.Combine(_data, folder);
            if (Directory.Exists(path) && !path.StartsWith(OwnRoot + '/', StringComparison.Ordinal))
                Row(output, shows + (ofSpines && IsOfSpines ? " (good films)" : ""), Files(path));
        }
        Row(output, "noise", Made(OddImages.Noise));
        Row(output, "one grey", Made(OddImages.Grey));
        Row(output, "pages of text", Made(OddImages.Text));
        Row(output, "photographs, made up", Made(OddImages.Photograph));
        Row(output, "upside down", own.Select(Turned((x, y, _, h) => (x, h - 1 - y))));
        Row(output, "turned by 180 degrees", own.Select(Turned((x, y, w, h) => (w - 1 - x, h - 1 - y))));
        Row(output, "turned to the left", own.Select(Turned((x, y, w, _) => (w - 1 - y, x), swap: true)));
        Row(output, "turned to the right", own.Select(Turned((x, y, _, h) => (y, h - 1 - x), swap: true)));
        if (!IsOfSpines)
            return;
        Row(output, "upper half", own.Select(Part(0, 0.5)));
        Row(output, "lower half", own.Select(Part(0.5, 0.5)));
        Row(output, "upper 70 %", own.Select(Part(0, 0.7)));
        Row(output, "lower 70 %", own.Select(Part(0.3, 0.7)));
    }

    private string OwnName => _checkpoint.Parents.Datasets.First(d => d.Use is not null).Name;

    private string OwnRoot => Directory.GetDirectories(_data, OwnName + "*").Order(StringComparer.Ordinal).First();

    /// <summary>
    /// Returns the films that the checkpoint held out; where it held out none, those that it was trained on, which tell
    /// nothing of good films but serve to be turned and cut.
    /// </summary>
    private (IEnumerable<Radiograph>? Bounding, IEnumerable<Radiograph> Others) Own()
    {
        if (_checkpoint.Split is null)
            return (null, Films(Select(EvaluationSplit.All)));
        var (bounding, others) = Calibration.Halves(Select(EvaluationSplit.HeldOut));
        return (Films(bounding), Films(others));

        IReadOnlyList<Sample> Select(EvaluationSplit split) =>
            EvaluationSamples.Select(_checkpoint, OwnName, OwnRoot, split).Samples;

        IEnumerable<Radiograph> Films(IReadOnlyList<Sample> samples) =>
            EvenSpread.Of(samples, _each).Select(sample => Read(sample.ImagePath));
    }

    private IEnumerable<Radiograph> Files(string folder)
    {
        string[] files =
            [.. Directory.GetFiles(folder, "*.*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        return EvenSpread.Of(files, _each).Select(Read);
    }

    private Radiograph Read(string path) =>
        RadiographReader.Read(path, _task.Input.DecodeSize.Width, _task.Input.DecodeSize.Height);

    private IEnumerable<Radiograph> Made(Func<int, Radiograph> make) =>
        Enumerable.Range(0, Math.Min(_each, 40)).Select(make);

    /// <param name="from">Where a pixel of the turned film comes from, by the size of the film.</param>
    /// <param name="swap">True when width and height change places.</param>
    private static Func<Radiograph, Radiograph> Turned(
        Func<int, int, int, int, (int X, int Y)> from, bool swap = false) => film =>
        {
            var (width, height) = swap ? (film.Height, film.Width) : (film.Width, film.Height);
            return Cut(film, width, height, (x, y) => from(x, y, film.Width, film.Height));
        };

    private static Func<Radiograph, Radiograph> Part(double top, double height) => film =>
        Cut(film, film.Width, (int)(height * film.Height), (x, y) => (x, y + (int)(top * film.Height)));

    private static Radiograph Cut(Radiograph film, int width, int height, Func<int, int, (int X, int Y)> from)
    {
        var pixels = new ushort[width * height];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (x, y) = from(i % width, i / width);
            pixels[i] = film.Pixels[y * film.Width + x];
        }
        return new(width, height, pixels, film.BitDepth, film.Source);
    }

    private void Row(TextWriter output, string name, IEnumerable<Radiograph> images)
    {
        var (count, refused, unlike, geometry) = (0, 0, 0, 0);
        using var noGrad = no_grad();
        foreach (var image in images)
        {
            using var scope = NewDisposeScope();
            var packed = Preprocessor.Prepare(IsOfSpines ? FilmBorder.Of(image).Film : image, _task.Input);
            var input = _compute.Arrange(Preprocessor.ToTensor([packed], _task.Input));
            var unfamiliar = FamiliarityContract.Refusals(_task.UnfamiliarityOf(input, _compute)[0]).Count;
            var all = _task.RefusalsOf(input, [packed.ToInput], _compute)[0].Count;
            count++;
            refused += all > 0 ? 1 : 0;
            unlike += unfamiliar > 0 ? 1 : 0;
            geometry += all > unfamiliar ? 1 : 0;
        }
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {name,-34}{count,6}{Share(refused),10}{Share(unlike),10}{Share(geometry),10}"));
        output.Flush();

        string Share(int some) =>
            count == 0 ? "-" : FormattableString.Invariant($"{100.0 * some / count:F1} %");
    }

    public void Dispose() => _task.Dispose();
}
