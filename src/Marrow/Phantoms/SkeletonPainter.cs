using Marrow.Imaging;

namespace Marrow.Phantoms;

/// <summary>
/// The bones around the spine: twelve pairs of ribs as hollow tubes bent through three dimensions (bright edges, and
/// brightest where they run along the beam at the chest's sides), collar bones, shoulder blades, upper arms, sacrum
/// and hip bones.
/// </summary>
internal static class SkeletonPainter
{
    // What bone attenuates beyond the soft tissue it replaces, at about 65 keV, 1/mm (NIST XCOM, ICRU 44 bone).
    public const double CortexMu = 0.046;
    public const double SpongyMu = 0.011;

    public static void PaintRibs(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        for (var rib = 0; rib < 12; rib++)
        {
            foreach (var side in (int[])[-1, 1])
                PaintRib(map, patient, random, rib, side);
        }
    }

    public static void PaintShoulders(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var density = patient.BoneDensity;
        var scale = patient.ThoraxScale;
        foreach (var side in (int[])[-1, 1])
        {
            var middle = patient.MediastinumCenterAt(40);
            var inner = 46 * scale + random.Uniform(-5, 5);
            var outer = inner - random.Uniform(26, 46);
            var clavicle = new TubePoint[15];
            for (var i = 0; i < clavicle.Length; i++)
            {
                var t = i / 14.0;
                var bend = 7 * PhantomMath.SinCos(6.2 * t).Sin; // an S from above
                clavicle[i] = new(
                    middle + side * (13 + 138 * t),
                    inner + (outer - inner) * t + bend,
                    7.6 - 5.5 * t * (1 - t) * 2.2);
            }
            map.AddTube(clavicle, 1.7, CortexMu * 0.85 * density, SpongyMu * 0.8 * density);
            if (LiesOutside(map, middle + side * 100, 60))
                continue;
            PaintShoulderBlade(map, side, middle, scale, density, random);
        }
    }

    /// <summary>Sacrum and hip bones, hung on the end of L5.</summary>
    public static void PaintPelvis(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var density = patient.BoneDensity;
        var end = patient.Spine.EndMm;
        var center = patient.Spine.XAt(end);
        var top = end + 9;
        map.Add(center - 66, top - 8, center + 66, top + 130, (x, y) =>
        {
            // The upper edge falls towards the wings; the sides run together downwards.
            var across = Math.Abs(x - center);
            var depth = y - top - 0.5 * Math.Max(0, across - 24) + 0.0022 * (24 - across) * Math.Max(0, 24 - across);
            var side = 60 - 0.36 * (y - top) - across;
            var inside = Math.Min(depth, side);
            if (inside < -2)
                return 0;
            var edge = 0.32 - 0.2 * PhantomMath.SmoothStep(20, 32, across);
            return density
                * (
                    PhantomMath.SmoothStep(-0.8, 9, inside) * (0.22 + 0.16 * PhantomMath.Bump(across / 36))
                    + edge * PhantomMath.SmoothStep(-0.8, 1, side) * PhantomMath.Bump((depth - 0.8) / 1.5)
                    + 0.05 * PhantomMath.Bump((side - 1) / 2.2));
        });
        foreach (var side in (int[])[-1, 1])
        {
            for (var level = 0; level < 4; level++)
                map.AddRing(
                    center + side * (25 - 1.5 * level),
                    top + 24 + 23 * level,
                    7,
                    5,
                    side * 0.5,
                    1.2,
                    0.16,
                    -0.14);
            // The wing: a shell, thickest at the crest, that ends at the joint with the sacrum.
            var (x, y) = (center + side * 112, end + patient.CrestMm + 90);
            var tilt = side * random.Uniform(0.25, 0.4);
            var (sin, cos) = PhantomMath.SinCos(tilt);
            map.Add(x - 95, y - 95, x + 95, y + 95, (px, py) =>
            {
                var (dx, dy) = (px - x, py - y);
                var (u, v) = ((dx * cos + dy * sin) / 66, (dy * cos - dx * sin) / 92);
                var inside = (1 - Math.Sqrt(u * u + v * v)) * 70;
                var towardsJoint = PhantomMath.SmoothStep(0.3, -0.9, side * u);
                return density * PhantomMath.SmoothStep(-0.8, 1.5, inside) * (0.16 + 0.2 * towardsJoint
                    + 0.18 * PhantomMath.Bump((inside - 1.3) / 2.2) + 0.2 * PhantomMath.SmoothStep(15, 0, inside));
            });
        }
    }

