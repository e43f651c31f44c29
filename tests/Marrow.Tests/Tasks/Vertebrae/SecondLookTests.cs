using Marrow.Imaging;
using Marrow.Modules;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Vertebrae;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks.Vertebrae;

public class SecondLookTests
{
    private const int Width = 192, Height = 576;
    private const int Filled = 4; // a vertebra that the first look did not see

    // Original pixels are 4 times as many across and 4.5 times down: the input is stretched.
    private static readonly AffineTransform ToInput = AffineTransform.Scale(0.25, 1 / 4.5);

    [Fact]
    public void Vertebrae_come_back_from_turned_crops_to_where_they_are_and_stood_upright_there()
    {
        using var scope = NewDisposeScope();
        var truth = Curve(40);
        var first = Prediction(Curve(34)); // the first look saw the tilts too small
        var tilts = new List<double>();
        var refined = SecondLook.Refine(first, Coordinates(), ToInput, [0, 0], new(),
            crops => (Look(crops, truth, tilts), Look(crops.flip(3), truth, [])));
        Assert.All(Enumerable.Range(0, 17), i =>
            Assert.InRange(
                RandomSpine.LargestDistance(
                    refined.Vertebrae[i],
                    i == Filled ? truth[i] : OneThirdOf(first.Vertebrae[i], truth[i])),
                0,
                0.5));
        Assert.All(refined.Filled, Assert.False);
        // 17 vertebrae of up to 40 degrees: in the crops they stand within half the bend of one crop.
        Assert.InRange(tilts.Max(Math.Abs), 0, 20);
        Assert.InRange(truth.Max(v => Math.Abs(TiltDegrees(v.Transform(ToInput.Invert())))), 35, 45);
    }

    [Fact]
    public void What_the_crops_and_their_mirror_images_show_is_kept_one_by_one()
    {
        using var scope = NewDisposeScope();
        var (truth, first, looks) = (Curve(40), Prediction(Curve(34)), new SpineLooks());
        SecondLook.Refine(first, Coordinates(), ToInput, [0, 0], new(),
            crops => (Look(crops, truth, []), Look(crops.flip(3), truth, [])),
            new KeptViews(looks, first, ToInput, new()));
        Assert.All(Enumerable.Range(0, 17), n =>
        {
            Assert.Equal(2, looks.Views(n));
            Assert.InRange(looks.Spread(n)!.Value.Degrees, 0, 0.5);
            Assert.InRange(looks.Spread(n)!.Value.Pixels, 0, 2); // of the film: half a pixel of the input
            Assert.Null(looks.Moved(n)); // The first look was not kept.
        });
    }

    [Fact]
    public void What_is_not_seen_again_stays()
    {
        using var scope = NewDisposeScope();
        var first = Prediction(Curve(20));
        var nothing = SecondLook.Refine(first, Coordinates(), ToInput, [0, 0], new(),
            crops => (Look(crops, [], []), Look(crops.flip(3), [], [])));
        Assert.Equal(first.Vertebrae, nothing.Vertebrae);
        Assert.Equal(first.Scores, nothing.Scores);
    }

    [Fact]
    public void What_lies_outside_the_image_is_black_in_each_channel()
    {
        using var scope = NewDisposeScope();
        double[] black = [-2, 3, 0.5];
        // A film that is black everywhere: so is every pixel of every crop, inside the film, on its edge and outside.
        var film = tensor([-2f, 3f, 0.5f], [1, 3, 1, 1]).expand(1, 3, Height, Width).contiguous();
        var seen = 0;
        SecondLook.Refine(Prediction(Curve(40)), film, ToInput, black, new(), crops =>
        {
            seen = (int)crops.shape[0];
            for (var c = 0; c < black.Length; c++)
            {
                var channel = crops.select(1, c);
                Assert.Equal(black[c], channel.min().item<float>(), 1e-5);
                Assert.Equal(black[c], channel.max().item<float>(), 1e-5);
            }
            return (Nothing(crops), Nothing(crops));
        });
        Assert.Equal(9, seen);
    }

