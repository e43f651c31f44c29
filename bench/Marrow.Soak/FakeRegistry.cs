using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Marrow.Soak;

/// <param name="Target">Path and query.</param>
/// <param name="Headers">By lower-case name.</param>
public sealed record FakeRequest(
    string Method,
    string Target,
    IReadOnlyDictionary<string, string> Headers,
    byte[] Body);

/// <param name="Length">Content-Length; null: the body's. Negative: none is sent.</param>
/// <param name="Stream">Sends the body instead of <see cref="Body"/>.</param>
public sealed record FakeAnswer(
    int Status,
    byte[] Body,
    IReadOnlyList<(string Name, string Value)> Headers,
    long? Length = null,
    Action<Stream>? Stream = null)
{
    public FakeAnswer(int status, string body = "", params (string Name, string Value)[] headers)
        : this(status, Encoding.UTF8.GetBytes(body), headers)
    {
    }
}

/// <summary>
/// An OCI registry in this process, honest until it is told to lie: it keeps manifests and blobs in memory, answers
/// Range, and goes on with uploads that were cut, as the distribution specification asks. Loopback, plain HTTP, one
/// request a connection.
/// </summary>
public sealed class FakeRegistry : IDisposable
{
    private const int MaxHead = 64 << 10;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<string, MemoryStream> _uploads = new();

    public FakeRegistry()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>"127.0.0.1:40123".</summary>
    public string Host => _listener.LocalEndpoint.ToString()!;

    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    /// <summary>By tag and by digest.</summary>
    public ConcurrentDictionary<string, byte[]> Manifests { get; } = new();

    public ConcurrentQueue<FakeRequest> Requests { get; } = new();

    /// <summary>An answer instead of the honest one, or null for that. May be called from many threads.</summary>
    public Func<FakeRequest, FakeAnswer?>? Lie { get; set; }

    /// <summary>Bytes of a request's body after which the connection is cut, once; -1 for never.</summary>
    public int CutUploadAfter { get; set; } = -1;

    /// <summary>The honest answer.</summary>
    public FakeAnswer Answer(FakeRequest request)
    {
        var path = request.Target.Split('?')[0];
        if (Last(path, "/manifests/") is { } name)
            return request.Method == "PUT" ? PutManifest(name, request) : Content(Manifests, name, request);
        if (path.Contains("/blobs/uploads/", StringComparison.Ordinal))
            return Upload(path, request);
        if (Last(path, "/blobs/") is { } digest)
            return Content(Blobs, digest, request);
        return path.EndsWith("/tags/list", StringComparison.Ordinal)
            ? new(
                200,
                $$"""{"tags": [{{string.Join(",", Manifests.Keys.Where(k => !k.Contains(':')).Select(k => $"\"{k}\""))}}]}"""
            )
            : new(404);
    }

