using Marrow.Hub.Registry;

namespace Marrow.Tests.Hub.Registry;

public class OciReferenceTests
{
    private const string Digits = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("oci://registry.lab/spine/cobb:v1", "registry.lab", "spine/cobb", "v1", null)]
    [InlineData("oci://registry.lab:5000/a:Latest_1.2-x", "registry.lab:5000", "a", "Latest_1.2-x", null)]
    [InlineData(
        "oci://127.0.0.1:5000/a/b__c/d.e-f@sha256:" + Digits,
        "127.0.0.1:5000",
        "a/b__c/d.e-f",
        null,
        "sha256:" + Digits
    )]
    [InlineData("oci://[::1]:5000/a:b", "[::1]:5000", "a", "b", null)]
    [InlineData("OCI://Registry.Lab/a:b", "registry.lab", "a", "b", null)]
    public void A_reference_has_host_repository_and_tag_or_digest(
        string text,
        string host,
        string repository,
        string? tag,
        string? digest)
    {
        var reference = OciReference.Parse(text);
        Assert.Equal(
            (host, repository, tag, digest),
            (reference.Host, reference.Repository, reference.Tag, reference.Digest));
        Assert.Equal(reference, OciReference.Parse(reference.ToString()));
    }

    [Theory]
    [InlineData("oci://host/a")]
    [InlineData("oci://host:5000/a")]
    [InlineData("oci://host")]
    [InlineData("oci://host/A:v1")]
    [InlineData("oci://host/a//b:v1")]
    [InlineData("oci://host/../a:v1")]
    [InlineData("oci://host/a:..%2f")]
    [InlineData("oci://host/a:v1?x=y")]
    [InlineData("oci://host/a:v1\n")]
    [InlineData("oci://user:password@host/a:v1")]
    [InlineData("oci://host:0/a:v1")]
    [InlineData("oci://host:65536/a:v1")]
    [InlineData("oci://host/a@sha256:12")]
    [InlineData("oci://host/a@sha512:" + Digits)]
    [InlineData("oci://ho st/a:v1")]
    [InlineData("oci://-host/a:v1")]
    [InlineData("https://host/a:v1")]
    [InlineData("")]
    public void What_is_no_reference_is_refused_with_the_form_of_one(string text) =>
        Assert.Contains(
            "oci://host[:port]/repository:tag",
            Assert.Throws<MarrowException>(() => OciReference.Parse(text)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("localhost:5000", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.9.9.9:80", true)]
    [InlineData("[::1]:5000", true)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    [InlineData("loopback", false)]
    [InlineData("10.0.0.1", false)]
    public void Only_the_machine_itself_is_loopback(string host, bool loopback) =>
        Assert.Equal(loopback, OciReference.Parse($"oci://{host}/a:v1").IsLoopback);
}
