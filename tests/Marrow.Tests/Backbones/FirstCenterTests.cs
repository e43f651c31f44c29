using Marrow.Backbones;
using Marrow.Computing;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Backbones;

/// <summary>
/// Where the cells of a backbone's maps look, measured: with all weights alike, what a cell's number depends on lies
/// evenly about the cell's centre.
/// </summary>
public class FirstCenterTests
{
    // The cells of a small backbone's last map see some 200 px to each side, which lie within the image.
    private const int Side = 640, Middle = 9;

    public static TheoryData<string> Names => ["densenet-mini", "resnet18", "resnet18-mlnet"];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_cell_of_the_last_map_looks_at_what_lies_about_its_centre(string name)
    {
        using var scope = NewDisposeScope();
        using var backbone = BackboneCatalogue.Create(name, 1);
        using (no_grad())
        {
            foreach (var convolution in backbone.modules().OfType<Conv2d>())
                init.constant_(convolution.weight!, 1.0 / convolution.weight!.numel() * convolution.weight.shape[0]);
        }
        backbone.eval();
        // Noise, as a pooling of equal numbers would always take the first of them.
        using var generator = new Generator(1, CPU);
        var image = rand([1, 1, Side, Side], device: CPU, generator: generator).requires_grad_(true);
        var level = backbone.Levels[^1];

        var cell = backbone.forward(image).sum(1)[0, Middle, Middle];
        var gradient = autograd.grad([cell], [image])[0].abs()[0, 0];

        var along = gradient.sum([0]).Values<float>();
        var center = along.Index().Sum(pixel => (pixel.Index + 0.5) * pixel.Item) / along.Sum(v => (double)v);
        // Poolings pick one pixel of nine at random: over the whole field that is far less than a pixel.
        Assert.Equal(level.FirstCenter + Middle * level.Stride, center, 2.0);
    }
}
