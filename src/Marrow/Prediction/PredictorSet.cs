using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Strip;

namespace Marrow.Prediction;

/// <summary>
/// One or several checkpoints of a hub that together make one finding for each image: a checkpoint of any task, one
/// that looks again at the points of a first one, or a detector of vertebrae with an angle regressor, a refiner of its
/// corners, or both. Several threads may use it at
/// once; it then measures one image after the other.
/// </summary>
public sealed class PredictorSet : IDisposable
{
    private readonly Lock _lock = new();
    private readonly IPredictor _predictor;
    private bool _isDisposed;

    private PredictorSet(IPredictor predictor) => _predictor = predictor;

    /// <summary>
    /// Loads and verifies the named checkpoints and those by which they crop. Without a name it takes the
    /// newest checkpoints of the hub that measure a spine together, and for images that these refuse that one of the
    /// hub's other checkpoints to which the image is most familiar. Throws <see cref="MarrowException"/> when one is
    /// missing or damaged, and when they do not fit together.
    /// </summary>
    public static PredictorSet Open(LocalHub hub, params IReadOnlyList<string> names) => Open(hub, names, hub.Resolve);

    /// <summary>
    /// Loads checkpoints whose names the caller resolves, such as those of files and registries, onto a chosen device.
    /// Throws <see cref="MarrowException"/> as the other overload does, and when the device can't be used.
    /// </summary>
    public static PredictorSet Open(
        LocalHub hub,
        IReadOnlyList<string> names,
        Func<string, Checkpoint> resolve,
        DeviceChoice device = default)
    {
        var checkpoints = new List<Checkpoint>();
        try
        {
            var compute = Compute.Choose(device: device);
            var judging = names.Count > 0 ? [] : HubPredictor.Judging(hub);
            foreach (var name in names.Count > 0 ? names : NewestOfSpines(hub, isNeeded: judging.Count == 0))
                checkpoints.Add(resolve(name));
            var predictor = checkpoints.Count == 0 ? null : Of(checkpoints, hub, compute);
            return new(judging.Count == 0 ? predictor! : new HubPredictor(predictor, hub, judging, compute));
        }
        finally
        {
            checkpoints.ForEach(c => c.Dispose());
        }
    }

    private static IPredictor Of(List<Checkpoint> checkpoints, LocalHub hub, Compute compute)
    {
        var only = checkpoints is [var one] ? one : null;
        Complete(checkpoints, hub);
        if (RefinedPointsPredictor.Among(checkpoints) is { } refining)
            return new RefinedPointsPredictor(refining, checkpoints.Find(c => c != refining), compute);
        if (only is { WeightsOnly: false } && only.Config.PartConfigs.Count > 0)
            return new PartsPredictor(only, compute);
        return only is not null && ImagePredictor.Serves(only)
            ? new ImagePredictor(only, compute, checkpoints.FirstOrDefault(c => c != only))
            : new SpinePredictor(checkpoints, compute);
    }

    /// <summary>
    /// The names of a table's columns between the file and the status. The table has one row for each image.
    /// </summary>
    public IReadOnlyList<string> Columns => _predictor.Columns;

    /// <summary>The names of outputs for which training saw no label. Their values are masked.</summary>
    public IReadOnlyList<string> Untrained => _predictor.Untrained;

    /// <summary>See <see cref="IPredictor.Tables"/>.</summary>
    internal IReadOnlyList<string> Tables => _predictor.Tables;

    /// <summary>See <see cref="IPredictor.TableOf"/>.</summary>
    internal string? TableOf(Finding finding) => _predictor.TableOf(finding);

    /// <summary>See <see cref="IPredictor.ColumnsOf"/>.</summary>
    internal IReadOnlyList<string> ColumnsOf(string? table) => _predictor.ColumnsOf(table);

    /// <summary>See <see cref="IPredictor.Masks"/>.</summary>
    internal IReadOnlyList<string?> Masks => _predictor.Masks;

    /// <summary>The checkpoints whose weights are used.</summary>
    public IReadOnlyList<CheckpointUse> Checkpoints => _predictor.Checkpoints;

