using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Marrow.Hub.Registry;

/// <summary>
/// Sends one blob that the registry lacks (distribution specification, "Pushing blobs"): POST opens an upload; a blob
/// of at most a chunk goes with the closing PUT, a larger one by PATCH after PATCH. After a cut the registry is asked
/// how far it got, and the upload goes on there, or begins again where the registry has forgotten it.
/// </summary>
internal sealed class BlobUpload(RegistryClient client, ByteMeter meter)
{
    /// <summary>
    /// Uploads a blob that is in memory, such as a config. Returns false when the registry had it already.
    /// </summary>
    public Task<bool> SendAsync(string what, byte[] bytes, string digest, CancellationToken cancellation) =>
        SendAsync(
            what,
            bytes.Length,
            digest,
            (offset, count) => new ByteArrayContent(bytes, (int)offset, (int)count),
            cancellation);

    /// <summary>Uploads a file. Returns true when it was sent, false when the registry had it already.</summary>
    public Task<bool> SendAsync(string path, ArtifactLayer layer, CancellationToken cancellation) =>
        SendAsync(
            layer.File,
            layer.Bytes,
            layer.Digest,
            (offset, count) => new FileRangeContent(path, offset, count),
            cancellation);

    private async Task<bool> SendAsync(
        string what,
        long bytes,
        string digest,
        Func<long, long, HttpContent> content,
        CancellationToken cancellation)
    {
        var attempts = new Attempts(client.Options, $"{client.Reference}: {what}");
        var upload = new Upload(what, bytes, digest, content);
        var sent = await attempts
            .RunAsync(() => AttemptAsync(upload, attempts, cancellation), cancellation)
            .ConfigureAwait(false);
        if (!sent)
            meter.Have(bytes);
        return sent;
    }

    private async Task<bool> AttemptAsync(Upload upload, Attempts attempts, CancellationToken cancellation)
    {
        if (await IsThereAsync(upload, cancellation).ConfigureAwait(false))
        {
            if (upload.Counted == 0)
                return false;
            Count(upload, upload.Bytes); // The answer to the closing PUT was lost.
            return true;
        }
        if (!await ResumeAsync(upload, cancellation).ConfigureAwait(false))
        {
            Count(upload, 0);
            upload.Offset = 0;
            using var opened = await client
                .SendOnceAsync(
                    new(HttpMethod.Post, client.Address("blobs/uploads/")) { Content = () => new ByteArrayContent([]) },
                    cancellation)
                .ConfigureAwait(false);
            await client
                .RequireAsync(opened, HttpStatusCode.Accepted, "opening an upload", cancellation)
                .ConfigureAwait(false);
            upload.Location = Location(opened);
        }
        var chunk = client.Options.ChunkBytes;
        while (upload.Bytes > chunk && upload.Offset < upload.Bytes)
        {
            await PatchAsync(upload, Math.Min(chunk, upload.Bytes - upload.Offset), cancellation).ConfigureAwait(false);
            if (upload.Offset > upload.Furthest)
                attempts.Progressed();
            upload.Furthest = Math.Max(upload.Furthest, upload.Offset);
        }
        await CloseAsync(upload, cancellation).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> IsThereAsync(Upload upload, CancellationToken cancellation)
    {
        using var head = await client
            .SendOnceAsync(
                new(HttpMethod.Head, client.Address($"blobs/{upload.Digest}")) { MayLeave = true },
                cancellation)
            .ConfigureAwait(false);
        if (head.StatusCode == HttpStatusCode.NotFound)
            return false;
        if ((int)head.StatusCode is >= 300 and < 400)
            return true;
        await client.RequireAsync(head, HttpStatusCode.OK, upload.What, cancellation).ConfigureAwait(false);
        return head.Content.Headers.ContentLength is not { } length || length == upload.Bytes
            ? true
            : throw MarrowException.Damaged(
                $"{client.Reference}: {upload.What}",
                $"a blob of {upload.Bytes} bytes under {upload.Digest}",
                $"{length}",
                "The registry holds a damaged blob: tell whoever runs it.");
    }

    /// <summary>
    /// Asks how many bytes the registry has received. Returns false when the upload has to start again.
    /// </summary>
    private async Task<bool> ResumeAsync(Upload upload, CancellationToken cancellation)
    {
        if (upload.Location is not { } location || upload.Bytes <= client.Options.ChunkBytes)
            return false;
        upload.Location = null; // Whatever fails from here on, the next attempt begins anew.
        using var status = await client
            .SendOnceAsync(new(HttpMethod.Get, location), cancellation)
            .ConfigureAwait(false);
        if (
            status.StatusCode != HttpStatusCode.NoContent
            || Received(status) is not { } received
            || received > upload.Bytes)
            return false;
        upload.Location = status.Headers.Location is null ? location : Location(status);
        upload.Offset = received;
        Count(upload, received);
        return true;
    }

    private async Task PatchAsync(Upload upload, long count, CancellationToken cancellation)
    {
        using var answer = await client
            .SendOnceAsync(
                new(HttpMethod.Patch, upload.Location!) { Content = () => Body(upload, count, ranged: true) },
                cancellation)
            .ConfigureAwait(false);
        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            upload.Location = answer.StatusCode == HttpStatusCode.NotFound ? null : upload.Location;
            throw new TransientFailure("the registry has lost the upload");
        }
        await client.RequireAsync(answer, HttpStatusCode.Accepted, upload.What, cancellation).ConfigureAwait(false);
        upload.Offset += count;
        Count(upload, upload.Offset);
        upload.Location = Location(answer);
    }

