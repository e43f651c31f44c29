using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;
using Marrow.Tasks.Strip;

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

    [Fact]
    public void A_strip_has_them_beside_its_middle_where_the_straightened_spine_is()
    {
        var contract = new InputContract { Width = 96, Height = 480, Strip = new(ends: 0.1), Mean = 0, Std = 1 };
        var sample = StripSamples.Of(new Sample("a", "x", "p") { Targets = new() { Vertebrae = s_spine } });
        var packed = new StraightStrip(sample.Curve, contract.StripLayout);
        var pixels = new byte[contract.PackedSize.Width * contract.PackedSize.Height];
        Array.Fill(pixels, (byte)51);
        var (bare, metal) = (Strip(0), Strip(1));
        var changed = Enumerable.Range(0, bare.Length).Where(i => bare[i] != metal[i]).ToList();
        Assert.InRange(changed.Count, 300, bare.Length / 4);
        Assert.All(changed, i => Assert.True(metal[i] > bare[i]));
        // Half a vertebra is about 14 px of the strip wide.
        Assert.All(changed, i => Assert.InRange(i % contract.Width, 16, 80));

        float[] Strip(double probability)
        {
            var output = new float[contract.Width * contract.Height];
            StripSampler.Render(
                sample, packed, contract,
                new() { Strength = 0, Curve = 0, CutoutProbability = 0, ImplantProbability = probability },
                new SeededRandom(2), pixels, new AugmentedRenderer(contract), output);
            return output;
        }
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
