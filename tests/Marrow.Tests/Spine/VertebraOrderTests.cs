using CsCheck;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tests.Spine;

public class VertebraOrderTests
{
    private static readonly double[] Tilts = [-3, -8, -14, -20, -15, -9, 0, 9, 18, 22, 15, 8, 0, -6, -9, -5, -2];

    [Fact]
    public void A_sound_spine_is_left_alone()
    {
        var spine = CobbAnglesTests.FromTilts(Tilts, meander: 60);
        var ordered = VertebraOrder.Repair(spine);
        Assert.Empty(ordered.Faults);
        Assert.Equal(spine, ordered.Vertebrae);
    }

    [Fact]
    public void Rolled_points_are_rolled_back()
    {
        var spine = CobbAnglesTests.FromTilts(Tilts, meander: 60);
        Vertebra[] rolled = [.. spine[1..], spine[0]];
        var ordered = VertebraOrder.Repair(rolled);
        Assert.Equal("rolled-points", Assert.Single(ordered.Faults).Kind);
        Assert.Equal(spine, ordered.Vertebrae);
        Assert.True(ordered.IsSound);
    }

    [Fact]
    public void Any_shuffle_is_undone() => Gen.Shuffle(CobbAnglesTests.FromTilts(Tilts, meander: 60)).Sample(shuffled =>
    {
        var spine = CobbAnglesTests.FromTilts(Tilts, meander: 60);
        Assert.Equal(spine, VertebraOrder.Sort(shuffled));
        Assert.Equal(spine, VertebraOrder.Repair(shuffled).Vertebrae);
    }, iter: 100);

    [Fact]
    public void Swapped_corners_are_named_and_put_right()
    {
        var spine = CobbAnglesTests.FromTilts(Tilts, meander: 60);
        var broken = spine.ToArray();
        broken[3] = new(spine[3].TopRight, spine[3].TopLeft, spine[3].BottomRight, spine[3].BottomLeft);
        broken[15] = spine[15] with { TopLeft = spine[15].BottomLeft, BottomLeft = spine[15].TopLeft };
        var ordered = VertebraOrder.Repair(broken);
        Assert.Equal(
            [("swapped-corners", 3), ("swapped-corners", 15)],
            ordered.Faults.Select(f => (f.Kind, f.Vertebra)));
        Assert.Equal(spine, ordered.Vertebrae);
    }

    [Fact]
    public void Neighbours_that_changed_places_are_out_of_order()
    {
        var spine = CobbAnglesTests.FromTilts(Tilts, meander: 60);
        var broken = spine.ToArray();
        (broken[0], broken[1]) = (broken[1], broken[0]);
        var ordered = VertebraOrder.Repair(broken);
        Assert.Equal("out-of-order", Assert.Single(ordered.Faults).Kind);
        Assert.Equal(spine, ordered.Vertebrae);
    }

    [Fact]
    public void A_vertebra_marked_twice_cannot_be_repaired()
    {
        var spine = CobbAnglesTests.FromTilts(Tilts, meander: 60);
        spine[16] = spine[14].Transform(AffineTransform.Translate(3, 2));
        var ordered = VertebraOrder.Repair(spine);
        Assert.Contains(ordered.Faults, f => f.Kind == "overlapping-vertebrae" && !f.Repairable);
        Assert.False(ordered.IsSound);
    }

    [Fact]
    public void A_corner_that_is_no_number_is_refused() => Assert.Throws<ArgumentException>(() =>
        VertebraOrder.Repair([default, new(new(double.NaN, 0), default, default, default)]));

    [Fact(Explicit = true), Trait("Category", "RealData")]
    public void The_known_label_faults_of_the_real_set_are_found()
    {
        var found = CobbAnglesTests.ReadRealSet().Select(film => VertebraOrder.Repair(film.Spine)).ToArray();
        int With(string kind) => found.Count(o => o.Faults.Any(f => f.Kind == kind));
        var summary = string.Join(
            ", ",
            ((string[])["rolled-points", "out-of-order", "swapped-corners", "overlapping-vertebrae"]).Select(kind =>
                $"{kind} {With(kind)}"));
        // published: centres out of order in 24 images
        Assert.True(With("rolled-points") + With("out-of-order") == 24, summary);
        Assert.True(With("rolled-points") is >= 16 and <= 18, summary); // published: 16 rolled by one vertebra
        Assert.InRange(found.Count(o => o.Faults.Count == 0), 450, 457);
    }
}
