using System.Net;
using System.Net.Http.Headers;

namespace Marrow.Hub.Registry;

/// <summary>
/// A request to the registry, which can be sent several times: after a login, a redirect or a failure.
/// </summary>
internal sealed record RegistryRequest(HttpMethod Method, Uri Uri)
{
    /// <summary>Creates the request's body anew for each attempt.</summary>
    public Func<HttpContent>? Content { get; init; }

    public string? Accept { get; init; }

    /// <summary>The position of the first byte that is wanted; 0 for the whole blob.</summary>
    public long From { get; init; }

    /// <summary>
    /// True when a redirect may lead to another host, which does not get the Authorization header. It is used for
    /// blobs, whose digest is checked.
    /// </summary>
    public bool MayLeave { get; init; }

    public bool Writes => Method != HttpMethod.Get && Method != HttpMethod.Head;
}

/// <summary>
/// One repository of one registry: sends requests with login and redirects, retries what may pass, and turns refusals
/// into errors that say what to do.
/// </summary>
internal sealed class RegistryClient : IDisposable
{
    private const int MaxRedirects = 5;
    private const int MaxLogins = 2; // one for a token that has run out, one for a greater scope
    private const int MaxManifestAnswer = CheckpointArtifact.MaxManifestBytes, MaxOther = 1 << 20;

    private readonly RegistryTransport _transport;
    private readonly RegistryAuthenticator _authenticator;
    private readonly DockerCredentials _credentials;

    private RegistryClient(OciReference reference, RegistryOptions options, RegistryEndpoint endpoint)
    {
        (Reference, Options, Endpoint) = (reference, options, endpoint);
        _credentials = new(options.CredentialFile ?? DockerCredentials.DefaultPath());
        _transport = new(options);
        _authenticator = new(endpoint, _transport, _credentials);
    }

    public OciReference Reference { get; }

    public RegistryOptions Options { get; }

    public RegistryEndpoint Endpoint { get; }

    public static async Task<RegistryClient> OpenAsync(
        OciReference reference,
        RegistryOptions options,
        CancellationToken cancellation)
    {
        options.Validate();
        return new(
            reference,
            options,
            await RegistryEndpoint.FindAsync(reference, options, cancellation).ConfigureAwait(false));
    }

    /// <summary>Returns an address below the repository, such as that of "manifests/v1".</summary>
    public Uri Address(string path) => new(Endpoint.Base, path);

