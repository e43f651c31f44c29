using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Marrow.Datasets;
using Marrow.Imaging;

namespace Marrow.Inputs;

/// <summary>
/// Batches of one data set without end, made ahead by background threads. What a batch holds depends on (seed, epoch,
/// batch) alone: the epoch's order comes from the stream (seed, epoch), a sample's augmentation from (seed, epoch,
/// sample), so that any count of threads, or a resumed run after <see cref="Seek"/>, gives the same batches.
/// Packed cache -> renderer -> pooled arrays (threads) -> tensors (<see cref="Next"/>, the caller's thread).
/// </summary>
internal sealed class BatchLoader : IDisposable
{
    /// <summary>The most pixels in one batch, whose float32 values must fit into one span of bytes.</summary>
    internal const int MostPixels = int.MaxValue / sizeof(float);

    private static readonly TimeSpan CancellationGlance = TimeSpan.FromMilliseconds(200);

    /// <param name="Values">
    /// The values [N * H * W] of the augmented images, followed on request by as many of the unaugmented ones.
    /// </param>
    /// <param name="Masks">The masks [N * H * W]; empty when the loader gives no masks.</param>
    private sealed record Arrays(float[] Values, byte[] Masks);

    private sealed record Produced(Arrays Arrays, BatchSample[] Samples, ExceptionDispatchInfo? Error);

    private readonly IReadOnlyList<Sample> _samples;
    private readonly PackedCache _cache;
    private readonly InputContract _contract;
    private readonly AugmentationOptions? _options;
    private readonly int _batchSize;
    private readonly ulong _seed;
    private readonly bool _shuffle;
    private readonly bool _plain;
    private readonly int _prefetch;
    private readonly MaskPack? _masks;
    private readonly int[] _cacheIndices;
    private readonly Thread[] _threads;

    // Below: guarded by _lock. A batch's number counts from epoch 0; a generation ends with each Seek.
    private readonly object _lock = new();
    private readonly Dictionary<long, Produced> _ready = [];
    private readonly Stack<Arrays> _pool = [];
    private readonly Dictionary<int, int[]> _orders = [];
    private long _nextToMake;
    private long _nextToGive;
    private int _arraysMade;
    private volatile int _generation;
    private volatile bool _stopped;

    /// <summary>
    /// Starts the loader. Throws <see cref="MarrowException"/> when a sample is not in the cache, and when not even one
    /// batch can be filled.
    /// </summary>
    /// <param name="augmentation">The bounds of the augmentation; null for none.</param>
    /// <param name="dropLast">True to leave out an epoch's last batch when it is not full.</param>
    /// <param name="workers">The number of background threads.</param>
    /// <param name="prefetch">The largest number of batches that are prepared in advance.</param>
    /// <param name="masks">
    /// The masks of all samples, which batches then contain; null for batches without masks.
    /// </param>
    /// <param name="plain">
    /// True to give each image a second time without augmentation, as <see cref="Batch.Plain"/>.
    /// </param>
    public BatchLoader(IReadOnlyList<Sample> samples, PackedCache cache, InputContract contract,
        AugmentationOptions? augmentation, int batchSize, ulong seed, bool shuffle, bool dropLast,
        int workers = 1, int prefetch = 4, MaskPack? masks = null, bool plain = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(prefetch);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            (plain ? 2L : 1) * batchSize * contract.Width * contract.Height,
            MostPixels,
            nameof(batchSize));
        if (!cache.Suits(contract))
            throw new ArgumentException("The cache was packed for another contract.", nameof(contract));
        if (augmentation?.Errors() is { Count: > 0 } errors)
            throw new MarrowException($"augmentation: {string.Join(" ", errors)}");
        PointMirror.RequireKnown(samples, augmentation);
        BatchesPerEpoch = dropLast ? samples.Count / batchSize : (samples.Count + batchSize - 1) / batchSize;
        if (BatchesPerEpoch == 0)
            throw new MarrowException(
                $"A batch needs {(dropLast ? batchSize : 1)} samples, the data has {samples.Count}. Use more data or "
                    + $"a smaller batch."
            );

