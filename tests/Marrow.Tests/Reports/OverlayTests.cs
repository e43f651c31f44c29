using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Reports;
using SkiaSharp;

namespace Marrow.Tests.Reports;

public class OverlayTests
{
    [Theory]
    [InlineData(400, 1000, 1)]
    [InlineData(854, 2360, 2)]
    [InlineData(3000, 9000, 3)]
    [InlineData(60, 100, 4)]
    [InlineData(2000, 40, 5)]
    [InlineData(1, 1, 6)]
    public void An_overlay_is_at_most_1600_px_of_radiograph_whatever_its_size(int width, int height, ulong seed)
    {
        using var picture = ReportSamples.Decode(
            OverlayRenderer.Render(ReportSamples.Radiograph(width, height), ReportSamples.Finding(width, height, seed))
        );

        Assert.InRange(picture.Width, 250, 1600);
        Assert.InRange(picture.Height, 50, 1800);
    }

    [Fact]
    public void Only_pixels_near_a_vertebra_change_when_it_is_drawn()
    {
        const int width = 500, height = 1200; // drawn at its own size
        var radiograph = ReportSamples.Radiograph(width, height);
        var with = ReportSamples.Finding(width, height).WithSpine(s => new(s) { LandmarkAngles = null });
        with = with.WithSpine(s => new(s) { Vertebrae = [new("", s.Vertebrae[8].Corners, s.Vertebrae[8].Score)] });
        using var drawn = ReportSamples.Decode(OverlayRenderer.Render(radiograph, with));
        using var bare = ReportSamples.Decode(
            OverlayRenderer.Render(radiograph, with.WithSpine(s => new(s) { Vertebrae = [] })));
        var top = drawn.Height - height;
        var corner = with.Spine().Vertebrae[0].Corners.TopLeft;

        Assert.Equal((width, height), (drawn.Width, height));
        Assert.True(ReportSamples.Near(SpineCanvas.OutlineColor, drawn.GetPixel((int)corner.X, top + (int)corner.Y)));
        var middle = with.Spine().Vertebrae[0].Corners.Center;
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                if (middle.DistanceTo(new Point2D(x, y)) > 80)
                    Assert.Equal(bare.GetPixel(x, top + y), drawn.GetPixel(x, top + y));
            }
        }
    }

    [Fact]
    public void A_box_is_drawn_at_its_place_with_its_class_beside_it()
    {
        const int width = 500, height = 1200; // drawn at its own size
        var radiograph = ReportSamples.Radiograph(width, height);
        var finding = new Finding(file: "a.png", width: width, height: height)
        {
            Parts = [new BoxesPart([new("fracture", 100, 300, 260, 420, 0.9)])],
        };
        using var drawn = ReportSamples.Decode(OverlayRenderer.Render(radiograph, finding));
        var top = drawn.Height - height;
        foreach (var (x, y) in ((int, int)[])[(180, 300), (180, 420), (100, 360), (260, 360)])
            Assert.True(
                ReportSamples.Near(RegionCanvas.ColorOf(0), drawn.GetPixel(x, top + y), 40),
                $"{x}, {y}: {drawn.GetPixel(x, top + y)}");
        Assert.False(ReportSamples.Near(RegionCanvas.ColorOf(0), drawn.GetPixel(180, top + 360), 40));
    }

    [Fact]
    public void A_curve_is_drawn_by_its_two_end_plates_and_a_dot_at_its_apex()
    {
        const int width = 500, height = 1200; // drawn at its own size
        var place = AffineTransform.Scale(0.5, 0.5);
        var radiograph = ReportSamples.Radiograph(width, height);
        var spine = BentSpine.Arc(40).Select(v => v.Transform(place)).ToArray();
        var finding = ReportSamples.Finding(spine, width, height);
        using var drawn = ReportSamples.Decode(OverlayRenderer.Render(radiograph, finding));
        foreach (var point in (Point2D[])[spine[0].UpperMidpoint, spine[8].Center, spine[16].LowerMidpoint])
            Assert.True(IsDrawn(point), $"{point}");
        Assert.False(IsDrawn(spine[4].Center));

        bool IsDrawn(Point2D point) => ReportSamples.Near(
            SpineCanvas.CurveColor,
            drawn.GetPixel((int)point.X, drawn.Height - height + (int)point.Y));
    }

    [Fact]
    public void Each_angle_has_a_colour_of_its_own_and_labels_another()
    {
        var radiograph = ReportSamples.Radiograph(500, 1200);
        var finding = ReportSamples.Finding(500, 1200, seed: 3);
        using var without = ReportSamples.Decode(OverlayRenderer.Render(radiograph, finding));
        using var with = ReportSamples.Decode(
            OverlayRenderer.Render(radiograph, finding, new SpineTruth(ReportSamples.Spine(500, 1200, 4), [1, 2, 3])));

        foreach (
            var (pair, color) in finding
                .Spine()
                .LandmarkAngles!.Pairs.Zip(SpineCanvas.AngleColors)
                .Where(p => p.First.Upper != p.First.Lower))
            Assert.True(ReportSamples.Count(without, c => ReportSamples.Near(c, color)) > 200);
        Assert.Equal(0, ReportSamples.Count(without, c => ReportSamples.Near(c, SpineCanvas.TruthColor)));
        Assert.True(ReportSamples.Count(with, c => ReportSamples.Near(c, SpineCanvas.TruthColor)) > 200);
    }

    [Fact]
    public void Values_of_any_spine_stay_inside_and_apart()
    {
        for (ulong seed = 0; seed < 60; seed++)
        {
            var (width, height) = seed % 3 == 0 ? (300, 1500) : (700, 1500);
            using var surface = SKSurface.Create(new SKImageInfo(width, height));
            var frame = SKRect.Create(0, 0, width, height);
            var spine = new SpineCanvas(surface.Canvas, AffineTransform.Identity, frame, frame, 24);
            var finding = ReportSamples.Finding(width, height, seed);
            spine.Vertebrae(finding.Spine().Vertebrae);
            spine.LevelNames(finding.Spine().Vertebrae);
            spine.Angles(finding.Spine().Vertebrae, finding.Spine().LandmarkAngles!, []);

            Assert.Equal(finding.Spine().LandmarkAngles!.Pairs.Count(p => p.Upper != p.Lower), spine.Labels.Count);
            Assert.All(spine.Labels, label => Assert.True(frame.Contains(label)));
            for (var i = 0; i < spine.Labels.Count; i++)
                Assert.All(spine.Labels.Skip(i + 1), other => Assert.False(other.IntersectsWith(spine.Labels[i])));
        }
    }

    [Fact]
    public void Labels_that_want_the_same_place_do_not_overlap()
    {
        var placer = new LabelPlacer(SKRect.Create(0, 0, 400, 300));
        for (var i = 0; i < 30; i++)
            placer.Place(new SKSize(60, 20), new SKPoint(390, 10));

        for (var i = 0; i < 30; i++)
        {
            Assert.True(SKRect.Create(0, 0, 400, 300).Contains(placer.Placed[i]));
            Assert.All(placer.Placed.Skip(i + 1), other => Assert.False(other.IntersectsWith(placer.Placed[i])));
        }
    }

    [Fact]
    public void A_finding_without_a_spine_still_gives_a_picture()
    {
        var finding = new Finding(file: "knee.png", width: 300, height: 300)
        {
            Status = FindingStatus.Refused,
            Parts = [new SpinePart()],
        };
        using var picture = ReportSamples.Decode(OverlayRenderer.Render(ReportSamples.Radiograph(300, 300), finding));
        Assert.True(picture.Height > 300);
    }

    [Fact]
    public void The_embedded_fonts_have_every_sign_that_pictures_use()
    {
        Assert.Equal("Inter", ReportFonts.Regular.FamilyName);
        Assert.True(ReportFonts.SemiBold.FontWeight > ReportFonts.Regular.FontWeight);
        Assert.All([ReportFonts.Regular, ReportFonts.SemiBold], face =>
        {
            using var font = new SKFont(face);
            Assert.True(font.ContainsGlyphs("0123456789.,%°±−–…→≤≥·×αµTLabcxyzÄéß()[]/"));
        });
    }

    [Fact]
    public void A_smaller_picture_is_the_mean_of_the_pixels_it_covers()
    {
        ushort[] pixels = [0, 100, 200, 200, 100, 200, 200, 200];
        var radiograph = new Radiograph(4, 2, pixels, 8, "made-up");

        using var picture = RadiographPicture.Render(radiograph, 2, 1);
        Assert.Equal(128, picture.GetPixel(0, 0).Red); // (0 + 100 + 100 + 200) / 4 of 200, in 255
        Assert.Equal(255, picture.GetPixel(1, 0).Red);

        var dark = new Radiograph(radiograph) { Polarity = Polarity.BoneDark };
        using var inverted = RadiographPicture.Render(dark, 2, 1);
        Assert.Equal(0, inverted.GetPixel(1, 0).Red);
    }

    [Fact]
    public void A_broken_image_takes_a_tile_of_the_contact_sheet_and_not_the_sheet()
    {
        var spine = ReportSamples.Spine(300, 700, 1);
        ContactSheetItem[] items =
        [
            new(load: () => ReportSamples.Radiograph(300, 700), caption: "a/1.png")
            {
                Detail = "41.0°",
                Targets = new() { Vertebrae = spine },
            },
            new(
                load: () => throw new MarrowException("2.png: expected a whole image, found half of one."),
                caption: "a/2.png"),
        ];
        using var sheet = ReportSamples.Decode(ContactSheet.Render(items, "two"));
        using var blank = ReportSamples.Decode(
            ContactSheet.Render(
                [
                    .. items.Select(i =>
                        i with
                        {
                            Targets = Targets.None,
                            Load = () => ReportSamples.Radiograph(300, 700),
                        }
                    ),
                ],
                "two"));

        Assert.True(ReportSamples.Count(sheet, c => ReportSamples.Near(c, SpineCanvas.OutlineColor)) > 100);
        Assert.Equal(0, ReportSamples.Count(blank, c => ReportSamples.Near(c, SpineCanvas.OutlineColor)));
        Assert.True(ReportSamples.Count(sheet, c => ReportSamples.Near(c, new SKColor(0xFF, 0x8A, 0x80))) > 50);
    }
}
