using System.Text.Json;

namespace Marrow.Tests;

public class DigestTests
{
    // printf test | sha256sum
    private const string Hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    private const string Text = "sha256:" + Hex;

    private sealed record Holder(Digest Digest);

    [Fact]
    public void A_digest_is_the_hash_of_the_bytes_as_text_and_back()
    {
        var digest = Digest.Of("test"u8);
        Assert.Equal(Text, digest.ToString());
        Assert.Equal((Hex, "9f86d081884c"), (digest.Hex, digest.Short));
        Assert.Equal(digest, Digest.Parse(Text));
        Assert.Equal(digest, Digest.OfHex(Hex));
        Assert.False(digest.IsNone);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(Hex)]
    [InlineData("sha256:")]
    [InlineData(Text + "0")]
    [InlineData("sha512:" + Hex)]
    [InlineData("sha256:9F86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    public void What_is_no_digest_is_refused(string? text)
    {
        Assert.False(Digest.TryParse(text, out var none));
        Assert.True(none.IsNone);
        Assert.Equal(("", "", ""), (none.ToString(), none.Hex, none.Short));
        Assert.Contains(
            "expected sha256: and 64 lower-case hexadecimal digits",
            Assert.Throws<MarrowException>(() => Digest.Parse(text ?? "")).Message);
    }

    [Fact]
    public void In_JSON_a_digest_is_its_text()
    {
        var json = JsonSerializer.Serialize(new Holder(Digest.Parse(Text)));
        Assert.Equal($"{{\"Digest\":\"{Text}\"}}", json);
        Assert.Equal(Digest.Parse(Text), JsonSerializer.Deserialize<Holder>(json)!.Digest);
        Assert.Equal("{\"Digest\":\"\"}", JsonSerializer.Serialize(new Holder(default)));
        Assert.True(JsonSerializer.Deserialize<Holder>("{\"Digest\":\"\"}")!.Digest.IsNone);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Holder>("{\"Digest\":\"sha256:12\"}"));
    }

    [Theory]
    [InlineData(Text, "9f86d081884c")]
    [InlineData(Hex, "9f86d081884c")]
    [InlineData("sha256:12", "12")]
    [InlineData("", "")]
    public void Texts_from_elsewhere_are_shortened_alike(string text, string expected) =>
        Assert.Equal(expected, Digest.Shorten(text));

    [Theory]
    [InlineData("a.one@" + Text, "a.one@sha256:9f86d081884c")]
    [InlineData("a.one", "a.one")]
    [InlineData("a.one@sha256:12", "a.one@sha256:12")]
    public void References_keep_their_names(string reference, string expected) =>
        Assert.Equal(expected, Digest.ShortenReference(reference));
}
