using Marrow.Imaging;
using Marrow.Phantoms;
using Marrow.Spine;

namespace Marrow.Tests.Phantom;

public class PhantomGeneratorTests
{
    private static readonly PhantomOptions Small = new() { Width = 160, Height = 440, SizeVariation = 0 };

    [Fact]
    public void The_same_seed_gives_the_same_pixels_and_another_seed_others()
    {
        var first = PhantomGenerator.Spine(7, 3, options: Small);
        var again = PhantomGenerator.Spine(7, 3, options: Small);
        Assert.Equal(first.Pixels, again.Pixels);
        Assert.Equal(first.Vertebrae, again.Vertebrae);
        Assert.NotEqual(first.Pixels, PhantomGenerator.Spine(8, 3, options: Small).Pixels);
        Assert.NotEqual(first.Pixels, PhantomGenerator.Spine(7, 4, options: Small).Pixels);
        Assert.Equal(PhantomGenerator.Chest(7, 3).Pixels, PhantomGenerator.Chest(7, 3).Pixels);
    }

    [Fact]
    public void A_golden_phantom_stays_as_it_is()
    {
        // A change of these numbers changes every phantom data set: say so in the changelog. They hold on any machine.
        var spine = PhantomGenerator.Spine(1, 0, options: Small);
        var chest = PhantomGenerator.Chest(1, 0);
        Assert.Equal((GoldenSpine, GoldenChest), (Checksum(spine.Pixels), Checksum(chest.Pixels)));
    }

    [Fact]
    public void Films_of_one_patient_show_one_spine()
    {
        var (a, b) = (PhantomGenerator.Spine(5, 2, 0, Small), PhantomGenerator.Spine(5, 2, 1, Small));
        Assert.NotEqual(a.Pixels, b.Pixels);
        Assert.Equal(a.Cobb.Degrees[0], b.Cobb.Degrees[0], 1e-6);
    }

    [Fact]
    public void Vertebrae_are_in_order_inside_the_image_and_their_angles_are_measured_on_them()
    {
        for (var patient = 0; patient < 12; patient++)
        {
            var phantom = PhantomGenerator.Spine(11, patient, options: new() { Width = 128, Height = 352 });
            Assert.Equal(Vertebra.Count, phantom.Vertebrae.Count);
            Assert.Empty(VertebraOrder.Repair(phantom.Vertebrae).Faults);
            Assert.Equal(CobbAngles.Measure(phantom.Vertebrae, phantom.Height).Degrees, phantom.Cobb.Degrees);
            Assert.All(phantom.Vertebrae, v => Assert.InRange(v.Center.Y, 0, phantom.Height));
            Assert.All(phantom.Vertebrae, v => Assert.InRange(v.Center.X, 0, phantom.Width));
        }
    }

    [Fact]
    public void A_wide_curve_stays_on_a_narrow_film()
    {
        // Patient 127 of seed 1 has one whose apex would lie beside this film.
        foreach (var width in new[] { 100, 160 })
        {
            var phantom = PhantomGenerator.Spine(1, 127, options: new() { Width = width, Height = 432 });
            Assert.All(phantom.Vertebrae, v =>
                Assert.All((Point2D[])[v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight], p =>
                    Assert.True(
                        p.X > 0 && p.X < phantom.Width && p.Y > 0 && p.Y < phantom.Height,
                        $"{p} outside {phantom.Width} x {phantom.Height}")));
        }
    }

    [Fact]
    public void End_plates_are_bright_where_the_landmarks_are()
    {
        // Across each plate the mean profile of many films peaks on the labelled line: shift the line and it fades.
        var brightness = new double[9]; // lines 4 px above to 4 px below, at 880 px height about 2.4 mm
        for (var patient = 0; patient < 4; patient++)
        {
            var phantom = PhantomGenerator.Spine(21, patient, options: new() { SizeVariation = 0 });
            foreach (var v in phantom.Vertebrae.Skip(10))
            {
                var down = (v.LowerMidpoint - v.UpperMidpoint) * (1 / v.LowerMidpoint.DistanceTo(v.UpperMidpoint));
                for (var offset = -4; offset <= 4; offset++)
                {
                    brightness[offset + 4] += MeanOnLine(phantom, v.TopLeft + down * offset, v.TopRight + down * offset)
                        + MeanOnLine(phantom, v.BottomLeft - down * offset, v.BottomRight - down * offset);
                }
            }
        }
        var peak = Array.IndexOf(brightness, brightness.Max()) - 4;
        Assert.InRange(peak, 0, 2); // on the line or just inside: plates sag by a millimetre
        Assert.True(brightness[0] < brightness[peak + 4] - 4 * 14 * 4, "The disc beside a plate is darker.");
    }

