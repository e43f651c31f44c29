using Marrow.Onnx;

namespace Marrow.Tests.Exchange;

public class ProtoMessageTests
{
    private static string Hex(ProtoMessage message)
    {
        using var stream = new MemoryStream();
        message.WriteTo(stream);
        Assert.Equal(message.Length, stream.Length);
        return Convert.ToHexStringLower(stream.ToArray());
    }

    /// <summary>The examples of protobuf.dev, "Encoding".</summary>
    [Fact]
    public void Fields_are_encoded_as_in_the_documentation()
    {
        Assert.Equal("089601", Hex(new ProtoMessage().Integer(1, 150)));
        Assert.Equal("120774657374696e67", Hex(new ProtoMessage().Text(2, "testing")));
        Assert.Equal("1a03089601", Hex(new ProtoMessage().Message(3, new ProtoMessage().Integer(1, 150))));
        Assert.Equal("08feffffffffffffffff01", Hex(new ProtoMessage().Integer(1, -2)));
    }

    [Fact]
    public void Large_field_numbers_and_reals_too()
    {
        Assert.Equal("a00107", Hex(new ProtoMessage().Integer(20, 7)));
        Assert.Equal("150000803f", Hex(new ProtoMessage().Real(2, 1f)));
        Assert.Equal("0a00", Hex(new ProtoMessage().Text(1, "")));
    }
}
