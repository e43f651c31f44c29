using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tests.Spine;

public class CobbExpectationTests
{
    private const double Height = 2400;

    [Fact]
    public void Without_error_the_angles_are_the_corners_own()
    {
        var spine = ReportSamples.Spine(900, (int)Height, 1);
        Assert.Equal(CobbAngles.Measure(spine, Height).Degrees, CobbExpectation.Degrees(spine, Height, new()));
        Assert.Equal(
            CobbExpectation.Degrees(spine, Height, new() { TiltDegrees = 2 }),
            CobbExpectation.Degrees(spine, Height, new() { TiltDegrees = 2 }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => CobbExpectation.Degrees(spine, Height, new() { TiltDegrees = -1 }));
    }

    [Fact]
    public void Two_equal_curves_give_nearly_the_same_angles_whichever_is_the_larger()
    {
        // Tilts run from 0 to 40 and back to 0.5, or the other way round: the two curves differ by half a degree.
        var upper = Curve(topDegrees: 0, bottomDegrees: 0.5);
        var lower = Curve(topDegrees: 0.5, bottomDegrees: 0);
        var (measuredUpper, measuredLower) = (
            CobbAngles.Measure(upper, Height).Degrees,
            CobbAngles.Measure(lower, Height).Degrees);
        Assert.True(Math.Abs(measuredUpper[1] - measuredLower[1]) > 30, "the definition jumps");
        var (expectedUpper, expectedLower) = (
            CobbExpectation.Degrees(upper, Height, new() { TiltDegrees = 2 }),
            CobbExpectation.Degrees(lower, Height, new() { TiltDegrees = 2 }));
        Assert.Equal(measuredUpper[0], expectedUpper[0]);
        for (var angle = 0; angle < 3; angle++)
            Assert.Equal(expectedUpper[angle], expectedLower[angle], 10.0);
    }

    [Fact]
    public void The_largest_angle_is_expected_as_large_as_marks_with_such_errors_have_it_on_average()
    {
        const double error = 1.5;
        const int marked = 400;
        var spine = Curve(topDegrees: 10, bottomDegrees: 30);
        var random = new SeededRandom(7);
        var ofMarks = Enumerable.Range(0, marked)
            .Select(_ => CobbAngles.Measure([.. spine.Select(Mark)], Height).Degrees[0]).Average();

        var (drawn, expected) = (
            CobbAngles.Measure(spine, Height).Degrees[0],
            CobbExpectation.Degrees(spine, Height, new() { TiltDegrees = error, LargestToo = true })[0]);

        Assert.Equal(ofMarks, expected, 0.3);
        Assert.True(ofMarks > drawn + 0.3, "errors make the largest of many differences larger");

        Vertebra Mark(Vertebra v) => v.Turned(error * random.NextGaussian());
    }

    [Fact]
    public void Tilts_that_a_network_finds_too_small_are_expected_so_much_larger()
    {
        var spine = Curve(topDegrees: 10, bottomDegrees: 20);
        var errors = new MarkErrors { TiltDegrees = 0.01, LargestToo = true };
        var (measured, expected) = (
            CobbAngles.Measure(spine, Height).Degrees,
            CobbExpectation.Degrees(spine, Height, errors with { TiltGain = 1.1 }));
        for (var angle = 0; angle < 3; angle++)
            Assert.Equal(1.1 * measured[angle], expected[angle], 0.1);
    }

    [Fact]
    public void Where_the_side_of_the_chord_is_not_sure_the_angles_are_a_mean_of_both_definitions()
    {
        // The lower curve turns back before the last vertebra: an S is measured to its turn, a C to the last one.
        double[] tilts = [-12, -15, -20, 0, 10, 20, 30, 35, 40, 30, 20, 10, 5, 0, -5, 5, 15];
        var (c, s) = (ToTheRightOfChord(middle: 40), ToTheRightOfChord(middle: 10));
        Assert.Equal((false, true), (CobbAngles.Measure(c, Height).IsSCurve, CobbAngles.Measure(s, Height).IsSCurve));
        Assert.Equal(25, CobbAngles.Measure(c, Height).Degrees[2], 0.1);
        Assert.Equal(45, CobbAngles.Measure(s, Height).Degrees[2], 0.1);

        var errors = new MarkErrors { TiltDegrees = 0.01 };
        Assert.Equal(25, CobbExpectation.Degrees(c, Height, errors)[2], 0.1);
        Assert.InRange(CobbExpectation.Degrees(c, Height, errors with { SidewaysShare = 0.15 })[2], 28, 42);

        Vertebra[] ToTheRightOfChord(double middle) =>
        [
            .. tilts.Select((tilt, i) => Upright(450 + (i is 0 or 16 ? 0 : i == 8 ? middle : 40), 200 + 110 * i)
                .Turned(tilt)),
        ];
    }

    [Fact]
    public void Of_a_clear_curve_little_is_changed()
    {
        var spine = Curve(topDegrees: 25, bottomDegrees: 0);
        var (measured, expected) = (
            CobbAngles.Measure(spine, Height).Degrees,
            CobbExpectation.Degrees(spine, Height, new() { TiltDegrees = 0.01 }));
        for (var angle = 0; angle < 3; angle++)
            Assert.Equal(measured[angle], expected[angle], 0.1);
    }

    /// <summary>
    /// 17 vertebrae whose tilts go from the top one's to 40 degrees in the middle and on to the bottom one's.
    /// </summary>
    private static Vertebra[] Curve(double topDegrees, double bottomDegrees)
    {
        var vertebrae = new Vertebra[Vertebra.Count];
        var x = 450.0;
        for (var i = 0; i < vertebrae.Length; i++)
        {
            var share = 1 - Math.Abs(i - 8) / 8.0;
            var tilt = (i < 8 ? topDegrees : bottomDegrees) * (1 - share) + 40 * share;
            x += 110 * Math.Tan(-(tilt - 20) * Math.PI / 180);
            vertebrae[i] = Upright(x, 200 + i * 110).Turned(tilt);
        }
        return vertebrae;
    }

    private static Vertebra Upright(double x, double y) =>
        new Vertebra(new(-60, -40), new(60, -40), new(-60, 40), new(60, 40)).Transform(AffineTransform.Translate(x, y));
}
