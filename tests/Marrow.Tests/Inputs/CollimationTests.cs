using CsCheck;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;

namespace Marrow.Tests.Inputs;

public class CollimationTests
{
    private const string Seed = "0000KOIPHJZ4";
    private static readonly AugmentationOptions Closed = new()
    {
        Collimation = 0.5,
        CollimationProbability = 1,
        RotationDegrees = 20,
        Shift = 0.1,
        FlipProbability = 0.5,
        Noise = 0,
    };
    private static readonly InputContract Contract = new() { Width = 80, Height = 120 };

    [Fact]
    public void Blades_are_drawn_after_all_that_was_there_before_them()
    {
        for (var seed = 0ul; seed < 20; seed++)
        {
            var random = new SeededRandom(seed);
            for (var i = 0; i < 16; i++) // the numbers of geometry, grey values and cutout
                random.NextUInt64();
            var open = Augmentation.Draw(new SeededRandom(seed), new() { CollimationProbability = 0 }, 300, 500);
            Assert.Equal(random.NextUInt64(), open.NoiseSeed);
            Assert.Null(open.Collimation);
            Assert.Equal(
                open,
                Augmentation.Draw(new SeededRandom(seed), new() { CollimationProbability = 1 }, 300, 500) with
                {
                    Collimation = null,
                }
            );
        }
    }

    [Fact]
    public void What_is_dark_is_what_lies_outside_four_straight_lines() =>
        Gen.ULong.Sample(
            seed =>
            {
                var augmentation = Augmentation.Draw(new SeededRandom(seed), Closed, 300, 500);
                var toInput = Preprocessor.ToInput(Contract, 300, 500);
                var moved = augmentation.Geometry.Then(toInput);
                var image = Enumerable.Repeat(1f, Contract.Width * Contract.Height).ToArray();
                augmentation.Collimation!.Darken(image, Contract.Width, Contract.Height, moved, black: -2);
                var blades = augmentation.Collimation;
                var toField = moved.Invert().Then(blades.ToField);
                for (var i = 0; i < image.Length; i++)
                {
                    var p = toField.Apply(new(i % Contract.Width + 0.5, i / Contract.Width + 0.5));
                    var distance = new[]
                    {
                        p.X - blades.Left,
                        blades.Right - p.X,
                        p.Y - blades.Top,
                        blades.Bottom - p.Y,
                    }.Min();
                    if (Math.Abs(distance) > 1e-6)
                        Assert.Equal(distance > 0 ? 1f : -2f, image[i]);
                }
            },
            iter: 100,
            seed: Seed);

    [Fact]
    public void Blades_never_hide_a_vertebra() =>
        Gen.Select(Gen.ULong, Gen.Double[0.02, 0.9], Gen.Double[0.02, 0.9])
            .Sample(
                (seed, x, y) =>
                {
                    var (width, height) = (300, 500);
                    var vertebra = new Vertebra(
                        new(x * width, y * height),
                        new(x * width + 25, y * height + 3),
                        new(x * width, y * height + 20),
                        new(x * width + 25, y * height + 22));
                    var sample = new Sample(id: "i", imagePath: "i", patient: "p") { Vertebrae = [vertebra] };
                    var augmentation = Augmentation
                        .Draw(new SeededRandom(seed), Closed, width, height)
                        .For(sample, width, height);
                    var moved = augmentation.Geometry.Then(Preprocessor.ToInput(Contract, width, height));
                    var image = Enumerable.Repeat(1f, Contract.Width * Contract.Height).ToArray();
                    augmentation.Collimation!.Darken(image, Contract.Width, Contract.Height, moved, black: -2);
                    foreach (
                        var corner in (Point2D[])
                            [vertebra.TopLeft, vertebra.TopRight, vertebra.BottomLeft, vertebra.BottomRight])
                    {
                        var p = moved.Apply(corner);
                        if (p.X >= 0 && p.Y >= 0 && p.X < Contract.Width && p.Y < Contract.Height)
                            Assert.Equal(1f, image[(int)p.Y * Contract.Width + (int)p.X]);
                    }
                },
                iter: 300,
                seed: Seed);

    [Fact]
    public void Blades_close_as_far_as_they_may_and_leave_the_middle()
    {
        var drawn = Enumerable
            .Range(0, 500)
            .Select(i => Augmentation.Draw(SeededRandom.Fork(1, i), Closed, 100, 100).Collimation!)
            .ToList();
        Assert.InRange(drawn.Max(c => c.Left), 49, 50);
        Assert.InRange(drawn.Min(c => c.Left), 0, 1);
        Assert.All(drawn, c => Assert.True(c.Left < c.Right && c.Top < c.Bottom));
    }
}
