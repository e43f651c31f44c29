using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

public sealed class SpineWeb16Tests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Dataset Open(string? faults, params Vertebra[][] films)
    {
        WriteSpineWeb(
            _folder.Path,
            [.. films.Select((v, i) => ($"sunhl-1th-02-Jan-2017-{160 + i / 2} {(char)('A' + i % 2)} AP.png", v))]);
        return DatasetCatalogue.Open(Request("spineweb16", _folder.Path, new() { Faults = faults }));
    }

    private static Vertebra Swap(Vertebra v) => new(v.BottomRight, v.BottomLeft, v.TopRight, v.TopLeft);

    private static void Close(IEnumerable<Vertebra> expected, IEnumerable<Vertebra> found) =>
        Assert.All(expected.Zip(found), p =>
        {
            Assert.InRange(p.First.TopLeft.DistanceTo(p.Second.TopLeft), 0, 1e-9);
            Assert.InRange(p.First.BottomRight.DistanceTo(p.Second.BottomRight), 0, 1e-9);
        });

    [Fact]
    public void Corners_are_in_pixels_and_angles_in_degrees()
    {
        var sample = Assert.Single(Open(null, MakeSpine()).Samples);
        Close(MakeSpine(), sample.Vertebrae);
        Assert.Equal(CobbAngles.Measure(MakeSpine(), Height).Degrees, sample.CobbDegrees);
        Assert.Equal("data/training/sunhl-1th-02-Jan-2017-160 A AP.png", sample.Id);
    }

    [Theory]
    [InlineData("sunhl-1th-02-Jan-2017-162 A AP.jpg", "162")]
    [InlineData("sunhl-1th-25-Jul-2016-15 E AP.jpg", "15")]
    [InlineData("sunhl-1th-30-Dec-2016-159 A AP2.jpg", "159")]
    [InlineData("sunhl-1th-21-Nov-2016-140 A AP (2).jpg", "140")]
    [InlineData("sunhl-1th-20-Jul-2016-coronal6.jpg", "sunhl-1th-20-Jul-2016-coronal6")]
    public void The_number_before_the_letters_is_the_patient(string name, string patient) =>
        Assert.Equal(patient, SpineWeb16.PatientOf("data/training/" + name));

    [Fact]
    public void Points_in_a_wrong_order_are_put_right_and_measured_anew()
    {
        var sound = MakeSpine();
        Vertebra[] rolled = [.. sound[1..], sound[0]];
        Vertebra[] swapped = [.. sound[..4], Swap(sound[4]), .. sound[5..]];
        Vertebra[] exchanged = [.. sound[..7], sound[8], sound[7], .. sound[9..]];
        var data = Open("repair", rolled, swapped, exchanged, sound);

        Assert.Equal(
            [("rolled-points", "repaired"), ("swapped-corners", "repaired"), ("out-of-order", "repaired")],
            data.Faults.Select(f => (f.Kind, f.Action)));
        Assert.All(data.Samples, s => Close(sound, s.Vertebrae));
        Assert.All(data.Samples, s =>
            Assert.All(s.CobbDegrees.Zip(CobbAngles.Measure(sound, Height).Degrees), p =>
                Assert.Equal(p.Second, p.First, 1e-9)));
    }

    [Fact]
    public void Points_that_no_order_mends_are_dropped()
    {
        var sound = MakeSpine();
        Vertebra[] twice = [.. sound[..10], sound[9], .. sound[11..]];
        Vertebra[] lostCorner =
        [
            .. sound[..15],
            sound[15] with
            {
                BottomRight = sound[15].BottomLeft + new Point2D(1, 0),
            },
            sound[16],
        ];
        var data = Open("repair", twice, lostCorner, sound);
        Assert.Equal("data/training/sunhl-1th-02-Jan-2017-161 A AP.png", Assert.Single(data.Samples).Id);
        Assert.All(data.Faults, f => Assert.Equal("dropped", f.Action));
        Assert.Contains(data.Faults, f => f.Kind == "overlapping-vertebrae");
        Assert.Contains(data.Faults, f => f.Kind == "absurd-shape");
    }

    [Fact]
    public void A_vertebra_askew_to_its_spine_is_dropped()
    {
        var sound = MakeSpine();
        var center = sound[8].Center;
        var transform = AffineTransform
            .Translate(-center.X, -center.Y)
            .Then(AffineTransform.Rotate(75 * Math.PI / 180))
            .Then(AffineTransform.Translate(center.X, center.Y));
        var data = Open("repair", [.. sound[..8], sound[8].Transform(transform), .. sound[9..]], sound);
        Assert.Contains(data.Faults, f => f is { Kind: "absurd-angle", Action: "dropped" });
        Assert.Single(data.Samples);
    }

    [Fact]
    public void Faults_are_kept_or_dropped_when_that_is_asked()
    {
        var sound = MakeSpine();
        Vertebra[] rolled = [.. sound[1..], sound[0]];
        var kept = Open("keep", rolled, sound);
        Close(rolled, kept.Samples[0].Vertebrae);
        Assert.Equal("kept", Assert.Single(kept.Faults).Action);
        Assert.Equal("dropped", Assert.Single(Open("drop", rolled, sound).Faults).Action);
        Assert.Single(Open("drop", rolled, sound).Samples);
    }

    [Fact]
    public void Discs_marked_as_vertebrae_are_listed_but_kept()
    {
        var thin = MakeSpine()
            .Select(v =>
                v with
                {
                    BottomLeft = v.TopLeft + (v.BottomLeft - v.TopLeft) * 0.3,
                    BottomRight = v.TopRight + (v.BottomRight - v.TopRight) * 0.3,
                }
            )
            .ToArray();
        var data = Open("repair", thin);
        Assert.Equal(("discs-marked", "kept"), (data.Faults[0].Kind, data.Faults[0].Action));
        Close(thin, data.Samples[0].Vertebrae);
    }

    [Fact]
    public void A_missing_image_or_broken_header_drops_its_row_only()
    {
        Open(null, MakeSpine(), MakeSpine(0.2), MakeSpine(0.1));
        File.Delete(_folder["data/training/sunhl-1th-02-Jan-2017-160 A AP.png"]);
        File.WriteAllText(_folder["data/training/sunhl-1th-02-Jan-2017-160 B AP.png"], "no image");
        var data = DatasetCatalogue.Open(Request("spineweb16", _folder.Path));
        Close(MakeSpine(0.1), Assert.Single(data.Samples).Vertebrae);
        Assert.Equal(["missing-image", "unreadable-image"], data.Faults.Select(f => f.Kind).Order());
    }

    [Fact]
    public void Angles_are_measured_where_no_file_has_them()
    {
        Open(null, MakeSpine());
        File.Delete(_folder["labels/training/angles.csv"]);
        var data = DatasetCatalogue.Open(Request("spineweb16", _folder.Path));
        Assert.Equal(CobbAngles.Measure(MakeSpine(), Height).Degrees[0], data.Samples[0].CobbDegrees[0], 1e-9);
    }
}