    public static string Digest(byte[] bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";

    public void Dispose() => _listener.Dispose();

    private FakeAnswer PutManifest(string name, FakeRequest request)
    {
        var digest = Digest(request.Body);
        Manifests[name] = Manifests[digest] = request.Body;
        return new(201, "", ("Docker-Content-Digest", digest));
    }

    private static FakeAnswer Content(ConcurrentDictionary<string, byte[]> kept, string name, FakeRequest request)
    {
        if (!kept.TryGetValue(name, out var bytes))
            return new(404, """{"errors": [{"code": "UNKNOWN", "message": "not known"}]}""");
        var type = request.Target.Contains("/manifests/", StringComparison.Ordinal)
            ? "application/vnd.oci.image.manifest.v1+json"
            : "application/octet-stream";
        var headers = new List<(string, string)> { ("Content-Type", type), ("Docker-Content-Digest", Digest(bytes)) };
        if (request.Method == "HEAD" || !request.Headers.TryGetValue("range", out var range))
            return new(200, bytes, headers);
        var from = int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        if (from >= bytes.Length)
            return new(416);
        headers.Add(("Content-Range", $"bytes {from}-{bytes.Length - 1}/{bytes.Length}"));
        return new(206, bytes[from..], headers);
    }

    private FakeAnswer Upload(string path, FakeRequest request)
    {
        if (request.Method == "POST")
        {
            var opened = $"{path}{Guid.NewGuid():N}";
            _uploads[opened] = new();
            return new(202, "", ("Location", opened));
        }
        if (!_uploads.TryGetValue(path, out var upload))
            return new(404);
        if (request.Method == "GET")
            return new(204, "", ("Location", path), ("Range", $"0-{Math.Max(0, upload.Length - 1)}"));
        if (request.Method == "PATCH")
            return new(202, "", ("Location", path), ("Range", $"0-{Math.Max(0, upload.Length - 1)}"));
        var (bytes, said) = (
            upload.ToArray(),
            Uri.UnescapeDataString(request.Target[(request.Target.IndexOf("digest=", StringComparison.Ordinal) + 7)..])
        );
        _uploads.TryRemove(path, out _);
        if (Digest(bytes) != said)
            return new(400, """{"errors": [{"code": "DIGEST_INVALID", "message": "other bytes"}]}""");
        Blobs[said] = bytes;
        return new(201, "", ("Location", path));
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync().ConfigureAwait(false);
                _ = Task.Run(() => Serve(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was disposed.
        }
    }

    private void Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                using var stream = client.GetStream();
                if (Read(stream) is not { } request)
                    return;
                Requests.Enqueue(request);
                var answer = Lie?.Invoke(request) ?? Answer(request);
                var head = new StringBuilder().Append(
                    CultureInfo.InvariantCulture,
                    $"HTTP/1.1 {answer.Status} x\r\nConnection: close\r\n");
                foreach (var (name, value) in answer.Headers)
                    head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
                if ((answer.Length ?? answer.Body.Length) is >= 0 and var length)
                    head.Append(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n");
                stream.Write(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()));
                if (answer.Stream is { } send)
                    send(stream);
                else if (request.Method != "HEAD")
                    stream.Write(answer.Body);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The other side has gone.
            }
        }
    }

    private FakeRequest? Read(NetworkStream stream)
    {
        var head = new MemoryStream();
        while (head.Length < 4 || !head.GetBuffer().AsSpan((int)head.Length - 4, 4).SequenceEqual("\r\n\r\n"u8))
        {
            var next = stream.ReadByte();
            if (next < 0 || head.Length == 0 && next == 0x16 || head.Length > MaxHead) // 0x16: a TLS handshake
                return null;
            head.WriteByte((byte)next);
        }
        var lines = Encoding.Latin1.GetString(head.ToArray()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var (start, headers) = (
            lines[0].Split(' '),
            lines.Skip(1).Select(l => l.Split(": ", 2)).ToDictionary(p => p[0].ToLowerInvariant(), p => p[1]));
        var length = headers.TryGetValue("content-length", out var text)
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : 0;
        _uploads.TryGetValue(start[1].Split('?')[0], out var upload);
        var (body, buffer) = (new MemoryStream(), new byte[16 << 10]);
        while (body.Length < length)
        {
            if (CutUploadAfter >= 0 && body.Length >= CutUploadAfter)
            {
                CutUploadAfter = -1;
                return null;
            }
            var most = Math.Min(buffer.Length, length - (int)body.Length);
            var count = stream.Read(
                buffer,
                0,
                CutUploadAfter > 0 ? Math.Min(most, CutUploadAfter - (int)body.Length) : most);
            if (count == 0)
                return null;
            body.Write(buffer, 0, count);
            upload?.Write(buffer, 0, count);
        }
        return new(start[0], start[1], headers, body.ToArray());
    }

    private static string? Last(string path, string mark) =>
        path.LastIndexOf(mark, StringComparison.Ordinal) is >= 0 and var at ? path[(at + mark.Length)..] : null;
}
