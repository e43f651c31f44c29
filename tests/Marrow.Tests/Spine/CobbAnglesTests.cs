using System.Globalization;
using CsCheck;
using Marrow.Imaging;
using Marrow.Spine;
using SkiaSharp;

namespace Marrow.Tests.Spine;

public class CobbAnglesTests
{
    [Fact]
    public void A_straight_spine_has_no_angle()
    {
        var measured = CobbAngles.Measure(FromTilts(new double[17]), 2000);
        Assert.All(measured.Degrees, degrees => Assert.Equal(0, degrees, 9));
        Assert.Equal(CurveSeverity.None, measured.Severity);
    }

    [Fact]
    public void The_largest_angle_is_that_between_the_two_most_tilted_vertebrae()
    {
        var tilts = new double[17];
        (tilts[4], tilts[10]) = (-20, 15);
        var measured = CobbAngles.Measure(FromTilts(tilts), 2000);
        Assert.Equal(35, measured.Degrees[0], 9);
        Assert.Equal(new VertebraPair(4, 10), measured.Pairs[0]);
        Assert.Equal(CurveSeverity.Moderate, measured.Severity);
    }

    [Fact]
    public void A_c_curve_is_measured_against_the_ends()
    {
        double[] tilts = [-3, -5, -8, -12, -9, -5, 0, 3, 6, 10, 14, 11, 9, 7, 5, 3, 1];
        var measured = CobbAngles.Measure(FromTilts(tilts, bow: 120), 2000);
        Assert.False(measured.IsSCurve);
        Assert.Equal([26, 9, 13], measured.Degrees.Select(d => Math.Round(d, 6)));
        Assert.Equal([new(3, 10), new(0, 3), new(10, 16)], measured.Pairs);
    }

    [Fact]
    public void An_s_curve_is_measured_above_and_below_its_largest_angle_while_that_is_high_in_the_image()
    {
        var spine = FromTilts([0, 2, -15, -20, -5, 10, 25, 10, 0, -5, -8, -3, 2, 6, 4, 2, 0], meander: 20);
        var high = CobbAngles.Measure(spine, 4000);
        Assert.True(high.IsSCurve);
        Assert.Equal([45, 22, 33], high.Degrees.Select(d => Math.Round(d, 6)));
        Assert.Equal([new(3, 6), new(1, 3), new(6, 10)], high.Pairs);

        var low = CobbAngles.Measure(spine, 500); // the same spine, now low in the image: both lesser angles lie above
        Assert.Equal([45, 22, 2], low.Degrees.Select(d => Math.Round(d, 6)));
        Assert.Equal([new(3, 6), new(1, 3), new(0, 1)], low.Pairs);
    }

    [Fact]
    public void Vertebrae_that_point_against_each_other_measure_more_than_90_degrees()
    {
        var spine = FromTilts(new double[17]);
        var last = spine[16];
        spine[16] = new(last.TopRight, last.TopLeft, last.BottomRight, last.BottomLeft);
        Assert.Equal(180, CobbAngles.Measure(spine, 2000).Degrees[0], 6);
    }

    [Fact]
    public void Angles_do_not_depend_on_scale_or_place() =>
        Gen.Select(Gen.ULong, Gen.Double[0.1, 10], Gen.Double[-50, 50])
            .Sample(
                (seed, scale, shift) =>
                {
                    var random = new SeededRandom(seed);
                    var spine = FromTilts(
                        [.. Enumerable.Range(0, 17).Select(_ => random.Uniform(-30, 30))],
                        meander: 15);
                    var moved = spine
                        .Select(v =>
                            v.Transform(AffineTransform.Translate(shift, 0).Then(AffineTransform.Scale(scale, scale))))
                        .ToArray();
                    var (before, after) = (CobbAngles.Measure(spine, 2000), CobbAngles.Measure(moved, 2000 * scale));
                    Assert.Equal(before.Pairs, after.Pairs);
                    Assert.All(before.Degrees.Zip(after.Degrees), d => Assert.Equal(d.First, d.Second, 1e-6));
                },
                iter: 200);

    [Fact]
    public void Each_angle_is_the_one_between_its_pair() =>
        Gen.Double[-40, 40]
            .Array[2, 20]
            .Sample(
                tilts =>
                {
                    var measured = CobbAngles.Measure(FromTilts(tilts, meander: 10), 1000);
                    Assert.All(measured.Degrees.Zip(measured.Pairs), m =>
                        Assert.Equal(Math.Abs(tilts[m.Second.Upper] - tilts[m.Second.Lower]), m.First, 1e-4));
                    Assert.All(measured.Pairs, pair => Assert.True(pair.Upper <= pair.Lower));
                    Assert.Equal(measured.Degrees.Max(), measured.Degrees[0]);
                },
                iter: 500);

