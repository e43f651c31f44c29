using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Marrow.Hub.Registry;

/// <summary>
/// <c>oci://host[:port]/repository:tag</c> or <c>oci://host[:port]/repository@sha256:...</c>, in the grammar of the OCI
/// distribution specification (v1.1, "Pulling manifests"). The digest is the one of the manifest in the registry, not
/// the checkpoint's own.
/// </summary>
internal sealed partial record OciReference
{
    public const string Scheme = "oci://";
    private const int LongestHost = 255, LongestRepository = 255;

    private OciReference(string host, string repository, string? tag, string? digest)
    {
        (Host, Repository, Tag, Digest) = (host, repository, tag, digest);
    }

    /// <summary>The registry's host and port, such as "registry.lab:5000", "127.0.0.1:5000" or "[::1]:5000".</summary>
    public string Host { get; }

    /// <summary>The name of the repository, such as "spine/cobb".</summary>
    public string Repository { get; }

    /// <summary>The tag; null when a digest is given.</summary>
    public string? Tag { get; }

    /// <summary>The digest of the manifest, "sha256:..."; null when a tag is given.</summary>
    public string? Digest { get; }

    /// <summary>The tag or digest for which the registry is asked.</summary>
    public string Name => Tag ?? Digest!;

    /// <summary>True when the host is this machine, by name or by address.</summary>
    public bool IsLoopback => IsLoopbackHost(WithoutPort(Host));

    public static bool IsOne(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a reference. Throws <see cref="MarrowException"/> when the text is not one.</summary>
    public static OciReference Parse(string text)
    {
        var match = IsOne(text) ? Grammar().Match(text[Scheme.Length..]) : Match.Empty;
        var (host, repository, tag, digest) = (
            match.Groups["host"].Value.ToLowerInvariant(),
            match.Groups["repository"].Value,
            match.Groups["tag"].Value,
            match.Groups["digest"].Value);
        var port = match.Groups["port"] is { Success: true, Value: var digits }
            ? int.Parse(digits, CultureInfo.InvariantCulture)
            : 1;
        if (
            !match.Success
            || port is 0 or > 65535
            || host.Length > LongestHost
            || repository.Length > LongestRepository
            || !Uri.TryCreate($"https://{host}/", UriKind.Absolute, out _)
        )
            throw MarrowException.Bad(
                text,
                "oci://host[:port]/repository:tag or oci://host[:port]/repository@sha256:DIGITS (64; host and "
                    + "repository in lower case)",
                Problem(text),
                HasCredentials(text)
                    ? "Leave them out, and log in with docker login, podman login or oras login."
                    : "Write it so, such as oci://127.0.0.1:5000/spine/cobb:v1."
            );
        return new(host, repository, tag.Length > 0 ? tag : null, digest.Length > 0 ? digest : null);
    }

    public OciReference WithTag(string tag) => new(Host, Repository, tag, null);

    public OciReference WithDigest(string digest) => new(Host, Repository, null, digest);

    public override string ToString() => $"{Scheme}{Host}/{Repository}{(Tag is not null ? $":{Tag}" : $"@{Digest}")}";

    public static bool IsLoopbackHost(string host) =>
        host == "localhost"
        || IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);

    private static string WithoutPort(string host) => PortAtEnd().Replace(host, "");

    private static bool HasCredentials(string text) =>
        text.Contains('@')
            && !text[(text.LastIndexOf('@') + 1)..].StartsWith(Marrow.Digest.Scheme, StringComparison.Ordinal)
        || text.Count(c => c == '@') > 1;

    private static string Problem(string text) =>
        !IsOne(text) ? "another beginning"
        : HasCredentials(text) ? "a user's name or password before the host"
        : !text[Scheme.Length..].Contains('/') ? "no repository"
        : text.LastIndexOf(':') < text.LastIndexOf('/') && !text.Contains('@') ? "neither tag nor digest"
        : "another form";

    [GeneratedRegex(
        """
            ^(?<host>(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:.]+\])(?::(?<port>[0-9]{1,5}))?)
            /(?<repository>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)
            (?::(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})|@(?<digest>sha256:[0-9a-f]{64}))\z
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Grammar();

    [GeneratedRegex(@":[0-9]{1,5}\z")]
    private static partial Regex PortAtEnd();
}
