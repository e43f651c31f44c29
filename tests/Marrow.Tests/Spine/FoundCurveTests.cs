using Marrow.Findings;
using Marrow.Spine;

namespace Marrow.Tests.Spine;

public class FoundCurveTests
{
    private static readonly SpinePart s_spine = ReportSamples.Finding(BentSpine.Waves(2, 60), 1000, 1600).Spine();

    [Fact]
    public void A_curve_names_its_vertebrae_and_its_apex()
    {
        var (upper, lower) = (s_spine.Curves[0], s_spine.Curves[1]);
        Assert.Equal((CurveRegion.ProximalThoracic, "T1", "T9"), (upper.Region, upper.Upper, upper.Lower));
        Assert.Equal((CurveRegion.Thoracolumbar, "T9", "L5"), (lower.Region, lower.Upper, lower.Lower));
        Assert.Equal(["T5", "L1"], s_spine.Curves.Select(c => c.Apex));
        Assert.Equal("T8/T9", new FoundCurve(s_spine, upper.Shape with { Apex = new(7, IsDisc: true) }).Apex);
    }

    [Fact]
    public void The_side_of_the_patient_is_said_only_where_the_film_says_it()
    {
        Assert.Equal([Side.Right, Side.Left], s_spine.Curves.Select(c => c.ConvexSide));
        Assert.All(s_spine.Curves, curve => Assert.Null(curve.ConvexSideOfPatient));
        Assert.EndsWith("right of the image", s_spine.Curves[0].InWords);

        var fromBehind = new SpinePart(s_spine) { PatientSideAtLeft = Side.Left };
        Assert.Equal([Side.Right, Side.Left], fromBehind.Curves.Select(c => c.ConvexSideOfPatient!.Value));
        var fromTheFront = new SpinePart(s_spine) { PatientSideAtLeft = Side.Right };
        Assert.Equal([Side.Left, Side.Right], fromTheFront.Curves.Select(c => c.ConvexSideOfPatient!.Value));
        Assert.EndsWith("left of the patient", fromTheFront.Curves[0].InWords);
    }

    [Fact]
    public void Lengths_are_in_millimetres_where_the_size_of_a_pixel_is_known()
    {
        Assert.All(s_spine.Curves, curve => Assert.Null(curve.ApexOffsetMm));
        Assert.Null(s_spine.Alignment!.T1OffsetMm);

        var measured = new SpinePart(s_spine) { MmPerPixel = 0.5 };
        Assert.All(measured.Curves, c => Assert.Equal(c.ApexOffsetPixels / 2, c.ApexOffsetMm!.Value, 9));
        Assert.Equal(measured.Alignment!.T1OffsetPixels / 2, measured.Alignment.T1OffsetMm!.Value, 9);
    }

    [Fact]
    public void A_spine_that_was_not_measured_has_neither_curves_nor_alignment()
    {
        var refused = new SpinePart { Vertebrae = s_spine.Vertebrae };
        Assert.Empty(refused.Curves);
        Assert.Null(refused.Alignment);
        Assert.Empty(new SpinePart { CobbDegrees = [40, 20, 0], SawSpine = false }.Curves); // a regressor alone
    }
}