    /// <summary>
    /// Sends a request once and returns the answer with any status except 401, 403 and those that a further attempt may
    /// change. The caller disposes it.
    /// </summary>
    public async Task<HttpResponseMessage> SendOnceAsync(RegistryRequest request, CancellationToken cancellation)
    {
        var (uri, redirects, logins) = (request.Uri, 0, 0);
        while (true)
        {
            var authorization = Endpoint.Owns(uri) ? _authenticator.Header(request.Writes) : null;
            var response = await SendOneAsync(request, uri, authorization, cancellation).ConfigureAwait(false);
            try
            {
                if (response.StatusCode == HttpStatusCode.Unauthorized && Endpoint.Owns(uri) && logins++ < MaxLogins
                    && await _authenticator
                        .AnswerAsync(response, authorization, request.Writes, cancellation)
                        .ConfigureAwait(false))
                {
                    response.Dispose();
                    continue;
                }
                if (Redirect(request, uri, response) is { } next)
                {
                    if (++redirects > MaxRedirects)
                        throw MarrowException.Unavailable(
                            Reference.ToString(),
                            $"at most {MaxRedirects} redirects",
                            "more",
                            "Ask whoever runs the registry.");
                    uri = next;
                    response.Dispose();
                    continue;
                }
                await RequireUsableAsync(response, uri, cancellation).ConfigureAwait(false);
                return response;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }

    /// <summary>
    /// Sends a request and repeats it when it fails. The request's body must be small, if it has one.
    /// </summary>
    public Task<HttpResponseMessage> SendAsync(RegistryRequest request, CancellationToken cancellation) =>
        new Attempts(Options, Reference.ToString()).RunAsync(() => SendOnceAsync(request, cancellation), cancellation);

    /// <summary>
    /// Returns the bytes of a manifest, its media type, and the digest that the registry names; null when there is no
    /// manifest.
    /// </summary>
    public async Task<(byte[] Bytes, string MediaType, string? Digest)?> GetManifestAsync(
        string name,
        CancellationToken cancellation
    ) =>
        await new Attempts(Options, Reference.ToString())
            .RunAsync<(byte[], string, string?)?>(
                async () =>
                {
                    using var response = await SendOnceAsync(
                            new(HttpMethod.Get, Address($"manifests/{name}")) { Accept = OciFormat.Manifest },
                            cancellation)
                        .ConfigureAwait(false);
                    if (response.StatusCode == HttpStatusCode.NotFound)
                        return null;
                    await RequireAsync(response, HttpStatusCode.OK, "the manifest", cancellation).ConfigureAwait(false);
                    var bytes = await _transport
                        .ReadSmallAsync(response, MaxManifestAnswer, cancellation)
                        .ConfigureAwait(false)
                        ?? throw MarrowException.Unsupported(
                            Reference.ToString(),
                            $"a manifest of at most {MaxManifestAnswer} bytes",
                            "more",
                            "It is no checkpoint of Marrow.");
                    return (
                        bytes,
                        response.Content.Headers.ContentType?.MediaType ?? "",
                        RegistryText.ContentDigest(response));
                },
                cancellation)
            .ConfigureAwait(false);

    /// <summary>
    /// Returns up to a few dozen tags of the repository; empty when there are none or they are unknown.
    /// </summary>
    public async Task<IReadOnlyList<string>> TagsAsync(CancellationToken cancellation)
    {
        using var response = await SendAsync(
                new(HttpMethod.Get, Address($"tags/list?n={RegistryText.MostTags}")),
                cancellation)
            .ConfigureAwait(false);
        return response.StatusCode == HttpStatusCode.OK
            ? RegistryText.Tags(await _transport.ReadSmallAsync(response, MaxOther, cancellation).ConfigureAwait(false))
            : [];
    }

    /// <summary>Throws, quoting the registry, unless the answer has this status.</summary>
    public async Task RequireAsync(
        HttpResponseMessage response,
        HttpStatusCode expected,
        string what,
        CancellationToken cancellation)
    {
        if (response.StatusCode != expected)
            throw Unexpected(
                $"{Reference}: {what}",
                expected,
                await DescribeAsync(response, cancellation).ConfigureAwait(false));
    }

    public static MarrowException Unexpected(string what, HttpStatusCode expected, string found) =>
        MarrowException.Unavailable(what, $"{(int)expected} {expected}", found, "Ask whoever runs the registry.");

    private async Task<HttpResponseMessage> SendOneAsync(
        RegistryRequest request,
        Uri uri,
        AuthenticationHeaderValue? authorization,
        CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(request.Method, uri) { Content = request.Content?.Invoke() };
        message.Headers.Authorization = authorization;
        if (request.Accept is not null)
            message.Headers.Accept.ParseAdd(request.Accept);
        if (request.From > 0)
            message.Headers.Range = new(request.From, null);
        return await _transport.SendAsync(message, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the address to ask instead; null when the answer is not a redirect, or is one that need not be followed.
    /// </summary>
    private Uri? Redirect(RegistryRequest request, Uri from, HttpResponseMessage response)
    {
        if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
            return null;
        if (request.Writes)
            throw MarrowException.Unavailable(
                Reference.ToString(),
                "no redirect of what is written",
                $"{(int)response.StatusCode}",
                "Name the host that it leads to, if you trust it.");
        if (response.Headers.Location is not { } location || !Uri.TryCreate(from, location, out var to))
            throw MarrowException.Unavailable(
                Reference.ToString(),
                "a redirect with an address",
                "one without",
                "Ask whoever runs the registry.");
        Endpoint.RequireAllowed(to, "a redirect");
        if (from.Scheme == Uri.UriSchemeHttps && to.Scheme != Uri.UriSchemeHttps)
            throw MarrowException.Unavailable(
                Reference.ToString(),
                "a redirect that stays with https",
                to.Scheme,
                "Ask whoever runs the registry.");
        if (to.Authority == from.Authority)
            return to;
        if (!request.MayLeave)
            throw MarrowException.Refused(
                Reference.ToString(),
                $"a redirect that stays at {from.Authority}",
                to.Authority,
                "Only the content of blobs may come from elsewhere. Name that host, if you trust it.");
        return request.Method == HttpMethod.Head ? null : to; // Who sends one elsewhere for a blob has it.
    }

    private async Task RequireUsableAsync(HttpResponseMessage response, Uri uri, CancellationToken cancellation)
    {
        if (RegistryTransport.IsTransient(response.StatusCode))
            throw new TransientFailure(
                $"{uri.Authority} answered {(int)response.StatusCode} {response.StatusCode}",
                RegistryTransport.RetryAfter(response));
        if (response.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
            return;
        var answer = await DescribeAsync(response, cancellation).ConfigureAwait(false);
        if (!Endpoint.Owns(uri))
            throw MarrowException.Unavailable(
                Reference.ToString(),
                $"the blob from {uri.Authority}, where the registry sends one",
                answer,
                "Ask whoever runs the registry.");
        var credential = await _credentials.FindAsync(Endpoint.Host, cancellation).ConfigureAwait(false);
        throw MarrowException.Refused(
            Reference.ToString(),
            "to be let in",
            answer,
            credential is null
                ? $"No credential for {Endpoint.Host} is in {_credentials.Path}: log in with docker login, podman "
                    + $"login or oras login."
                : $"The {credential} does not allow it: log in as another user, or ask for the right to this "
                    + $"repository."
        );
    }

    public async Task<string> DescribeAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        byte[]? body = null;
        try
        {
            body = await _transport.ReadSmallAsync(response, MaxOther, cancellation).ConfigureAwait(false);
        }
        catch (TransientFailure)
        {
            // The status alone has to do.
        }
        return RegistryText.Describe(response.StatusCode, body);
    }

    public void Dispose()
    {
        _authenticator.Dispose();
        _transport.Dispose();
    }
}
