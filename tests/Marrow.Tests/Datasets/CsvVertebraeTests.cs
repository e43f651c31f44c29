using System.Globalization;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

public sealed class CsvVertebraeTests : IDisposable
{
    private const string Corners = "tl_x,tl_y,tr_x,tr_y,bl_x,bl_y,br_x,br_y";
    private const int ImageWidth = 100, ImageHeight = 400;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private DatasetRequest Csv(string header, IEnumerable<string> rows, DatasetOptions? options = null)
    {
        foreach (var name in (string[])["a.png", "b.png"])
            WriteImage(_folder[name], name[0], ImageWidth, ImageHeight);
        WriteText(_folder["labels.csv"], [header, .. rows]);
        return Request("csv", _folder.Path, (options ?? new()) with { Kind = "vertebrae" });
    }

    private static string Places(Vertebra v, double width = 1, double height = 1) => string.Join(',', ((Point2D[])
        [v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight])
        .Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.X / width:R},{p.Y / height:R}")));

    private static IEnumerable<string> Rows(string image, IEnumerable<Vertebra> spine) =>
        spine.Select(v => $"{image},{Places(v)}");

    private static string Error(DatasetRequest request) =>
        Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(request)).Message;

    [Fact]
    public void Rows_of_an_image_are_its_vertebrae_and_the_angles_are_measured_on_them()
    {
        var (first, second) = (MakeSpine(), MakeSpine(0.1));

        var data = DatasetCatalogue.Open(Csv($"path,{Corners}", [.. Rows("a.png", first), .. Rows("b.png", second)]));

        Assert.Equal(["a.png", "b.png"], data.Samples.Select(s => s.Id));
        Assert.Equal(first, data.Samples[0].Vertebrae);
        Assert.Equal(second, data.Samples[1].Vertebrae);
        Assert.Equal(CobbAngles.Measure(first, ImageHeight).Degrees, data.Samples[0].CobbDegrees);
        Assert.Empty(data.Faults);
        Assert.Equal(["vertebra"], data.MaskClasses);
    }

    [Fact]
    public void Numbers_put_rows_in_any_order_from_top_to_bottom_and_shares_become_pixels()
    {
        var spine = MakeSpine();
        var rows = spine.Select((v, i) => $"a.png,p,{i + 1},{Places(v, ImageWidth, ImageHeight)}").Reverse();

        var sample = Assert.Single(DatasetCatalogue.Open(
            Csv($"path,patient,vertebra,{Corners}", rows, new() { Coordinates = "shares" })).Samples);

        Assert.Equal("p", sample.Patient);
        Assert.All(
            spine.Zip(sample.Vertebrae),
            pair => Assert.True(RandomSpine.LargestDistance(pair.First, pair.Second) < 1e-9));
    }

    [Fact]
    public void Corners_that_are_marked_in_another_order_are_repaired_or_dropped_as_for_spineweb16()
    {
        var spine = MakeSpine();
        Vertebra[] swapped = [.. spine];
        swapped[3] = new(spine[3].BottomLeft, spine[3].BottomRight, spine[3].TopLeft, spine[3].TopRight);

        var repaired = DatasetCatalogue.Open(Csv($"path,{Corners}", Rows("a.png", swapped)));
        var dropped = DatasetCatalogue.Open(
            Csv($"path,{Corners}", [.. Rows("a.png", swapped), .. Rows("b.png", spine)], new() { Faults = "drop" }));

        Assert.Equal(spine, Assert.Single(repaired.Samples).Vertebrae);
        Assert.Equal(("swapped-corners", "repaired"), (repaired.Faults[0].Kind, repaired.Faults[0].Action));
        Assert.Equal("b.png", Assert.Single(dropped.Samples).Id);
    }

    [Fact]
    public void A_film_with_a_missing_vertebra_is_left_out_and_recorded()
    {
        var spine = MakeSpine();

        var data = DatasetCatalogue.Open(
            Csv($"path,{Corners}", [.. Rows("a.png", spine[..^1]), .. Rows("b.png", spine)]));

        Assert.Equal("b.png", Assert.Single(data.Samples).Id);
        var fault = Assert.Single(data.Faults);
        Assert.Equal((CsvVertebrae.CountFault, "a.png", "dropped"), (fault.Kind, fault.File, fault.Action));
        Assert.Contains("16 rows", fault.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", "a number from 1")]
    [InlineData("18", "a number from 1")]
    [InlineData("2.5", "a number from 1")]
    [InlineData("2", "each vertebra of a.png once")]
    public void A_wrong_or_doubled_number_is_named_with_its_line(string number, string expected)
    {
        var rows = MakeSpine().Select((v, i) => $"a.png,{(i == 0 ? number : $"{i + 1}")},{Places(v)}");

        var error = Error(Csv($"path,vertebra,{Corners}", rows));

        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains("labels.csv, line", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Shares_read_as_pixels_and_pixels_read_as_shares_are_refused_with_the_remedy()
    {
        var spine = MakeSpine();
        var shares = spine.Select(v => $"a.png,{Places(v, ImageWidth, ImageHeight)}");

        Assert.Contains("Set coordinates: shares", Error(Csv($"path,{Corners}", shares)), StringComparison.Ordinal);
        Assert.Contains(
            "leave coordinates: shares out",
            Error(Csv($"path,{Corners}", Rows("a.png", spine), new() { Coordinates = "shares" })),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Two_patients_of_one_image_contradict_each_other()
    {
        var rows = MakeSpine().Select((v, i) => $"a.png,{(i == 9 ? "q" : "p")},{Places(v)}");

        var error = Error(Csv($"path,patient,{Corners}", rows));

        Assert.Contains("the same patient of a.png", error, StringComparison.Ordinal);
    }
}