        (_samples, _cache, _contract, _options) = (samples, cache, contract, augmentation);
        (_batchSize, _seed, _shuffle, _prefetch, _masks, _plain) = (batchSize, seed, shuffle, prefetch, masks, plain);
        _cacheIndices = [.. samples.Select(cache.IndexOf)];
        _threads = new Thread[workers];
        for (var i = 0; i < workers; i++)
        {
            cache.Retain();
            masks?.Retain();
            _threads[i] = new Thread(Work) { IsBackground = true, Name = $"loader {i}" };
            _threads[i].Start();
        }
    }

    /// <summary>
    /// Cancels loops that have nothing to save: <see cref="Next"/> then throws
    /// <see cref="OperationCanceledException"/>.
    /// </summary>
    internal CancellationToken Cancellation { get; init; }

    /// <summary>The number of arrays that were allocated so far.</summary>
    internal int ArraysMade => Volatile.Read(ref _arraysMade);

    public int BatchesPerEpoch { get; }

    /// <summary>Returns the size of the sample's original image, in pixels.</summary>
    public (int Width, int Height) OriginalSize(Sample sample) => _cache.OriginalSize(_cache.IndexOf(sample));

    /// <summary>
    /// [height * width] of the image in its file: the class of each pixel. Throws <see cref="MarrowException"/> when
    /// the mask can't be read, and <see cref="InvalidOperationException"/> from a loader without masks.
    /// </summary>
    internal byte[] OriginalMask(Sample sample)
    {
        var (width, height) = OriginalSize(sample);
        return (_masks ?? throw new InvalidOperationException("The loader has no masks.")).Original(
            sample,
            width,
            height);
    }

    /// <summary>The epoch, and the batch in it, that <see cref="Next"/> returns next.</summary>
    public (int Epoch, int Batch) Position
    {
        get
        {
            lock (_lock)
                return Place(_nextToGive);
        }
    }

    /// <summary>The total time, in seconds, for which <see cref="Next"/> has waited for the threads.</summary>
    public double WaitSeconds { get; private set; }

    /// <summary>
    /// Returns the next batch; after the last one of an epoch follows the first of the next. The caller disposes it.
    /// Rethrows an error of a background thread; position and error then remain until <see cref="Seek"/>.
    /// </summary>
    public Batch Next()
    {
        Produced produced;
        lock (_lock)
        {
            var start = Stopwatch.GetTimestamp();
            while (
                !_ready.TryGetValue(_nextToGive, out produced!) && !_stopped && !Cancellation.IsCancellationRequested)
                Monitor.Wait(_lock, CancellationGlance);
            Cancellation.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_stopped, this);
            WaitSeconds += Stopwatch.GetElapsedTime(start).TotalSeconds;
            produced.Error?.Throw();
            _ready.Remove(_nextToGive++);
            Monitor.PulseAll(_lock);
        }
        var count = produced.Samples.Length;
        var images = Preprocessor.ToTensor(produced.Arrays.Values, count, _contract);
        var masks = _masks is null ? null : MaskPack.ToTensor(produced.Arrays.Masks, count, _contract);
        var plain = !_plain
            ? null
            : new PlainImages(
                Preprocessor.ToTensor(
                    produced.Arrays.Values.AsSpan(count * _contract.Width * _contract.Height),
                    count,
                    _contract),
                [.. produced.Samples.Select(s => _cache.ToInput(_cache.IndexOf(s.Sample)))]);
        lock (_lock)
            _pool.Push(produced.Arrays);
        return new Batch(images, produced.Samples, masks) { Plain = plain };
    }

    /// <summary>Makes <see cref="Next"/> continue with this batch of this epoch. Both are counted from 0.</summary>
    public void Seek(int epoch, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch, BatchesPerEpoch);
        lock (_lock)
        {
            _generation++;
            _nextToMake = _nextToGive = (long)epoch * BatchesPerEpoch + batch;
            foreach (var produced in _ready.Values)
                _pool.Push(produced.Arrays);
            _ready.Clear();
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Ends the threads. This takes at most as long as each needs for one sample.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_stopped)
                return;
            _stopped = true;
            Monitor.PulseAll(_lock);
        }
        foreach (var thread in _threads)
            thread.Join();
    }

    private void Work()
    {
        try
        {
            var renderer = new AugmentedRenderer(_contract);
            var packed = new byte[_cache.ImageBytes];
            var maskRenderer = _masks?.Renderer();
            while (true)
            {
                long number;
                int generation;
                int[] order;
                Arrays? arrays;
                lock (_lock)
                {
                    while (!_stopped && _nextToMake >= _nextToGive + _prefetch)
                        Monitor.Wait(_lock);
                    if (_stopped)
                        return;
                    number = _nextToMake++;
                    generation = _generation;
                    order = Order(Place(number).Epoch);
                    _pool.TryPop(out arrays);
                }
                if (arrays is null)
                {
                    var size = Math.Min(_batchSize, _samples.Count) * _contract.Width * _contract.Height;
                    arrays = new(new float[(_plain ? 2 : 1) * size], new byte[_masks is null ? 0 : size]);
                    Interlocked.Increment(ref _arraysMade);
                }
                var produced = Make(number, generation, order, arrays, packed, renderer, maskRenderer);
                lock (_lock)
                {
                    if (generation == _generation)
                        _ready.Add(number, produced);
                    else
                        _pool.Push(arrays);
                    Monitor.PulseAll(_lock);
                }
            }
        }
        finally
        {
            _cache.Release();
            _masks?.Release();
        }
    }

    private Produced Make(
        long number,
        int generation,
        int[] order,
        Arrays arrays,
        byte[] packed,
        AugmentedRenderer renderer,
        MaskRenderer? maskRenderer)
    {
        try
        {
            var (epoch, batch) = Place(number);
            var first = batch * _batchSize;
            var samples = new BatchSample[Math.Min(_batchSize, order.Length - first)];
            var size = _contract.Width * _contract.Height;
            for (var i = 0; i < samples.Length && !_stopped && generation == _generation; i++)
            {
                _cache.Read(_cacheIndices[order[first + i]], packed);
                var (sample, geometry) = Render(
                    order[first + i],
                    epoch,
                    packed,
                    renderer,
                    arrays.Values.AsSpan(i * size, size));
                maskRenderer?.Render(sample, geometry, arrays.Masks.AsSpan(i * size, size));
                if (_plain)
                    renderer.Render(
                        packed,
                        AffineTransform.Identity,
                        null,
                        arrays.Values.AsSpan((samples.Length + i) * size, size));
                samples[i] = sample;
            }
            return new Produced(arrays, samples, null);
        }
        catch (Exception e)
        {
            return new Produced(arrays, [], ExceptionDispatchInfo.Capture(e)); // Next throws it.
        }
    }

    /// <summary>
    /// Renders a sample. Returns it with the transform by which its augmentation moved original pixels; null without
    /// augmentation.
    /// </summary>
    private (BatchSample Sample, AffineTransform? Geometry) Render(
        int index,
        int epoch,
        byte[] packed,
        AugmentedRenderer renderer,
        Span<float> output)
    {
        var sample = _samples[index];
        var cacheIndex = _cacheIndices[index];
        if (_cache.Strip(cacheIndex) is { } strip)
            return (StripSampler.Render(sample, strip, _contract, _options, SeededRandom.Fork(_seed, epoch, index),
                packed, renderer, output), null);
        var toInput = _cache.ToInput(cacheIndex);
        Augmentation? augmentation = null;
        if (_options is not null)
        {
            var (width, height) = _cache.OriginalSize(cacheIndex);
            augmentation = Draw(SeededRandom.Fork(_seed, epoch, index), cacheIndex).For(sample, width, height);
        }
        renderer.Render(packed, toInput, augmentation, output);
        var moved = augmentation is null ? toInput : augmentation.Geometry.Then(toInput);
        return (new BatchSample(sample, moved, sample.Targets.Transform(moved)), augmentation?.Geometry);
    }

    /// <summary>
    /// Draws an augmentation. That of a crop is centred on the crop and uses shares of the crop's own size.
    /// </summary>
    private Augmentation Draw(SeededRandom random, int cacheIndex)
    {
        if (_cache.Crop(cacheIndex) is { } crop)
            return Augmentation
                .Draw(random, _options!, (int)Math.Ceiling(crop.Width), (int)Math.Ceiling(crop.Height))
                .About(crop.ToCrop);
        var (width, height) = _cache.OriginalSize(cacheIndex);
        return Augmentation.Draw(random, _options!, width, height);
    }

    private (int Epoch, int Batch) Place(long number) =>
        ((int)(number / BatchesPerEpoch), (int)(number % BatchesPerEpoch));

    /// <summary>
    /// Returns the epoch's order of samples. The threads are at most a few epochs apart. The caller holds the lock.
    /// </summary>
    private int[] Order(int epoch)
    {
        if (_orders.TryGetValue(epoch, out var order))
            return order;
        foreach (var old in _orders.Keys.Where(e => e < Place(_nextToGive).Epoch || e > epoch).ToList())
            _orders.Remove(old);
        order = [.. Enumerable.Range(0, _samples.Count)];
        if (_shuffle)
            SeededRandom.Fork(_seed, epoch).Shuffle<int>(order);
        return _orders[epoch] = order;
    }
}
