using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Marrow.Hub.Registry;

/// <summary>
/// The address of a registry and the way to connect to it: TLS, or plain HTTP for a registry on this machine that does
/// not use TLS, and where the user has asked for it.
/// </summary>
internal sealed class RegistryEndpoint
{
    private readonly bool _plainAsked;

    private RegistryEndpoint(OciReference reference, bool plain, bool plainAsked)
    {
        (Host, _plainAsked) = (reference.Host, plainAsked);
        Base = new Uri($"{(plain ? "http" : "https")}://{reference.Host}/v2/{reference.Repository}/");
    }

    /// <summary>The host as the user wrote it, and as credentials are stored for it.</summary>
    public string Host { get; }

    /// <summary>The start of every request's address: "https://host/v2/repository/".</summary>
    public Uri Base { get; }

    public static async Task<RegistryEndpoint> FindAsync(
        OciReference reference,
        RegistryOptions options,
        CancellationToken cancellation
    ) =>
        new(
            reference,
            options.PlainHttp
                || reference.IsLoopback
                    && !await SpeaksTlsAsync(reference, options, cancellation).ConfigureAwait(false),
            options.PlainHttp);

    /// <summary>Returns true for addresses of the registry itself. Only these get its Authorization header.</summary>
    public bool Owns(Uri uri) => uri.Scheme == Base.Scheme && uri.Authority == Base.Authority;

    /// <summary>
    /// Throws unless a request may be sent to the address: it must use https, or plain HTTP when the registry itself
    /// uses that.
    /// </summary>
    public void RequireAllowed(Uri uri, string what)
    {
        var plain =
            uri.Scheme == Uri.UriSchemeHttp
            && Base.Scheme == Uri.UriSchemeHttp
            && (_plainAsked || OciReference.IsLoopbackHost(uri.Host));
        if (uri.Scheme != Uri.UriSchemeHttps && !plain)
            throw MarrowException.Bad(
                Host,
                $"{what} at an https address",
                $"{uri.Scheme}://{uri.Authority}",
                "Nothing was sent there. Ask whoever runs the registry.");
        if (uri.UserInfo.Length > 0)
            throw MarrowException.Bad(
                Host,
                $"{what} at an address without a user's name",
                "one with it",
                "Nothing was sent there. Ask whoever runs the registry.");
    }

    /// <summary>
    /// Tries a TLS handshake without sending a request. Whether the certificate can be trusted is decided by the first
    /// request.
    /// </summary>
    private static async Task<bool> SpeaksTlsAsync(
        OciReference reference,
        RegistryOptions options,
        CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.ConnectTimeout);
        var uri = new Uri($"https://{reference.Host}/");
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(uri.DnsSafeHost, uri.Port, limit.Token).ConfigureAwait(false);
            using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsClientAsync(
                    new() { TargetHost = uri.DnsSafeHost, RemoteCertificateValidationCallback = (_, _, _, _) => true },
                    limit.Token)
                .ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
            when (e is AuthenticationException or IOException or SocketException
                || e is OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