    [Fact]
    public void Angles_are_spread_like_those_of_the_real_set()
    {
        // SpineWeb 16, 481 training films: quartiles of the largest angle 23.8, 36.9, 51.0 degrees; 85 % S curves.
        var options = new PhantomOptions { Width = 64, Height = 176, SizeVariation = 0 };
        var measured = Enumerable
            .Range(0, 400)
            .AsParallel()
            .Select(patient => PhantomGenerator.Spine(31, patient, options: options).Cobb)
            .ToArray();
        double Quantile(int angle, double share) =>
            measured.Select(m => m.Degrees[angle]).Order().ElementAt((int)(share * measured.Length));
        Assert.InRange(Quantile(0, 0.25), 19, 29);
        Assert.InRange(Quantile(0, 0.5), 31, 43);
        Assert.InRange(Quantile(0, 0.75), 44, 58);
        Assert.InRange(Quantile(1, 0.5), 12, 26); // real: 18.7
        Assert.InRange(Quantile(2, 0.5), 9, 23); // real: 15.8
        Assert.InRange(measured.Count(m => m.IsSCurve), 240, 390);
    }

    [Fact]
    public void Findings_show_on_the_film()
    {
        // The lowest part of the lung fields is brighter with fluid in them than without.
        var films = Enumerable
            .Range(0, 120)
            .AsParallel()
            .AsOrdered()
            .Select(i => PhantomGenerator.Chest(41, i, options: new() { Width = 128, Height = 128 }))
            .ToArray();
        double LungBase(ChestPhantom film) =>
            Mean(film, 0.12, 0.68, 0.3, 0.78) / Math.Max(1, Mean(film, 0.47, 0.6, 0.53, 0.8));
        var with = films.Where(f => f.Findings.Contains("Pleural Effusion")).ToArray();
        var without = films.Where(f => f.Findings.Contains("No Finding")).ToArray();
        Assert.True(with.Length > 10 && without.Length > 10);
        Assert.True(with.Average(LungBase) > without.Average(LungBase) + 0.05);
    }

    [Fact]
    public void Every_finding_but_one_is_drawn_and_none_contradicts_another()
    {
        var drawn = Enumerable
            .Range(0, 3000)
            .Select(i => ChestFindings.Draw(SeededRandom.Fork(51, i)).Findings)
            .ToArray();
        var seen = drawn.SelectMany(f => f).ToHashSet();
        Assert.Equal(["Pleural Other"], ChestFindings.Names.Except(seen));
        Assert.All(drawn, f => Assert.NotEmpty(f));
        Assert.All(drawn.Where(f => f.Contains("No Finding")), f =>
            Assert.Empty(f.Except(["No Finding", "Support Devices"])));
        Assert.All(drawn.Where(f => f.Contains("Edema")), f => Assert.Contains("Lung Opacity", f));
    }

    [Theory]
    [InlineData(32, 880, 0.1)]
    [InlineData(320, 5000, 0.1)]
    [InlineData(320, 880, double.NaN)]
    public void Options_out_of_range_are_refused(int width, int height, double variation) =>
        Assert.Throws<MarrowException>(() =>
            PhantomGenerator.Spine(
                1,
                0,
                options: new()
                {
                    Width = width,
                    Height = height,
                    SizeVariation = variation,
                }
            ));

    private const ulong GoldenSpine = 15706955986402314827, GoldenChest = 2776912734206753322;

    /// <summary>FNV-1a, 64 bits.</summary>
    private static ulong Checksum(byte[] bytes) =>
        bytes.Aggregate(14695981039346656037UL, (hash, b) => (hash ^ b) * 1099511628211UL);

    private static double MeanOnLine(SpinePhantom phantom, Point2D from, Point2D to)
    {
        var sum = 0.0;
        for (var i = 3; i <= 17; i++)
        {
            var p = from + (to - from) * (i / 20.0);
            sum += phantom.Pixels[(int)p.Y * phantom.Width + (int)p.X];
        }
        return sum / 15;
    }

    private static double Mean(ChestPhantom film, double left, double top, double right, double bottom)
    {
        var (sum, count) = (0.0, 0);
        for (var y = (int)(top * film.Height); y < (int)(bottom * film.Height); y++)
        {
            for (var x = (int)(left * film.Width); x < (int)(right * film.Width); x++)
                (sum, count) = (sum + film.Pixels[y * film.Width + x], count + 1);
        }
        return sum / count;
    }
}
