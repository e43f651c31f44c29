using System.Text;
using System.Text.Json;

namespace Marrow.Hub.Registry;

/// <summary>
/// The standard Docker credential file, as <c>docker login</c>, podman and oras write it: <c>credHelpers</c> names a
/// program for one registry, <c>credsStore</c> one for all, <c>auths</c> holds "user:password" in base64 (or username
/// and password, or an identity token). A registry that is not in it is spoken to anonymously.
/// </summary>
internal sealed class DockerCredentials(string path)
{
    private const int MaxBytes = 1 << 20;
    private const string Remedy = "Correct the file, or log in again with docker login, podman login or oras login.";

    /// <summary>The path of the file in which credentials are looked up, for messages.</summary>
    public string Path { get; } = path;

    /// <summary>Returns $DOCKER_CONFIG/config.json or, when that is not set, ~/.docker/config.json.</summary>
    public static string DefaultPath()
    {
        var folder = Environment.GetEnvironmentVariable("DOCKER_CONFIG");
        return System.IO.Path.Combine(
            string.IsNullOrEmpty(folder)
                ? System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker")
                : folder,
            "config.json");
    }

    /// <param name="host">The registry's host and port, such as "registry.lab:5000".</param>
    /// <returns>The credential; null when there is none.</returns>
    public async Task<RegistryCredential?> FindAsync(string host, CancellationToken cancellation)
    {
        if (!File.Exists(Path))
            return null;
        using var document = Read();
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw MarrowException.Bad(Path, "a JSON object", root.ValueKind.ToString(), Remedy);
        if (Member(root, "credHelpers", host) is { ValueKind: JsonValueKind.String } helper)
            return await CredentialHelper.GetAsync(helper.GetString()!, host, cancellation).ConfigureAwait(false);
        if (
            root.TryGetProperty("credsStore", out var store)
            && store.ValueKind == JsonValueKind.String
            && store.GetString() is { Length: > 0 } name
            && await CredentialHelper.GetAsync(name, host, cancellation).ConfigureAwait(false) is { } stored)
            return stored;
        return Member(root, "auths", host) is { ValueKind: JsonValueKind.Object } entry ? Decode(entry, host) : null;
    }

    private JsonDocument Read()
    {
        try
        {
            return JsonDocument.Parse(InputFile.ReadAllBytes(Path, MaxBytes));
        }
        catch (JsonException e)
        {
            // The reader's own message may quote the file.
            throw MarrowException.Bad(
                Path,
                "the JSON of a Docker credential file",
                $"something else at line {e.LineNumber + 1}",
                Remedy);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{Path}: can't be read ({e.Message}). Check its permissions.", e);
        }
    }

    /// <summary>
    /// Returns the member of a section whose keys are registries. A key may have a scheme and a path, as older clients
    /// wrote it.
    /// </summary>
    private static JsonElement? Member(JsonElement root, string section, string host)
    {
        if (!root.TryGetProperty(section, out var entries) || entries.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var entry in entries.EnumerateObject())
        {
            if (HostOf(entry.Name).Equals(host, StringComparison.OrdinalIgnoreCase))
                return entry.Value;
        }
        return null;
    }

    private static string HostOf(string key)
    {
        var start = key.IndexOf("://", StringComparison.Ordinal) is >= 0 and var at ? at + 3 : 0;
        var end = key.IndexOf('/', start);
        return end < 0 ? key[start..] : key[start..end];
    }

    private RegistryCredential? Decode(JsonElement entry, string host)
    {
        var (user, password) = (Text(entry, "username"), Text(entry, "password"));
        if (Text(entry, "auth") is { Length: > 0 } auth)
        {
            var decoded = new byte[auth.Length];
            if (
                !Convert.TryFromBase64String(auth, decoded, out var count)
                || Encoding.UTF8.GetString(decoded, 0, count) is var pair && !pair.Contains(':'))
                throw MarrowException.Bad(
                    Path,
                    $"the base64 of user:password as auth of {host}",
                    "something else",
                    Remedy);
            var colon = pair.IndexOf(':');
            (user, password) = (pair[..colon], pair[(colon + 1)..].TrimEnd('\0'));
        }
        if (Text(entry, "identitytoken") is { Length: > 0 } token)
            return new(user, token, isIdentityToken: true, Path);
        return user.Length > 0 ? new(user, password, isIdentityToken: false, Path) : null;
    }

    private static string Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
