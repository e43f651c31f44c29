using Marrow.Computing;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Tasks.Crops;

namespace Marrow.Prediction;

/// <summary>
/// Predicts with a whole hub: the checkpoints that measure spines look first, and an image that they refuse goes to
/// that one of the hub's other checkpoints to which it is most familiar. These are loaded when the first such image
/// comes, so that a folder of spines costs nothing more. Where the hub has a model that looks again at the points of
/// such a one, both answer. An image that none of them knows is refused.
/// </summary>
internal sealed class HubPredictor : IPredictor
{
    private readonly IPredictor? _spines;
    private readonly LocalHub _hub;
    private readonly Compute _compute;
    private readonly IReadOnlyList<HubEntry> _judging;
    private IReadOnlyList<IJudgingPredictor>? _others;

    /// <param name="spines">
    /// What measures spines, which the predictor disposes; null where the hub has nothing that does.
    /// </param>
    /// <param name="judging">The other checkpoints, of which there is at least one.</param>
    public HubPredictor(IPredictor? spines, LocalHub hub, IReadOnlyList<HubEntry> judging, Compute compute) =>
        (_spines, _hub, _judging, _compute) = (spines, hub, judging, compute);

    /// <summary>
    /// Returns the checkpoints of a hub that find something on whole images by themselves and can judge whether they
    /// know an image: the newest of each task and of each set of data. Few configs are read, however large the hub is.
    /// </summary>
    public static IReadOnlyList<HubEntry> Judging(LocalHub hub) =>
    [
        .. HubEntry.NewestFirst([.. hub.List().Where(entry => entry.Problem is null)])
            .Where(entry => ImagePredictor.Serves(entry.Task))
            .GroupBy(entry => (entry.Task, string.Join('\n', entry.Datasets)))
            .Select(alike => alike.FirstOrDefault(entry =>
                PredictorSet.ConfigOf(entry) is { Familiarity: not null, Input.Crop: null }))
            .OfType<HubEntry>(),
    ];

    private IReadOnlyList<IJudgingPredictor> Others => _others ??= Load();

    private IPredictor First => _spines ?? Others[0];

    /// <summary>The full size, which serves every checkpoint.</summary>
    public (int Width, int Height) DecodeSize => (0, 0);

    public IReadOnlyList<string> Columns => First.Columns;

    public IReadOnlyList<string> Untrained => First.Untrained;

    /// <summary>Those of the first, and that of any other which outlines something.</summary>
    public IReadOnlyList<string?> Masks => [.. First.Masks.Append(null).Distinct()];

    public IReadOnlyList<CheckpointUse> Checkpoints => First.Checkpoints;

    public IReadOnlyList<string> Explainable => First.Explainable;

    /// <summary>Those of all but the first, whose findings go into the main table.</summary>
    public IReadOnlyList<string> Tables =>
        [.. _judging.Skip(_spines is null ? 1 : 0).Select(entry => entry.Name).Distinct(StringComparer.Ordinal)];

    public string? TableOf(Finding finding) =>
        finding.Checkpoints is { Count: > 0 } used
        && (used.Count == 1 || used[0].Role == CheckpointUse.FirstLook)
        && Tables.Contains(used[0].Name) ? used[0].Name : null;

    public IReadOnlyList<string> ColumnsOf(string? table) =>
        table is null ? Columns : Others.First(other => other.Checkpoints[0].Name == table).Columns;

    public void RequireExplainable(IReadOnlyList<string> names) => First.RequireExplainable(names);

    public Finding Predict(Radiograph radiograph, PredictionOptions options = default)
    {
        var refused = _spines?.Predict(radiograph, options with { Anyway = false });
        if (refused is not null && refused.Status != FindingStatus.Refused)
            return refused;
        var known = Others.Select(other => (Predictor: other, Distance: other.UnfamiliarityOf(radiograph)))
            .OrderBy(other => other.Distance)
            .ToList();
        var (nearest, distance) = known[0];
        if (distance <= 1)
        {
            var found = nearest.Predict(radiograph, options with { Explained = ExplainedBy(nearest, options) });
            return Saying(
                found, $"{nearest.Checkpoints[0].Name} knows such images, and says what is on it. {Why(refused)}");
        }
        var best = options.Anyway && _spines is not null ? _spines.Predict(radiograph, options)
            : refused ?? nearest.Predict(radiograph, options);
        return Saying(
            best,
            $"No checkpoint of the hub knows such images; the nearest, {nearest.Checkpoints[0].Name}, is "
                + $"{NumberText.Of(distance, "0.0#")} times as far from them as it may be.");
    }

    public Finding Failed(string file, string reason) => First.Failed(file, reason);

    public void Dispose()
    {
        _spines?.Dispose();
        foreach (var other in _others ?? [])
            other.Dispose();
    }

    private static string Why(Finding? refused) =>
        refused is null ? "" : $"The checkpoints for spines refuse it: {refused.Warnings[0]}";

    private static Finding Saying(Finding finding, string sentence) =>
        new(finding) { Warnings = [.. finding.Warnings, sentence.TrimEnd()] };

    /// <summary>Names that were asked for of another checkpoint's answers mean nothing to this one.</summary>
    private static IReadOnlyList<string>? ExplainedBy(IPredictor predictor, PredictionOptions options) =>
        options.Explained is not { } names || predictor.Explainable.Count == 0 ? null
            : names.All(predictor.Explainable.Contains) ? names : [];

    private IReadOnlyList<IJudgingPredictor> Load()
    {
        var loaded = new List<IJudgingPredictor>();
        try
        {
            foreach (var entry in _judging)
            {
                using var checkpoint = _hub.Resolve(entry.Reference);
                using var second = LookingAgain(_hub, entry) is { } again ? _hub.Resolve(again.Reference) : null;
                loaded.Add(second is null
                    ? new ImagePredictor(checkpoint, _compute)
                    : new RefinedPointsPredictor(second, checkpoint, _compute));
            }
            return loaded;
        }
        catch
        {
            loaded.ForEach(other => other.Dispose());
            throw;
        }
    }

    /// <summary>
    /// Returns the newest checkpoint of a hub that looks again at the points which that one finds; null when there is
    /// none. Of the others only the configs of its descendants are read.
    /// </summary>
    internal static HubEntry? LookingAgain(LocalHub hub, HubEntry first) =>
        HubEntry.NewestFirst([.. hub.List().Where(entry => entry.Problem is null)])
            .Where(entry => entry.AncestorDigests.Contains(first.Digest.ToString()))
            .FirstOrDefault(entry => PredictorSet.CropOf(entry) is { } crop
                && crop.Digest == first.Digest
                && CropKind.Of(crop.Region).SetsPointsAnew);
}
