using System.Diagnostics;
using System.Text;
using Marrow.Checkpoints;
using Marrow.Soak;

namespace Marrow.Tests.Hub.Registry;

/// <summary>Anonymous, basic and bearer login from the Docker credential file; nobody else gets a credential.</summary>
public sealed class RegistryLoginTests : IDisposable
{
    private const string User = "reader", Password = "pässword:with:colons";
    private static readonly string Basic =
        $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"))}";
    private readonly RegistryBench _bench = new();
    private readonly TemporaryFolder _folder = new();
    private readonly Checkpoint _saved;

    public RegistryLoginTests() => _saved = _bench.Save();

    public void Dispose()
    {
        _saved.Dispose();
        _folder.Dispose();
        _bench.Dispose();
    }

    private void Credentials(string json)
    {
        File.WriteAllText(_folder["config.json"], json);
        _bench.Options = _bench.Options with { CredentialFile = _folder["config.json"] };
    }

    private void LogIn(string host, string password = Password) =>
        Credentials(
            $$"""{"auths": {"{{host}}": {"auth": "{{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{password}"))}}"} } }"""
        );

    [Fact]
    public async Task Debians_registry_lets_in_who_is_in_the_file_and_nobody_else()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/htpasswd"), "/usr/bin/htpasswd is absent (apt install apache2-utils).");
        using var registry = RegistryBench.Start(
            """
            auth:
              htpasswd: {realm: lab, path: FOLDER/htpasswd}
            """,
            prepare: folder =>
            {
                var start = new ProcessStartInfo(
                    "/usr/bin/htpasswd",
                    ["-Bbc", Path.Combine(folder, "htpasswd"), User, Password])
                {
                    RedirectStandardError = true,
                };
                using var process = Process.Start(start)!;
                process.WaitForExit();
            }
        );
        var nobody = await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(_saved, registry.Host));
        Assert.Contains(
            $"No credential for {registry.Host} is in /nonexistent/config.json",
            nobody.Message,
            StringComparison.Ordinal);
        Assert.Contains("401 Unauthorized", nobody.Message, StringComparison.Ordinal);

        LogIn(registry.Host, "wrong");
        var wrong = await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(_saved, registry.Host));
        Assert.Contains(
            $"The credential from {_folder["config.json"]} does not allow it",
            wrong.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", wrong.ToString(), StringComparison.Ordinal);

        LogIn(registry.Host);
        await _bench.PushAsync(_saved, registry.Host);
        Assert.Equal(_saved.Digest, (await _bench.PullAsync(registry.Host))[^1].Digest);
    }

    [Theory]
    [InlineData("""{"auths": {"HOST": {"auth": "BASE64"} } }""", true)]
    [InlineData("""{"auths": {"http://HOST/v1/": {"auth": "BASE64"} } }""", true)]
    [InlineData("""{"auths": {"HOST": {"username": "reader", "password": "pässword:with:colons"} } }""", true)]
    [InlineData("""{"auths": {"other.example": {"auth": "BASE64"} }, "HttpHeaders": {"X": "y"} }""", false)]
    [InlineData("""{"auths": {"HOST.evil.example": {"auth": "BASE64"} } }""", false)]
    [InlineData("""{"auths": {"HOST": {} } }""", false)]
    [InlineData("""{}""", false)]
    public async Task The_credential_file_is_read_as_docker_writes_it(string json, bool letIn)
    {
        using var registry = new FakeRegistry();
        registry.Lie = r =>
            r.Headers.GetValueOrDefault("authorization") == Basic
                ? null
                : new(401, "", ("WWW-Authenticate", "Basic realm=\"lab\""));
        Credentials(
            json.Replace("HOST", registry.Host, StringComparison.Ordinal)
                .Replace("BASE64", Basic["Basic ".Length..], StringComparison.Ordinal));
        if (letIn)
            await _bench.PushAsync(_saved, registry.Host);
        else
            Assert.Contains(
                "to be let in",
                (await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(_saved, registry.Host))).Message,
                StringComparison.Ordinal);
        Assert.Equal(letIn, registry.Manifests.ContainsKey("v1"));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"auths": {"HOST": {"auth": "secret!"} } }""")]
    [InlineData("""{"auths": {"HOST": {"auth": "c2VjcmV0"} } }""")]
    [InlineData("""{"credHelpers": {"HOST": "../evil"} }""")]
    [InlineData("""{"credsStore": "absent-program"}""")]
    public async Task A_broken_credential_file_is_an_error_that_shows_nothing_of_it(string json)
    {
        using var registry = new FakeRegistry { Lie = _ => new(401, "", ("WWW-Authenticate", "Basic realm=\"lab\"")) };
        Credentials(json.Replace("HOST", registry.Host, StringComparison.Ordinal));
        var error = await Assert.ThrowsAsync<MarrowException>(() => _bench.PullAsync(registry.Host));
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("evil", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_helper_is_asked_for_the_host()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The helper of this test is a shell script.");
        using var registry = new FakeRegistry();
        registry.Lie = r =>
            r.Headers.GetValueOrDefault("authorization") == Basic
                ? null
                : new(401, "", ("WWW-Authenticate", "Basic realm=\"lab\""));
        var helper = _folder["docker-credential-marrow-test"];
        File.WriteAllText(helper, $$"""
            #!/bin/sh
            [ "$1" = get ] && [ "$(cat)" = "{{registry.Host}}" ] || exit 1
            printf '{"ServerURL": "x", "Username": "{{User}}", "Secret": "{{Password}}"}'
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(helper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var path = Environment.GetEnvironmentVariable("PATH");
        try
        {
            Environment.SetEnvironmentVariable("PATH", $"{_folder.Path}{Path.PathSeparator}{path}");
            Credentials($$"""{"credHelpers": {"{{registry.Host}}": "marrow-test"} }""");
            await _bench.PushAsync(_saved, registry.Host);
            Credentials("""{"credsStore": "marrow-test"}""");
            Assert.Equal(_saved.Digest, (await _bench.PullAsync(registry.Host))[^1].Digest);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_is_got_for_each_right_used_until_it_is_refused_and_renewed(bool identityToken)
    {
        using var tokens = new TokenServer(identityToken ? $"refresh={User}" : Basic);
        using var registry = new FakeRegistry();
        registry.Lie = tokens.Guard;
        Credentials(identityToken
            ? $$"""{"auths": {"{{registry.Host}}": {"username": "x", "identitytoken": "{{User}}"} } }"""
            : $$"""{"auths": {"{{registry.Host}}": {"auth": "{{Basic["Basic ".Length..]}}"} } }""");
        await _bench.PushAsync(_saved, registry.Host);
        Assert.Equal(["repository:lab/one:pull", "repository:lab/one:pull,push"], tokens.Scopes.Distinct());
        Assert.Equal(2, tokens.Scopes.Count); // whatever the number of files

        tokens.Expire(after: 3); // requests
        Assert.Equal(_saved.Digest, (await _bench.PullAsync(registry.Host))[^1].Digest);
        Assert.InRange(tokens.Scopes.Count, 4, 20);
        Assert.All(registry.Requests, r =>
            Assert.DoesNotContain("Basic", r.Headers.GetValueOrDefault("authorization") ?? "", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_token_that_is_never_taken_ends_in_an_error()
    {
        using var tokens = new TokenServer(Basic);
        using var registry = new FakeRegistry();
        registry.Lie = tokens.Guard;
        LogIn(registry.Host);
        tokens.Expire(after: 0);
        Assert.Contains(
            "to be let in",
            (await Assert.ThrowsAsync<MarrowException>(() => _bench.PullAsync(registry.Host))).Message,
            StringComparison.Ordinal);
        LogIn(registry.Host, "wrong");
        Assert.Contains(
            "was not accepted",
            (await Assert.ThrowsAsync<MarrowException>(() => _bench.PullAsync(registry.Host))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Bearer realm=\"http://192.0.2.1/token\",service=\"x\"", "Nothing was sent there")]
    [InlineData("Bearer realm=\"file:///etc/passwd\"", "Nothing was sent there")]
    [InlineData("Bearer realm=\"/token\"", "token")]
    [InlineData("Bearer", "token")]
    [InlineData("Digest realm=\"x\"", "to be let in")]
    public async Task Challenges_that_can_not_be_met_safely_are_not_met(string challenge, string part)
    {
        using var registry = new FakeRegistry { Lie = _ => new(401, "", ("WWW-Authenticate", challenge)) };
        LogIn(registry.Host);
        Assert.Contains(
            part,
            (await Assert.ThrowsAsync<MarrowException>(() => _bench.PullAsync(registry.Host))).Message,
            StringComparison.Ordinal);
        Assert.All(registry.Requests, r => Assert.False(r.Headers.ContainsKey("authorization")));
    }

    [Fact]
    public async Task A_storage_host_gets_no_credential()
    {
        using var registry = new FakeRegistry();
        using var storage = new FakeRegistry();
        LogIn(registry.Host);
        registry.Lie = r =>
            r.Headers.GetValueOrDefault("authorization") == Basic
                ? null
                : new(401, "", ("WWW-Authenticate", "Basic realm=\"lab\""));
        await _bench.PushAsync(_saved, registry.Host);
        foreach (var (digest, bytes) in registry.Blobs)
            storage.Blobs[digest] = bytes;
        registry.Lie = r =>
            r.Headers.GetValueOrDefault("authorization") != Basic
                ? new(401, "", ("WWW-Authenticate", "Basic realm=\"lab\""))
            : r.Target.Contains("/blobs/", StringComparison.Ordinal)
                ? new(307, "", ("Location", $"http://{storage.Host}{r.Target}"))
            : null;
        Assert.Equal(_saved.Digest, (await _bench.PullAsync(registry.Host))[^1].Digest);
        Assert.Equal(6, storage.Requests.Count);
        Assert.All(storage.Requests, r => Assert.False(r.Headers.ContainsKey("authorization")));

        // One that asks for a login gets none either.
        Directory.Delete(_bench.To.Folder, recursive: true);
        storage.Lie = _ => new(401, "", ("WWW-Authenticate", "Basic realm=\"storage\""));
        Assert.Contains(
            storage.Host,
            (await Assert.ThrowsAsync<MarrowException>(() => _bench.PullAsync(registry.Host))).Message,
            StringComparison.Ordinal);
        Assert.All(storage.Requests, r => Assert.False(r.Headers.ContainsKey("authorization")));
    }

    /// <summary>Gives tokens by scope to who shows the secret, and guards a registry by them.</summary>
    private sealed class TokenServer : IDisposable
    {
        private readonly FakeRegistry _server = new();
        private readonly Lock _turn = new();
        private readonly Dictionary<string, int> _left = [];
        private int _uses = int.MaxValue;

        public TokenServer(string secret) =>
            _server.Lie = request =>
            {
                var parameters = (
                    request.Method == "POST"
                        ? Encoding.UTF8.GetString(request.Body)
                        : request.Target[(request.Target.IndexOf('?') + 1)..])
                    .Split('&')
                    .Select(p => p.Split('='))
                    .ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1].Replace('+', ' ')));
                var shown =
                    request.Method == "POST"
                        ? $"refresh={parameters["refresh_token"]}"
                        : request.Headers.GetValueOrDefault("authorization");
                if (shown != secret || parameters["service"] != "lab registry")
                    return new(401);
                lock (_turn)
                {
                    var scope = parameters["scope"].Replace(':', '-').Replace('/', '-').Replace(',', '-');
                    var token = $"{scope}.{Guid.NewGuid():N}";
                    _left[token] = _uses;
                    Scopes.Add(parameters["scope"]);
                    return new(
                        200,
                        $$"""{"{{(request.Method == "POST" ? "access_token" : "token")}}": "{{token}}", "expires_in": 60}"""
                    );
                }
            };

        public List<string> Scopes { get; } = [];

        public FakeAnswer? Guard(FakeRequest request)
        {
            var right = request.Method is "GET" or "HEAD" ? "pull" : "pull,push";
            lock (_turn)
            {
                var token = request
                    .Headers.GetValueOrDefault("authorization")
                    ?.Replace("Bearer ", "", StringComparison.Ordinal)
                    ?? "";
                if (
                    _left.TryGetValue(token, out var left)
                    && left > 0
                    && token.Contains(right.Replace(',', '-'), StringComparison.Ordinal))
                {
                    _left[token] = left - 1;
                    return null;
                }
            }
            return new(
                401,
                "",
                (
                    "WWW-Authenticate",
                    $"Bearer realm=\"http://{_server.Host}/token\",service=\"lab "
                        + $"registry\",scope=\"repository:lab/one:{right}\""
                ));
        }

        public void Expire(int after)
        {
            lock (_turn)
            {
                _left.Clear();
                _uses = after;
            }
        }

        public void Dispose() => _server.Dispose();
    }
}
