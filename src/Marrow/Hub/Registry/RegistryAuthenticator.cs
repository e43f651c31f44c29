using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Marrow.Hub.Registry;

/// <summary>
/// Answers a registry's 401: Basic with the credential of the Docker file, Bearer with a token that the realm gives
/// (Docker token authentication: GET with Basic, or POST with a refresh token). One answer is kept for reading and one
/// for writing, until the registry wants another. A realm is asked over https only, unless the registry itself is
/// spoken to in plain HTTP.
/// </summary>
internal sealed partial class RegistryAuthenticator(
    RegistryEndpoint endpoint,
    RegistryTransport transport,
    DockerCredentials credentials
) : IDisposable
{
    private const int MaxTokenAnswer = 1 << 20, MaxChallenge = 8 << 10;
    private const string Client = "marrow";
    private readonly SemaphoreSlim _turn = new(1);
    private AuthenticationHeaderValue? _reading, _writing;

    public AuthenticationHeaderValue? Header(bool writes) => writes ? _writing : _reading;

    /// <summary>
    /// Answers a 401 to a request that carried <paramref name="sent"/>, by getting the credential for which the
    /// challenge asks. Returns false when the registry will accept no other answer.
    /// </summary>
    public async Task<bool> AnswerAsync(
        HttpResponseMessage challenge,
        AuthenticationHeaderValue? sent,
        bool writes,
        CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (!ReferenceEquals(Header(writes), sent))
                return true; // Another request has got a new one meanwhile.
            var answer = await FindAsync(challenge, cancellation).ConfigureAwait(false);
            if (answer is null || answer.Equals(sent))
                return false;
            if (writes)
                _writing = answer;
            else
                _reading = answer;
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<AuthenticationHeaderValue?> FindAsync(
        HttpResponseMessage challenge,
        CancellationToken cancellation)
    {
        var offered = challenge.Headers.WwwAuthenticate.Where(c => (c.Parameter?.Length ?? 0) <= MaxChallenge).ToList();
        if (offered.FirstOrDefault(c => c.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)) is { } bearer)
            return new("Bearer", await TokenAsync(bearer.Parameter ?? "", cancellation).ConfigureAwait(false));
        if (offered.Exists(c => c.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
            && await credentials.FindAsync(endpoint.Host, cancellation).ConfigureAwait(false)
                is { IsIdentityToken: false } credential)
            return Basic(credential);
        return null;
    }

    private async Task<string> TokenAsync(string challenge, CancellationToken cancellation)
    {
        var parameters = Parameter()
            .Matches(challenge)
            .GroupBy(m => m.Groups["key"].Value.ToLowerInvariant(), m => Unquoted(m))
            .ToDictionary(g => g.Key, g => g.First());
        if (!Uri.TryCreate(parameters.GetValueOrDefault("realm"), UriKind.Absolute, out var realm))
            throw MarrowException.Unavailable(
                endpoint.Host,
                "the address of a token server as the realm of its challenge",
                "none",
                "Ask whoever runs the registry.");
        endpoint.RequireAllowed(realm, "the token server");
        var query = new List<KeyValuePair<string, string>>();
        foreach (var key in (string[])["service", "scope"])
        {
            if (parameters.TryGetValue(key, out var value) && value.Length > 0)
                query.Add(new(key, value));
        }
        var credential = await credentials.FindAsync(endpoint.Host, cancellation).ConfigureAwait(false);
        using var request = credential is { IsIdentityToken: true }
            ? new HttpRequestMessage(HttpMethod.Post, realm)
            {
                Content = new FormUrlEncodedContent([
                    .. query,
                    new("grant_type", "refresh_token"),
                    new("client_id", Client),
                    new("refresh_token", credential.Secret),
                ]),
            }
            : new HttpRequestMessage(HttpMethod.Get, WithQuery(realm, query));
        if (credential is { IsIdentityToken: false })
            request.Headers.Authorization = Basic(credential);
        using var response = await transport.SendAsync(request, cancellation).ConfigureAwait(false);
        if (RegistryTransport.IsTransient(response.StatusCode))
            throw new TransientFailure(
                $"{realm.Authority}: the token server answered {(int)response.StatusCode}",
                RegistryTransport.RetryAfter(response));
        if (!response.IsSuccessStatusCode)
            throw MarrowException.Refused(
                realm.Authority,
                "a token",
                $"{(int)response.StatusCode} {response.StatusCode}",
                credential is null
                    ? $"No credential for {endpoint.Host} is in {credentials.Path}: log in with docker login, podman "
                        + $"login or oras login."
                    : $"The {credential} was not accepted: log in again.");
        var body = await transport.ReadSmallAsync(response, MaxTokenAnswer, cancellation).ConfigureAwait(false);
        return Token(body)
            ?? throw MarrowException.Unavailable(
                realm.Authority,
                "JSON with a token",
                "something else",
                "Ask whoever runs the registry.");
    }

    private static string? Token(byte[]? body)
    {
        try
        {
            using var document = JsonDocument.Parse(body ?? []);
            foreach (var name in (string[])["token", "access_token"])
            {
                if (
                    document.RootElement.TryGetProperty(name, out var value)
                    && value.GetString() is { Length: > 0 } token
                    && token.All(c => c is > ' ' and < '\u007f')) // it becomes a header
                    return token;
            }
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static AuthenticationHeaderValue Basic(RegistryCredential credential) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Secret}")));

    private static Uri WithQuery(Uri realm, IEnumerable<KeyValuePair<string, string>> query)
    {
        var more = string.Join('&', query.Select(q => $"{q.Key}={Uri.EscapeDataString(q.Value)}"));
        return new UriBuilder(realm)
        {
            Query = string.Join('&', new[] { realm.Query.TrimStart('?'), more }.Where(part => part.Length > 0)),
        }.Uri;
    }

    private static string Unquoted(Match parameter) =>
        parameter.Groups["quoted"] is { Success: true, Value: var quoted }
            ? Escape().Replace(quoted, "$1")
            : parameter.Groups["plain"].Value;

    public void Dispose() => _turn.Dispose();

    [GeneratedRegex(
        """(?<key>[A-Za-z_]+)\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^\s",]+))""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escape();
}
