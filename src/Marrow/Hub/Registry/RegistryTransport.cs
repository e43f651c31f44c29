using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Marrow.Hub.Registry;

/// <summary>
/// One HTTP request and its answer, with every wait bounded: for the connection, for the answer once the request is
/// out, and for small answers until their end. It follows no redirect and knows no credentials. Failures that may pass
/// come out as <see cref="TransientFailure"/>, the others as <see cref="MarrowException"/>.
/// </summary>
internal sealed class RegistryTransport : IDisposable
{
    private const int MaxHeaderKiB = 64;

    private readonly RegistryOptions _options;
    private readonly HttpClient _http;
    private volatile bool _reached;
    private volatile string? _distrust; // why the last certificate was not trusted

    public RegistryTransport(RegistryOptions options)
    {
        _options = options;
        _http = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = options.ConnectTimeout,
            MaxResponseHeadersLength = MaxHeaderKiB,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = { RemoteCertificateValidationCallback = (_, _, chain, errors) => Trust(chain, errors) },
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(
            $"marrow/{typeof(RegistryTransport).Assembly.GetName().Version!.ToString(3)}");
    }

    /// <summary>
    /// Sends a request and returns the answer when its headers have arrived; the body is still to be read. The caller
    /// disposes the answer.
    /// </summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var longest = _options.ConnectTimeout + _options.ResponseTimeout;
        limit.CancelAfter(longest);
        using var silence = Silence(request.RequestUri!);
        void Wait(int moved)
        {
            longest = _options.ResponseTimeout;
            limit.CancelAfter(longest); // as long as bytes leave, the answer can't be due
            silence.Change(_options.WordAfter, _options.WordAfter);
        }
        var file = request.Content as FileRangeContent;
        file?.Moved += Wait;
        try
        {
            var response = await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token)
                .ConfigureAwait(false);
            _reached = true;
            return response;
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TransientFailure($"no answer within {longest.TotalSeconds:0.#} s", inner: e);
        }
        catch (HttpRequestException e)
        {
            throw Explain(e, request.RequestUri!);
        }
        catch (IOException e)
        {
            throw new TransientFailure($"the connection broke ({e.Message.TrimEnd('.')})", inner: e);
        }
        finally
        {
            file?.Moved -= Wait;
        }
    }

    /// <summary>Reads the whole body of at most <paramref name="max"/> bytes; null when it is longer.</summary>
    public async Task<byte[]?> ReadSmallAsync(HttpResponseMessage response, int max, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength > max)
            return null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_options.ResponseTimeout);
        using var silence = Silence(response.RequestMessage!.RequestUri!);
        try
        {
            using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            using var whole = new MemoryStream();
            var buffer = new byte[16 << 10];
            for (int count; (count = await body.ReadAsync(buffer, limit.Token).ConfigureAwait(false)) > 0;)
            {
                if (whole.Length + count > max)
                    return null;
                whole.Write(buffer, 0, count);
            }
            return whole.ToArray();
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TransientFailure(
                $"an answer was not complete within {_options.ResponseTimeout.TotalSeconds:0.#} s",
                inner: e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new TransientFailure($"the connection broke ({e.Message.TrimEnd('.')})", inner: e);
        }
    }

    /// <summary>
    /// Starts a timer that notes from time to time that an answer has not arrived yet. Disposing it stops the notes.
    /// </summary>
    private Timer Silence(Uri uri)
    {
        var since = Stopwatch.StartNew();
        return new(
            _ => _options.Note?.Invoke($"{uri.Authority}: no answer for {since.Elapsed.TotalSeconds:0} s"),
            null,
            _options.WordAfter,
            _options.WordAfter);
    }

    private Exception Explain(HttpRequestException e, Uri uri)
    {
        var refused = e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
        return e.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => MarrowException.Unavailable(
                uri.Authority,
                "a host that is known here",
                "none of that name",
                "Check its spelling and the network.",
                e),
            HttpRequestError.SecureConnectionError => Tls(e, uri),
            HttpRequestError.ConnectionError when refused && !_reached => MarrowException.Unavailable(
                uri.Authority,
                "a registry",
                "nothing that listens there",
                "Check host and port, and whether the registry runs.",
                e),
            _ => new TransientFailure(
                refused
                    ? $"{uri.Authority}: the connection was refused"
                    : $"{uri.Authority}: the connection failed ({(e.InnerException ?? e).Message.TrimEnd('.')})",
                inner: e),
        };
    }

    /// <summary>
    /// Decides on a certificate as .NET does by default, and keeps the reasons for the error message.
    /// </summary>
    private bool Trust(X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        var reasons = new List<string>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            reasons.Add("it is for another name");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            reasons.Add("there is none");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            reasons.AddRange(chain?.ChainStatus.Select(s => s.Status.ToString()).Distinct() ?? []);
        _distrust = string.Join(", ", reasons);
        return false;
    }

    private Exception Tls(HttpRequestException e, Uri uri)
    {
        // A certificate that is not trusted does not become so; a handshake that was cut may go through next time.
        if (_distrust is { } why)
            return MarrowException.Refused(
                uri.Authority,
                "a TLS certificate that this machine trusts",
                $"one that it does not ({why})",
                "Let SSL_CERT_FILE name a PEM file with your laboratory's authority, or add it to the system's; a "
                    + "name must be the one in the certificate.",
                e);
        return e.InnerException is AuthenticationException
            ? MarrowException.Unavailable(
                uri.Authority,
                "a registry that speaks TLS",
                "one that does not",
                "Check the port. Where it speaks plain HTTP and you trust the network, push or pull with --plain-http.",
                e)
            : new TransientFailure(
                $"{uri.Authority}: the TLS handshake failed ({(e.InnerException ?? e).Message.TrimEnd('.')})",
                inner: e);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>
    /// Returns true for the statuses 408, 429 and 5xx, except those that will not change when the request is repeated.
    /// </summary>
    public static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        || (int)status >= 500
            && status is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported);

    /// <summary>
    /// Returns how long the answer asks to wait, whether it gives seconds or a date; null when it does not ask.
    /// </summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > DateTimeOffset.UtcNow => date - DateTimeOffset.UtcNow,
        _ => null,
    };
}
