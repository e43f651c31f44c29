using System.Net;
using System.Security.Cryptography;

namespace Marrow.Hub.Registry;

/// <summary>
/// Fetches one blob: what a former attempt kept is hashed again and the rest is asked for by Range; every byte passes
/// through SHA-256 on its way to the disk. A blob of another digest is thrown away and fetched once more, then refused.
/// </summary>
internal sealed class BlobDownload(
    RegistryClient client, BlobParts parts, ByteMeter meter, Func<ArtifactLayer, string?> atHand)
{
    private const int BufferBytes = 128 << 10;
    private const long Progress = 64 << 10; // fewer bytes in an attempt are no progress
    private const int Tries = 2; // of the whole blob, when its digest is wrong

    private int _fetched;

    /// <summary>The number of files of which bytes were downloaded.</summary>
    public int Fetched => _fetched;

    public async Task FetchAsync(ArtifactLayer layer, CancellationToken cancellation)
    {
        using var part = await parts.OpenAsync(layer.Hex, cancellation).ConfigureAwait(false);
        var state = new Kept(part, parts.PathOf(layer.Hex), layer, meter);
        await state.HashAsync(cancellation).ConfigureAwait(false);
        if (part.Length < layer.Bytes && atHand(layer) is { } local)
            await state.CopyAsync(local, cancellation).ConfigureAwait(false);
        var attempts = new Attempts(client.Options, $"{client.Reference}: {layer.File}");
        if (part.Length < layer.Bytes)
            Interlocked.Increment(ref _fetched);
        for (var tries = 0; ; tries++)
        {
            if (part.Length < layer.Bytes)
                await attempts
                    .RunAsync(() => FetchRestAsync(state, attempts, cancellation), cancellation)
                    .ConfigureAwait(false);
            if (state.IsRight())
                break;
            state.Restart();
            if (tries + 1 >= Tries)
                throw MarrowException.Damaged(
                    $"{client.Reference}: {layer.File}",
                    layer.Digest,
                    "bytes of another digest, each time they came",
                    "The registry or the way to it damages what it sends: tell whoever runs it.");
        }
        state.Flush();
    }

    private async Task<bool> FetchRestAsync(Kept state, Attempts attempts, CancellationToken cancellation)
    {
        var layer = state.Layer;
        using var response = await client
            .SendOnceAsync(
                new(HttpMethod.Get, client.Address($"blobs/{layer.Digest}")) { From = state.Length, MayLeave = true },
                cancellation)
            .ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && state.Length > 0)
        {
            state.Restart();
            throw new TransientFailure("the registry does not go on where it stopped");
        }
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw MarrowException.NotFound(
                $"{client.Reference}: {layer.File}",
                $"the blob {layer.Digest}",
                "none in the registry",
                "Push the checkpoint again.");
        if (response.StatusCode == HttpStatusCode.OK)
            state.Restart(); // The registry knows no Range, or nothing was kept.
        else
            await client
                .RequireAsync(response, HttpStatusCode.PartialContent, layer.File, cancellation)
                .ConfigureAwait(false);
        var (range, length) = (response.Content.Headers.ContentRange, response.Content.Headers.ContentLength);
        if (
            state.Length > 0 && (range?.From != state.Length || range.Length is { } whole && whole != layer.Bytes)
            || length is { } said && said != layer.Bytes - state.Length)
            throw MarrowException.Damaged(
                $"{client.Reference}: {layer.File}",
                $"bytes {state.Length} to {layer.Bytes}",
                $"an answer of {length} bytes from {range?.From ?? 0}",
                "The registry does not keep to the sizes of its own manifest.");
        try
        {
            await ReadAsync(response, state, cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (state.Length - state.Furthest >= Progress)
            {
                attempts.Progressed();
                state.Furthest = state.Length;
            }
        }
        return true;
    }

    private async Task ReadAsync(HttpResponseMessage response, Kept state, CancellationToken cancellation)
    {
        var options = client.Options;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.StallTimeout);
        var buffer = new byte[BufferBytes];
        var counted = 0;
        try
        {
            using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            while (state.Length < state.Layer.Bytes)
            {
                var count = await body.ReadAsync(
                        buffer.AsMemory(0, (int)Math.Min(buffer.Length, state.Layer.Bytes - state.Length)),
                        limit.Token)
                    .ConfigureAwait(false);
                if (count == 0)
                    throw new TransientFailure($"the blob ended after {state.Length} of {state.Layer.Bytes} bytes");
                await state.AppendAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
                if ((counted += count) >= options.StallBytes)
                {
                    counted = 0;
                    limit.CancelAfter(options.StallTimeout);
                }
            }
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TransientFailure(
                $"fewer than {options.StallBytes} bytes came in {options.StallTimeout.TotalSeconds:0.#} s",
                inner: e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new TransientFailure(
                $"the connection broke after {state.Length} of {state.Layer.Bytes} bytes",
                inner: e);
        }
    }

    /// <summary>
    /// The part of the blob that is on disk, and its hash so far. Failures of the disk become errors of their own.
    /// </summary>
    private sealed class Kept(FileStream part, string path, ArtifactLayer layer, ByteMeter meter)
    {
        private IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public ArtifactLayer Layer => layer;

        public long Length => part.Length;

        /// <summary>
        /// The length at the last progress report. Bytes that are downloaded again do not count as progress.
        /// </summary>
        public long Furthest { get; set; }

        public bool IsRight() => Convert.ToHexStringLower(_hash.GetCurrentHash()) == layer.Hex;

        /// <summary>Hashes the bytes that an earlier attempt has left on disk.</summary>
        public Task HashAsync(CancellationToken cancellation) => OnDiskAsync(async () =>
        {
            if (part.Length > layer.Bytes)
                part.SetLength(0);
            var buffer = new byte[BufferBytes];
            for (int count; (count = await part.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
                _hash.AppendData(buffer, 0, count);
            meter.Have(part.Length);
        });

        /// <summary>
        /// Copies a file of this size from the hub. A file with other contents is not used, and the blob is downloaded.
        /// </summary>
        public async Task CopyAsync(string from, CancellationToken cancellation)
        {
            Restart();
            await OnDiskAsync(async () =>
                {
                    using var source = InputFile.Open(from, InputFile.AnySize, 1);
                    var buffer = new byte[BufferBytes];
                    for (
                        int count;
                        part.Length < layer.Bytes
                            && (count = await source.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;

                    )
                    {
                        _hash.AppendData(buffer, 0, count);
                        await part.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
                        meter.Have(count);
                    }
                })
                .ConfigureAwait(false);
            if (!IsRight())
                Restart();
        }

        public Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => OnDiskAsync(async () =>
        {
            await part.WriteAsync(bytes, cancellation).ConfigureAwait(false);
            _hash.AppendData(bytes.Span);
            meter.Move(bytes.Length);
        });

        public void Restart()
        {
            meter.Have(-part.Length);
            part.SetLength(0);
            _hash.Dispose();
            _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        }

        public void Flush()
        {
            _hash.Dispose();
            OnDiskAsync(() =>
            {
                Disk.Flush(part, path);
                return Task.CompletedTask;
            }).GetAwaiter().GetResult();
        }

        private async Task OnDiskAsync(Func<Task> work)
        {
            try
            {
                await work().ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new MarrowException(
                    $"{path}: can't be written ({e.Message}). Make room on the disk, or name a hub on another with "
                        + $"--hub; what has arrived is kept.",
                    e);
            }
        }
    }
}
