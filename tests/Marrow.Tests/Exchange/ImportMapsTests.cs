using Marrow.Backbones;
using Marrow.Exchange;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Tests.Exchange;

/// <summary>What each map says of the input, against the sources' own arithmetic.</summary>
public class ImportMapsTests
{
    /// <summary>A smooth picture: there resizing by area and bilinear resizing nearly agree.</summary>
    private static Radiograph Smooth(int width, int height, int bits) =>
        new(
            width,
            height,
            [
                .. Enumerable
                    .Range(0, width * height)
                    .Select(i =>
                        (ushort)(
                            ((1 << bits) - 1)
                            * (
                                0.5
                                + 0.3 * Math.Sin(i % width / (double)width * 5)
                                + 0.2 * Math.Cos(i / width / (double)height * 4)))),
            ],
            bits,
            "smooth");

    private static Tensor Input(Radiograph radiograph, InputContract contract) =>
        Preprocessor.ToTensor([Preprocessor.Prepare(radiograph, contract)], contract);

    [Theory]
    [InlineData(500, 400)]
    [InlineData(300, 700)]
    [InlineData(256, 256)]
    public void Torchvisions_input_is_its_own_presets(int width, int height)
    {
        using var peer = new PythonPeer();
        using var scope = NewDisposeScope();
        var radiograph = Smooth(width, height, 8);
        peer.Put("image", tensor(radiograph.Pixels.Select(p => (long)p).ToArray(), [height, width]));
        peer.Run("""
            from PIL import Image
            image = Image.fromarray(get('image').numpy().astype(np.uint8)).convert('RGB')
            put('input', torchvision.models.densenet.DenseNet121_Weights.IMAGENET1K_V1.transforms()(image))
            """);
        var (expected, found) = (
            peer.Get("input"),
            Input(radiograph, ImportMaps.All["torchvision-densenet"].Input(3))[0]);
        Assert.Equal(expected.shape, found.shape);
        // Two grey values of 255 in any channel, which divides by 0.225 or so.
        Assert.True(
            (expected - found).abs().max().item<float>() < 2 / 255.0 / 0.224,
            $"{(expected - found).abs().max().item<float>()}");
        Assert.True(
            (expected - found).abs().mean().item<float>() < 0.6 / 255.0 / 0.224,
            $"{(expected - found).abs().mean().item<float>()}");
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    public void Torchxrayvisions_input_is_the_pixels_range_from_minus_to_plus_1024(int bits)
    {
        using var scope = NewDisposeScope();
        var radiograph = Smooth(300, 224, bits); // no resizing: only the cut
        var input = Input(radiograph, ImportMaps.All["torchxrayvision-densenet"].Input(1))[0, 0];
        Assert.Equal([224, 224], input.shape);
        // normalize() and XRayCenterCrop: (2 v / max - 1) * 1024, the square in the centre.
        double Own(int x, int y) => (2.0 * radiograph.Pixels[y * 300 + 38 + x] / ((1 << bits) - 1) - 1) * 1024;
        foreach (var (x, y) in (ReadOnlySpan<(int, int)>)[(0, 0), (223, 0), (0, 223), (223, 223), (100, 57)])
            // half a grey value: Marrow keeps bytes
            Assert.Equal(Own(x, y), input[y, x].item<float>(), 2048 / 255.0 / 2 + 0.01);
    }

    [Fact]
    public void Every_contract_is_possible_and_every_map_is_in_the_docs()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root(), "docs", "import-maps.md"));
        foreach (var map in ImportMaps.All.Values)
        {
            foreach (var channels in (int[])[1, 3])
                map.Input(channels).Validate(map.Name);
            Assert.Contains($"## {map.Name}\n", page, StringComparison.Ordinal);
            Assert.All(map.Classes.Count > 20 ? [map.Classes[0], map.Classes[^1]] : map.Classes, name =>
                Assert.Contains(name, page, StringComparison.Ordinal));
            Assert.All(map.Dropped, key => Assert.Contains($"`{key.Key}`", page, StringComparison.Ordinal));
        }
        Assert.All(BackboneCatalogue.Kinds.SelectMany(kind => kind.Heads),
            head => Assert.Contains($"`{head}`", page, StringComparison.Ordinal));
        Assert.All(ForeignKeys.Wrappers, wrapper => Assert.Contains($"`{wrapper}`", page, StringComparison.Ordinal));
    }
}