    [Fact]
    public void Too_few_vertebrae_and_broken_numbers_are_refused()
    {
        var spine = FromTilts(new double[3]);
        Assert.Contains(
            "at least 2",
            Assert.Throws<ArgumentException>(() => CobbAngles.Measure(spine[..1], 100)).Message);
        Assert.Contains(
            "height",
            Assert.Throws<ArgumentException>(() => CobbAngles.Measure(spine, double.NaN)).Message);
        spine[1] = spine[1] with { BottomLeft = new(double.NaN, 3) };
        Assert.Contains("Vertebra 1", Assert.Throws<ArgumentException>(() => CobbAngles.Measure(spine, 100)).Message);
        spine[1] = default;
        Assert.Contains("no width", Assert.Throws<ArgumentException>(() => CobbAngles.Measure(spine, 100)).Message);
    }

    [Theory]
    [InlineData(9.99, CurveSeverity.None)]
    [InlineData(10, CurveSeverity.Mild)]
    [InlineData(25, CurveSeverity.Moderate)]
    [InlineData(40, CurveSeverity.Severe)]
    public void Severity_follows_the_largest_angle(double degrees, CurveSeverity expected) =>
        Assert.Equal(expected, CobbAngles.SeverityOf(degrees));

    [Fact(Explicit = true), Trait("Category", "RealData")]
    public void The_published_angles_come_out_of_the_published_landmarks()
    {
        var reproduced = ReadRealSet()
            .Count(film =>
                CobbAngles
                    .Measure(film.Spine, film.Height)
                    .Degrees.Zip(film.Degrees)
                    .All(a => Math.Abs(a.First - a.Second) <= 0.01));
        Assert.InRange(reproduced, 475, 481);
    }

    /// <summary>
    /// The 481 labelled films of SpineWeb 16's training part, read here without the library's reader; skips the test
    /// where they are absent.
    /// </summary>
    internal static List<(Vertebra[] Spine, int Height, double[] Degrees)> ReadRealSet()
    {
        var root = Path.Combine(Environment.GetEnvironmentVariable("MARROW_DATA") ?? "", "spineweb16");
        Assert.SkipUnless(
            Directory.Exists(root),
            $"Needs SpineWeb data set 16 in $MARROW_DATA/spineweb16; {root} is absent.");
        var names = File.ReadAllLines(Path.Combine(root, "labels/training/filenames.csv"));
        var angles = ReadNumbers(Path.Combine(root, "labels/training/angles.csv"));
        var landmarks = ReadNumbers(Path.Combine(root, "labels/training/landmarks.csv"));
        Assert.Equal(481, names.Length);
        return
        [
            .. names.Select(
                (name, row) =>
                {
                    using var codec = SKCodec.Create(Path.Combine(root, "data/training", name));
                    var (width, height) = (codec.Info.Width, codec.Info.Height);
                    Point2D At(int i) => new(landmarks[row][i] * width, landmarks[row][68 + i] * height);
                    Vertebra[] spine =
                    [
                        .. Enumerable
                            .Range(0, 17)
                            .Select(v => new Vertebra(At(4 * v), At(4 * v + 1), At(4 * v + 2), At(4 * v + 3))),
                    ];
                    return (spine, height, angles[row]);
                }
            ),
        ];
    }

    /// <summary>
    /// Vertebrae of 100 x 60 px down a line that swings to both sides (meander) or one (bow), px; tilts in degrees.
    /// </summary>
    internal static Vertebra[] FromTilts(double[] tilts, double meander = 0, double bow = 0) =>
        [
            .. tilts.Select(
                (tilt, i) =>
                {
                    var body = new Vertebra(new(-50, -30), new(50, -30), new(-50, 30), new(50, 30));
                    var along = i * Math.PI / (tilts.Length - 1);
                    var place = AffineTransform.Translate(
                        400 + meander * Math.Sin(2 * along) + bow * Math.Sin(along),
                        100 + 80 * i);
                    return body.Transform(AffineTransform.Rotate(tilt * Math.PI / 180).Then(place));
                }
            ),
        ];

    private static double[][] ReadNumbers(string path) =>
        [
            .. File.ReadLines(path)
                .Select(line => line.Split(',').Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray()),
        ];
}
