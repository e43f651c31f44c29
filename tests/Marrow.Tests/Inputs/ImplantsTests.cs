using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;

namespace Marrow.Tests.Inputs;

public class ImplantsTests
{
    private const int Width = 300, Height = 800;
    private const float Black = -1, White = 1, Bone = 0.2f;

    private static readonly IReadOnlyList<Vertebra> s_spine =
    [
        .. Enumerable.Range(0, Vertebra.Count).Select(i =>
            new Vertebra(new(-25, -14), new(25, -14), new(-25, 14), new(25, 14))
                .Transform(AffineTransform.Translate(150 + 30 * Math.Sin(i / 5.0), 60 + 42 * i))),
    ];

    [Fact]
    public void Metal_is_bright_lies_beside_the_spine_and_darkens_nothing()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            var image = Painted(seed);
            var metal = Enumerable.Range(0, image.Length).Where(i => image[i] != Bone).ToList();
            Assert.All(metal, i => Assert.InRange(image[i], Bone, White));
            Assert.InRange(metal.Count, 300, Width * Height / 8);
            Assert.Contains(metal, i => image[i] > 0.55);
            // Half a vertebra is 25 px wide; rods are straighter than the spine, whose bend is 30 px.
            Assert.All(metal, i => Assert.InRange(i % Width, 80, 235));
        }
    }

    [Fact]
    public void The_same_draw_paints_the_same_and_other_draws_others()
    {
        Assert.Equal(Painted(3), Painted(3));
        Assert.NotEqual(Painted(3), Painted(4));
    }

    [Fact]
    public void A_spine_of_few_vertebrae_has_no_rods() =>
        Assert.Null(Implants.Along([.. s_spine.Take(4)], new SeededRandom(1)));

    [Fact]
    public void They_move_with_the_image()
    {
        var implants = Implants.Along(s_spine, new SeededRandom(5))!;
        float[] here = Bare(), there = Bare();
        implants.Paint(here, Width, Height, AffineTransform.Identity, Black, White);
        implants.Paint(there, Width, Height, AffineTransform.Translate(7, 11), Black, White);
        for (var y = 0; y < Height - 11; y++)
        {
            for (var x = 0; x < Width - 7; x++)
                Assert.Equal(here[y * Width + x], there[(y + 11) * Width + x + 7], 1e-4f);
        }
    }

    [Fact]
    public void They_are_drawn_as_often_as_is_asked_and_change_no_other_draw()
    {
        var sample = new Sample("a", "x", "p") { Targets = new() { Vertebrae = s_spine } };
        var drawn = 0;
        for (ulong seed = 0; seed < 1000; seed++)
        {
            var (without, with) = (Draw(seed, 0), Draw(seed, 0.3));
            Assert.Null(without.For(sample, Width, Height).Implants);
            drawn += with.For(sample, Width, Height).Implants is null ? 0 : 1;
            Assert.Equal(without, with with { HasImplants = false });
        }
        Assert.InRange(drawn, 250, 350);

        static Augmentation Draw(ulong seed, double probability) =>
            Augmentation.Draw(new SeededRandom(seed), new() { ImplantProbability = probability }, Width, Height);
    }

    private static float[] Painted(ulong seed)
    {
        var image = Bare();
        Implants.Along(s_spine, new SeededRandom(seed))!
            .Paint(image, Width, Height, AffineTransform.Identity, Black, White);
        return image;
    }

    private static float[] Bare()
    {
        var image = new float[Width * Height];
        Array.Fill(image, Bone);
        return image;
    }
}