    /// <summary>
    /// True to measure also what would be refused (<see cref="FindingStatus.Refused"/>): images that are unlike those
    /// of the training, and films that show no whole spine. Their status is <see cref="FindingStatus.Check"/> at best,
    /// the reasons are their warnings, and a spine gets no severity. An image that shows nothing is refused all the
    /// same.
    /// </summary>
    public bool Anyway { get; set; }

    /// <summary>
    /// True to look once where several looks would be averaged: a detector of vertebrae at the whole film alone, a
    /// model of strips once in its own size, and of several such models the first one named, a model of crops about
    /// points at each once. It takes a part of the
    /// time, and errs more. Findings say which it was (<see cref="Finding.Looks"/>). Checkpoints that look once in any
    /// case say what they say.
    /// </summary>
    public bool Fast { get; set; }

    /// <summary>
    /// Reads and measures one file. The returned radiograph can be drawn on. Throws <see cref="MarrowException"/> when
    /// the file can't be read.
    /// </summary>
    public (Finding Finding, Radiograph Radiograph) Predict(string path)
    {
        var radiograph = Read(path);
        return (Predict(radiograph), radiograph);
    }

    /// <summary>
    /// Reads a file as <see cref="Predict(string)"/> does and explains it; see
    /// <see cref="Explain(Radiograph, IReadOnlyList{string})"/>.
    /// </summary>
    public (Finding Finding, Radiograph Radiograph) Explain(string path, params IReadOnlyList<string> names)
    {
        var radiograph = Read(path);
        return (Explain(radiograph, names), radiograph);
    }

    private Radiograph Read(string path)
    {
        var size = _predictor.DecodeSize;
        return RadiographReader.Read(path, size.Width, size.Height);
    }

    /// <summary>
    /// Measures a radiograph that is already in memory. Throws <see cref="MarrowException"/> when it is too small.
    /// </summary>
    public Finding Predict(Radiograph radiograph) => Predict(radiograph, Options());