    private async Task CloseAsync(Upload upload, CancellationToken cancellation)
    {
        var count = upload.Bytes - upload.Offset;
        var location = new UriBuilder(upload.Location!);
        location.Query =
            $"{location.Query.TrimStart('?')}{(location.Query.Length > 1 ? "&" : "")}digest={upload.Digest}";
        using var answer = await client
            .SendOnceAsync(
                new(HttpMethod.Put, location.Uri) { Content = () => Body(upload, count, ranged: false) },
                cancellation)
            .ConfigureAwait(false);
        if (
            answer.StatusCode
                is HttpStatusCode.BadRequest
                    or HttpStatusCode.NotFound
                    or HttpStatusCode.RequestedRangeNotSatisfiable
            && upload.Closings++ == 0)
        {
            // Damaged on the way, or forgotten: once more from the start. A file that itself is damaged fails again.
            upload.Location = null;
            throw new TransientFailure("the registry did not get the blob as it is");
        }
        await client.RequireAsync(answer, HttpStatusCode.Created, upload.What, cancellation).ConfigureAwait(false);
        Count(upload, upload.Bytes);
    }

    private HttpContent Body(Upload upload, long count, bool ranged)
    {
        var body = count > 0 ? upload.Content(upload.Offset, count) : new ByteArrayContent([]);
        if (body is FileRangeContent file)
        {
            Count(upload, upload.Offset); // Sent anew, after a login for instance.
            file.Moved += moved => Count(upload, upload.Counted + moved);
        }
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (ranged) // "0-999": not the form of RFC 9110
            body.Headers.TryAddWithoutValidation(
                "Content-Range",
                string.Create(CultureInfo.InvariantCulture, $"{upload.Offset}-{upload.Offset + count - 1}"));
        return body;
    }

    /// <summary>
    /// Returns the number of bytes that the registry has, from its header Range; null when it does not tell ("0-0" may
    /// mean none or one).
    /// </summary>
    private static long? Received(HttpResponseMessage status) =>
        status.Headers.TryGetValues("Range", out var values)
        && values.First().Replace("bytes=", "", StringComparison.Ordinal) is var range
        && range.StartsWith("0-", StringComparison.Ordinal)
        && long.TryParse(range[2..], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
        && last > 0
            ? last + 1 : null;

    /// <summary>
    /// Returns the address at which the upload continues. It must be the registry itself, since nobody else may get the
    /// weights.
    /// </summary>
    private Uri Location(HttpResponseMessage answer)
    {
        if (answer.Headers.Location is not { } location || !Uri.TryCreate(client.Endpoint.Base, location, out var uri))
            throw MarrowException.Unavailable(
                client.Reference.ToString(),
                "the address of an upload",
                "none",
                "Ask whoever runs the registry.");
        return client.Endpoint.Owns(uri) ? uri
            : throw MarrowException.Refused(
                client.Reference.ToString(),
                $"an upload at {client.Endpoint.Base.Scheme}://{client.Endpoint.Base.Authority}",
                $"{uri.Scheme}://{uri.Authority}",
                "Nothing was sent there. Behind a proxy the registry must be told its outer address.");
    }

    private void Count(Upload upload, long now)
    {
        if (now > upload.Counted)
            meter.Move(now - upload.Counted);
        else
            meter.Have(now - upload.Counted);
        upload.Counted = now;
    }

    private sealed class Upload(string what, long bytes, string digest, Func<long, long, HttpContent> content)
    {
        public string What => what;
        public long Bytes => bytes;
        public string Digest => digest;
        public Func<long, long, HttpContent> Content => content;

        /// <summary>The address of the upload; null before it is opened.</summary>
        public Uri? Location { get; set; }

        /// <summary>The number of bytes that the registry has received.</summary>
        public long Offset { get; set; }

        /// <summary>The largest offset so far. Bytes that are sent again do not count as progress.</summary>
        public long Furthest { get; set; }

        /// <summary>The number of bytes that were reported to the meter.</summary>
        public long Counted { get; set; }

        public int Closings { get; set; }
    }
}