    private static DetectorOutput Nothing(Tensor crops)
    {
        var (count, height, width) = ((int)crops.shape[0], (int)crops.shape[2], (int)crops.shape[3]);
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(Width, Height), width, height, [(height / 8, width / 8)]);
        return SpineDecoderTests.Encode(anchors, [.. Enumerable.Range(0, count).Select(_ => Array.Empty<Vertebra>())]);
    }

    /// <summary>
    /// [1, 2, H, W]: each pixel holds the place of its centre, so that a crop tells where it was cut.
    /// </summary>
    private static Tensor Coordinates() =>
        stack([
                (arange(Width) + 0.5f).expand(Height, Width),
                (arange(Height) + 0.5f).unsqueeze(1).expand(Height, Width),
            ])
            .unsqueeze(0)
            .to(float32)
            .contiguous();

    /// <summary>A detector that sees exactly the vertebrae whose centres are in a crop.</summary>
    private static DetectorOutput Look(Tensor crops, Vertebra[] truth, List<double> tiltsDegrees)
    {
        var (count, height, width) = ((int)crops.shape[0], (int)crops.shape[2], (int)crops.shape[3]);
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(Width, Height), width, height, [(height / 8, width / 8)]);
        var seen = new Vertebra[count][];
        for (var w = 0; w < count; w++)
        {
            // Three pixels near the crop's middle, inside the image, give the transform.
            Point2D At(int x, int y) => new(crops[w, 0, y, x].item<float>(), crops[w, 1, y, x].item<float>());
            var (x0, y0) = (width / 2, height / 2);
            var (o, x, y) = (At(x0, y0), At(x0 + 8, y0), At(x0, y0 + 8));
            var (acrossX, acrossY, downX, downY) = ((x.X - o.X) / 8, (x.Y - o.Y) / 8, (y.X - o.X) / 8, (y.Y - o.Y) / 8);
            var toImage = AffineTransform
                .Translate(-(x0 + 0.5), -(y0 + 0.5))
                .Then(new(acrossX, downX, o.X, acrossY, downY, o.Y));
            var back = toImage.Invert();
            seen[w] =
            [
                .. truth
                    .Select(v => v.Transform(back))
                    .Where(v => v.Center.X > 0 && v.Center.X < width && v.Center.Y > 8 && v.Center.Y < height - 8),
            ];
            tiltsDegrees.AddRange(
                seen[w]
                    .Where(v => Math.Abs(v.Center.Y - y0) < height / 6.0)
                    .Select(v => TiltDegrees(v.Transform(AffineTransform.Scale(4, 4.5)))));
        }
        return SpineDecoderTests.Encode(anchors, seen);
    }

    private static Vertebra OneThirdOf(Vertebra a, Vertebra b)
    {
        return new(
            Corner(a.TopLeft, b.TopLeft),
            Corner(a.TopRight, b.TopRight),
            Corner(a.BottomLeft, b.BottomLeft),
            Corner(a.BottomRight, b.BottomRight));

        static Point2D Corner(Point2D a, Point2D b) => a + (b - a) * (2.0 / 3);
    }

    private static double TiltDegrees(Vertebra v) => Math.Atan2(v.Axis.Y, v.Axis.X) * 180 / Math.PI;

    private static SpinePrediction Prediction(Vertebra[] vertebrae) => new()
    {
        Vertebrae = vertebrae,
        Scores = [.. vertebrae.Select(_ => 0.5)],
        Filled = [.. vertebrae.Select((_, i) => i == Filled)],
        Confidence = 0.5,
    };

    /// <summary>
    /// 17 vertebrae, input px, whose tilts swing from the largest one way to the largest the other way in original
    /// pixels.
    /// </summary>
    private static Vertebra[] Curve(double largestDegrees)
    {
        var vertebrae = new Vertebra[Vertebra.Count];
        var x = 330.0;
        for (var i = 0; i < vertebrae.Length; i++)
        {
            var tilt = largestDegrees * Math.Cos(i * Math.PI / 16);
            vertebrae[i] = new Vertebra(new(-65, -42), new(65, -42), new(-65, 42), new(65, 42)).Transform(
                AffineTransform
                    .Rotate(tilt * Math.PI / 180)
                    .Then(AffineTransform.Translate(x, 230 + i * 130))
                    .Then(ToInput));
            x += 130 * Math.Tan(Math.Min(40, Math.Abs(tilt)) / 3 * Math.Sign(tilt) * Math.PI / 180);
        }
        return vertebrae;
    }
}