    /// <param name="options">As they were when the caller asked, whatever others set while it waits.</param>
    private Finding Predict(Radiograph radiograph, PredictionOptions options)
    {
        RadiographReader.RequireSize(radiograph.Source, radiograph.Width, radiograph.Height);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _predictor.Predict(radiograph, options);
        }
    }

    /// <summary>The names of what <see cref="Explain(Radiograph, IReadOnlyList{string})"/> explains by maps.</summary>
    public IReadOnlyList<string> Explainable => _predictor.Explainable;

    /// <summary>
    /// Measures a radiograph as <see cref="Predict(Radiograph)"/> does, and says what the answers come from: of classes
    /// and numbers in <see cref="ExplanationsPart"/> which places of the image, of vertebrae in
    /// <see cref="FoundVertebra.Evidence"/> how well several looks agree. Throws <see cref="MarrowException"/> for
    /// names that are not among <see cref="Explainable"/>, and for checkpoints whose answers are places themselves.
    /// </summary>
    /// <param name="names">
    /// What is to be explained. With none it is the most probable class; of findings that may hold together those of
    /// probability 0.5 or more, or the most probable one; the first three numbers.
    /// </param>
    public Finding Explain(Radiograph radiograph, params IReadOnlyList<string> names)
    {
        _predictor.RequireExplainable(names);
        return Predict(radiograph, Options(names));
    }

    private PredictionOptions Options(IReadOnlyList<string>? explained = null) =>
        new() { Anyway = Anyway, Fast = Fast, Explained = explained };

    /// <summary>Throws <see cref="MarrowException"/> when these answers can't be explained.</summary>
    internal void RequireExplainable(IReadOnlyList<string> names) => _predictor.RequireExplainable(names);

    /// <summary>Returns the finding for an image that could not be read.</summary>
    internal Finding Failed(string file, string reason) => _predictor.Failed(file, reason);

    /// <summary>Frees the models, once no thread uses them any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _predictor.Dispose();
        }
    }

    /// <summary>
    /// Inserts before the checkpoints every missing one by which one of them crops, with exactly the recorded digest.
    /// Throws <see cref="MarrowException"/> when the hub lacks it, and when another one that finds such places was
    /// named.
    /// </summary>
    internal static void Complete(List<Checkpoint> checkpoints, LocalHub hub)
    {
        foreach (var checkpoint in checkpoints.ToList())
        {
            if (
                checkpoint.WeightsOnly
                || checkpoint.Config.Input.Crop is not { } crop
                || checkpoints.Any(c => c.Digest == crop.Digest))
                continue;
            if (checkpoints.FirstOrDefault(c => c != checkpoint && LooksFirst(c, crop.Region)) is { } other)
                throw MarrowException.Bad(
                    checkpoint.Name,
                    $"the checkpoint by which its images are cropped, {crop.Detector}@{crop.Digest}",
                    $"{other.Name}@{other.Digest}",
                    "Leave that one out, or name checkpoints that go together.");
            var entry = hub.FindDigest(crop.Digest) ?? throw FirstLooker.Missing(checkpoint);
            checkpoints.Insert(0, hub.Resolve($"{entry.Name}@{entry.Digest}"));
        }

        static bool LooksFirst(Checkpoint checkpoint, CropRegion region) =>
            !checkpoint.WeightsOnly
            && checkpoint.Config.Input.Crop is null
            && TaskCatalogue.Find(checkpoint.Config.Task)?.FindsCrops.Contains(region) == true;
    }

    /// <summary>
    /// Returns the checkpoints of a hub that measure a spine together when none is named, which the caller disposes.
    /// </summary>
    internal static List<Checkpoint> OfSpines(LocalHub hub)
    {
        var checkpoints = new List<Checkpoint>();
        try
        {
            foreach (var name in NewestOfSpines(hub, isNeeded: true))
                checkpoints.Add(hub.Resolve(name));
            Complete(checkpoints, hub);
            return checkpoints;
        }
        catch
        {
            checkpoints.ForEach(c => c.Dispose());
            throw;
        }
    }

    /// <summary>
    /// Returns the newest detector of a hub, the newest regressor that fits it, and the newest model of strips or,
    /// where there is none, the newest refiner that fits it. Empty, or an error where it is needed, when the hub has
    /// none of them.
    /// </summary>
    private static IReadOnlyList<string> NewestOfSpines(LocalHub hub, bool isNeeded)
    {
        var entries = HubEntry.NewestFirst([.. hub.List().Where(e => e.Problem is null)]).ToList();
        var detector = Of(SpineRole.Landmarks).FirstOrDefault();
        var regressor = Of(SpineRole.Angles)
            .FirstOrDefault(e => CropOf(e) is not { } crop || crop.Digest == detector?.Digest);
        var strip = detector is null ? null : Of(SpineRole.Strip).FirstOrDefault(IsOfSpines);
        var refiner = detector is null || strip is not null
            ? null
            : Of(SpineRole.Corners)
                .FirstOrDefault(e =>
                    CropOf(e) is { Region: CropRegion.Vertebra } crop && crop.Digest == detector.Digest);
        var names = ((HubEntry?[])[detector, regressor, refiner, strip])
            .OfType<HubEntry>()
            .Select(e => $"{e.Name}@{e.Digest}")
            .ToList();
        return names.Count > 0 || !isNeeded
            ? names
            : throw MarrowException.NotFound(
                hub.Folder,
                "a hub with a checkpoint that measures spines",
                "none",
                "Train one with marrow run, or name another hub with --hub or a checkpoint with --checkpoint.");

        // Names begin with the architecture.
        IEnumerable<HubEntry> Of(SpineRole role)
        {
            var prefixes = TaskCatalogue
                .All.Where(task => task.SpineRole == role)
                .Select(task => task.ArchitecturePrefix)
                .ToList();
            return entries.Where(e => prefixes.Any(prefix => e.Name.StartsWith(prefix, StringComparison.Ordinal)));
        }
    }

    /// <summary>Returns the crop of a checkpoint; null for a model that looks at whole images.</summary>
    internal static InputCrop? CropOf(HubEntry entry) => ConfigOf(entry)?.Input.Crop;

    /// <summary>True for a model of strips whose items are vertebrae with four corners.</summary>
    private static bool IsOfSpines(HubEntry entry) =>
        ConfigOf(entry) is { } config && StripSamples.AreOfSpines(config);

    internal static CheckpointConfig? ConfigOf(HubEntry entry) =>
        CheckpointManifest.Read(entry.Folder).ReadListed<CheckpointConfig>(entry.Folder, Checkpoint.ConfigFile);
}
