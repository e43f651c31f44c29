namespace Marrow.Hub.Registry;

/// <summary>
/// The name and password of a user, or an identity token, for one registry. It is not a record, since its text must
/// never show the secret.
/// </summary>
internal sealed class RegistryCredential(string user, string secret, bool isIdentityToken, string source)
{
    public string User { get; } = user;

    /// <summary>The password, or an OAuth 2 refresh token when <see cref="IsIdentityToken"/> is true.</summary>
    public string Secret { get; } = secret;

    public bool IsIdentityToken { get; } = isIdentityToken;

    /// <summary>The place where the credential was found, for messages.</summary>
    public string Source { get; } = source;

    public override string ToString() => $"credential from {Source}";
}
