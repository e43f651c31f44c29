using System.Text;
using Marrow.Soak;
using Marrow.Weights;

namespace Marrow.Tests.Hostile;

/// <summary>The short form of the soak; the long one: Marrow.Soak safetensors 10000000.</summary>
public class SafetensorsSoakTests
{
    [Fact]
    public void Damaged_headers_and_files_are_read_by_the_rules_or_refused()
    {
        var report = SafetensorsSoak.Run(30_000, seed: 2, _ => { });
        Assert.Empty(report.Faults);
        Assert.All(report.Counts, count => Assert.True(count.Value > 50, $"{count.Value} {count.Key}"));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", null)]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", "tensors do not cover the data")]
    [InlineData("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}""", "bytes are not shape times type")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", "tensors leave a hole or overlap")]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""",
        "a name is there twice"
    )]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}""",
        "a shape or offsets are no lists of whole numbers"
    )]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", "metadata are no strings, or there twice")]
    public void The_second_reading_of_the_rules_sees_each_breach(string header, string? breach)
    {
        var bytes = Encoding.UTF8.GetBytes(header);
        Assert.Equal(breach, SafetensorsOracle.Judge(bytes, 2));
        if (breach is null)
            Assert.Null(
                SafetensorsOracle.Judge(
                    bytes,
                    2,
                    [new("a", TorchSharp.torch.ScalarType.Byte, [2], 0, 2)],
                    new Dictionary<string, string>()));
        Assert.NotNull(
            SafetensorsOracle.Judge(
                bytes,
                2,
                [new SafetensorsEntry("a", TorchSharp.torch.ScalarType.Int8, [2], 0, 2)],
                new Dictionary<string, string>()));
    }
}
