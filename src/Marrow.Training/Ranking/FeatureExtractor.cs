using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using static TorchSharp.torch;

namespace Marrow.Training.Ranking;

/// <summary>
/// Samples -> packed cache -> batches by the candidate's input contract -> backbone (bf16 and channels-last where the
/// device gains from it) -> pooled rows. Done once for a candidate and these images: the rows are kept on disk.
/// </summary>
internal sealed class FeatureExtractor(
    IReadOnlyList<Sample> samples,
    Pooling pooling,
    string? cacheFolder,
    DeviceChoice device)
{
    private const int PixelsInBatch = 600_000;
    private const int MostInBatch = 32;
    // for running means and variances: far more than one batch, at little cost
    private const int StatisticsImages = 256;

    private readonly FeatureCache? _cache = CacheIn(cacheFolder);
    private readonly Compute _compute = Compute.Choose(device: device);

    /// <summary>
    /// Returns the features, [N, D] in float32 in the order of the samples, and whether they were in the cache. The
    /// caller disposes them.
    /// </summary>
    /// <param name="progress">Called after each batch of images.</param>
    public (Tensor Features, bool Found) Extract(
        Candidate candidate, Action<Progress> progress, CancellationToken cancellation)
    {
        var key = FeatureCache.Key(candidate, samples, pooling, _compute.ToString());
        var dimensions = BackboneCatalogue.Get(candidate.Backbone).Levels[^1].Channels * pooling.Bands;
        if (_cache?.Find(key, samples.Count, dimensions) is { } found)
            return (found, true);
        if (samples.Count * (long)dimensions > int.MaxValue / sizeof(float))
            throw new MarrowException(
                $"{samples.Count} images of {dimensions} features each are more than can be ranked by. Take fewer "
                    + $"with --labels."
            );
        var rows = Run(candidate, progress, cancellation);
        Keep(key, rows);
        return (rows, false);
    }

    private static FeatureCache? CacheIn(string? named) =>
        (
            named is null
                ? UserCache.Open(UserCache.Features, "features are computed by each command anew")
                : Path.Combine(named, UserCache.Features))
            is { } folder
            ? new(folder)
            : null;

    /// <summary>
    /// Stores features. A failure is an error for a folder that the user has named, but not for the default cache
    /// folder.
    /// </summary>
    private void Keep(string key, Tensor rows)
    {
        try
        {
            _cache?.Store(key, rows);
        }
        catch (MarrowException e) when (cacheFolder is null)
        {
            Notices.Say(
                $"{e.Message} Features that are not kept are computed by each command anew. {UserCache.Remedy}");
        }
    }

    private Tensor Run(Candidate candidate, Action<Progress> progress, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (owner, features) = candidate.Build();
        using var model = owner;
        using var packed = PackedCache.Open(
            samples,
            candidate.Input,
            cacheFolder is null ? null : Path.Combine(cacheFolder, UserCache.Packed),
            cancellation: cancellation);
        var batch = Math.Clamp(PixelsInBatch / (candidate.Input.Width * candidate.Input.Height), 1, MostInBatch);
        using var loader = new BatchLoader(
            samples,
            packed,
            candidate.Input,
            null,
            batch,
            0,
            shuffle: false,
            dropLast: false)
        {
            Cancellation = cancellation,
        };
        if (candidate.Kind != CandidateKind.Checkpoint)
            MeasureStatistics(candidate, features, packed, batch, cancellation);
        _compute.ArrangeForInference(features);
        var rows = new List<Tensor>();
        for (var (i, done) = (0, 0); i < loader.BatchesPerEpoch; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var batchScope = NewDisposeScope();
            using var images = loader.Next();
            var map = _compute.Forward(() => features.forward(_compute.Arrange(images.Images)));
            rows.Add(pooling.Apply(map).cpu().MoveToOuterDisposeScope());
            progress(new(candidate.Name, done += images.Samples.Count, samples.Count, ProgressUnit.Images));
        }
        var all = cat([.. rows], 0);
        if (!all.isfinite().all().Value<bool>())
            throw new MarrowException(
                $"{candidate.Name}: its features on these images are not finite numbers. Rank without it, by "
                    + $"--checkpoints."
            );
        return all.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Random weights have no running statistics; training would give them some within its first steps. Here each is
    /// the mean over batches of these images, drawn in a random order, in training mode.
    /// </summary>
    private void MeasureStatistics(
        Candidate candidate, Backbone features, PackedCache packed, int batch, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var size = Math.Max(2, batch); // of one small image's last map no variance could be taken
        using var loader = new BatchLoader(
            samples,
            packed,
            candidate.Input,
            null,
            Math.Min(size, samples.Count),
            candidate.Seed,
            shuffle: true,
            dropLast: true)
        {
            Cancellation = cancellation,
        };
        var norms = features.modules().OfType<TorchSharp.Modules.BatchNorm2d>().ToList();
        _compute.Arrange(features);
        features.train();
        for (var i = 0; i < Math.Clamp(StatisticsImages / size, 1, loader.BatchesPerEpoch); i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var batchScope = NewDisposeScope();
            foreach (var norm in norms)
                norm.momentum = 1.0 / (i + 1); // the mean of all batches so far
            using var images = loader.Next();
            _compute.Forward(() => features.forward(_compute.Arrange(images.Images)));
        }
        features.eval();
    }
}