    private static void PaintRib(AttenuationMap map, PhantomPatient patient, SeededRandom random, int rib, int side)
    {
        var body = patient.Spine.Vertebrae[rib];
        var headX = side < 0 ? body.TopLeft.X : body.TopRight.X;
        var headY = (side < 0 ? body.TopLeft.Y : body.TopRight.Y) + 2;
        var drop = patient.RibDropMm * Math.Min(1.3, 0.42 + 0.12 * rib) * random.Uniform(0.97, 1.03);
        var steep =
            rib switch
            {
                0 => 10,
                < 7 => -3,
                7 => 2,
                8 => 8,
                9 => 16,
                10 => 30,
                _ => 48,
            } + random.Uniform(-2, 2);
        var reach = rib switch
        {
            0 => random.Uniform(1.9, 2.3),
            10 => 1.3,
            11 => random.Uniform(0.5, 0.85),
            _ => random.Uniform(2.45, 2.7),
        };
        var half = patient.CageHalfWidthAt(headY + 0.5 * drop) + 2.5;
        var center = patient.CageCenterAt(headY + 0.5 * drop);
        var fracture =
            patient.Signs.Fracture is { } f && f.Rib == rib && f.Side == side ? random.Uniform(1.0, 1.75) : double.NaN;
        var width = rib switch { 0 => 6.2, 11 => 3.6, 10 => 4.2, _ => 5 } * random.Uniform(0.93, 1.07);
        var line = new List<TubePoint>();
        const int steps = 44;
        for (var i = 0; i <= steps; i++)
        {
            var phi = reach * i / steps;
            var (sin, cos) = PhantomMath.SinCos(phi);
            // From the vertebra's edge the tube joins the cage's ellipse.
            var join = PhantomMath.SmoothStep(0, 0.7, phi);
            var start = headX + side * phi * half * 0.92;
            var ellipse = center + side * half * sin;
            var x = start + (ellipse - start) * join;
            var y = headY + 0.5 * drop * (1 - cos) + steep * sin - 4 * PhantomMath.Bump((phi - 0.18) / 0.3);
            var (dx, dy, dz) = (half * cos, 0.5 * drop * sin + steep * cos, 0.42 * patient.ChestDepthMm * sin);
            var along = Math.Max(1, dx * dx + dy * dy);
            var stretch = Math.Min(2.3, Math.Sqrt((along + dz * dz) / along));
            var front = PhantomMath.SmoothStep(1.5, 2.4, phi);
            if (!double.IsNaN(fracture) && phi > fracture)
            {
                // The front part has slipped down over the back part and overlaps it.
                if (phi < fracture + 1.2 * reach / steps)
                {
                    PaintTube(map, line, patient.BoneDensity);
                    line.Clear();
                }
                (x, y) = (x - side * 3, y + 7);
            }
            var tip = rib > 9 ? 1 - 0.55 * PhantomMath.SmoothStep(0.7 * reach, reach, phi) : 1;
            line.Add(new(x, y, width * (1 + 0.18 * front) * (0.75 + 0.25 * join) * tip, stretch * (1 - 0.4 * front)));
        }
        PaintTube(map, line, patient.BoneDensity);
    }

    private static void PaintTube(AttenuationMap map, List<TubePoint> line, double density) =>
        map.AddTube(line.ToArray(), 0.85, CortexMu * 1.05 * density, SpongyMu * 0.7 * density);

    private static void PaintShoulderBlade(
        AttenuationMap map,
        int side,
        double middle,
        double scale,
        double density,
        SeededRandom random)
    {
        var shift = random.Uniform(-6, 16);
        double X(double x) => middle + side * (x + shift);
        double Y(double y) => y * scale;
        TubePoint[] Border(double x1, double y1, double x2, double y2, double bend, double radius)
        {
            var points = new TubePoint[9];
            for (var i = 0; i < points.Length; i++)
            {
                var t = i / 8.0;
                var bow = 4 * t * (1 - t) * bend;
                points[i] = new(X(x1 + (x2 - x1) * t + bow), Y(y1 + (y2 - y1) * t), radius);
            }
            return points;
        }
        map.AddTube(Border(98, 28, 112, 142, -7, 2.4), 0, CortexMu * 0.5 * density);
        map.AddTube(Border(112, 142, 150, 62, 6, 4), 1.2, CortexMu * 0.6 * density, SpongyMu);
        // the spine of the blade
        map.AddTube(Border(100, 40, 158, 16, 0, 4.5), 1.2, CortexMu * 0.55 * density, SpongyMu);
        map.AddEllipse(X(126), Y(76), 24, 60, side * 0.1, 0.07 * density, 2);
        map.AddRing(X(153), Y(46), 8, 17, 0, 2, 0.2 * density, 0.12 * density); // socket
        map.AddRing(X(174), Y(42), 23, 24, 0, 2.2, 0.18 * density, 0.42 * density); // head of the arm
        map.AddTube(
            [new(X(178), Y(58), 14), new(X(186), Y(100), 11.5), new(X(196), Y(230), 11)],
            3.6,
            CortexMu * density,
            SpongyMu);
    }

    private static bool LiesOutside(AttenuationMap map, double x, double y) =>
        x < map.LeftMm
        || x > map.LeftMm + map.Width * map.MmPerPixel
        || y < map.TopMm
        || y > map.TopMm + map.Height * map.MmPerPixel;
}
