using Marrow.Imaging;

namespace Marrow.Phantoms;

/// <summary>
/// What does not belong to the patient: pacemakers, catheters, tubes, electrodes, rods along an operated spine, and
/// the lead letters that mark the side.
/// </summary>
internal static class DevicePainter
{
    private const double SteelMu = 0.5; // steel or titanium about 65 keV, 1/mm, softened: thin parts only are drawn
    private const double PlasticMu = 0.11; // tubing with a radio-opaque stripe

    // Strokes of the letters in a box of 1 x 1.4, as pairs of points.
    private static readonly double[] s_letterL = [0, 0, 0, 1.4, 0, 1.4, 0.85, 1.4];
    private static readonly double[] s_letterR =
    [
        0,
        0,
        0,
        1.4,
        0,
        0,
        0.6,
        0.02,
        0.6,
        0.02,
        0.85,
        0.2,
        0.85,
        0.2,
        0.85,
        0.52,
        0.85,
        0.52,
        0.6,
        0.72,
        0.6,
        0.72,
        0,
        0.72,
        0.45,
        0.72,
        0.9,
        1.4,
    ];

    /// <summary>One to three devices of the chest.</summary>
    public static void PaintChestDevices(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var kinds = new[] { 0, 1, 2, 3 };
        random.Shuffle<int>(kinds);
        var count = 1 + random.Next(2);
        foreach (var kind in kinds.AsSpan(0, count))
        {
            switch (kind)
            {
                case 0: PaintPacemaker(map, patient, random); break;
                case 1: PaintCentralLine(map, patient, random); break;
                case 2: PaintTrachealTube(map, patient, random); break;
                default: PaintElectrodes(map, patient, random); break;
            }
        }
    }

    /// <summary>Two rods with screws, as after a fusion.</summary>
    public static void PaintRods(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var first = 1 + random.Next(4);
        var last = 11 + random.Next(5);
        foreach (var side in (int[])[-1, 1])
        {
            var rod = new List<TubePoint>();
            for (var level = first; level <= last; level++)
            {
                var body = patient.Spine.Vertebrae[level];
                var at = body.Center + body.Axis * (0.36 * side);
                rod.Add(new(at.X, at.Y, 2.9));
                if (!random.Chance(0.72))
                    continue;
                var tip = body.Center + body.Axis * (0.12 * side);
                map.AddTube([new(at.X, at.Y, 2.4), new(tip.X, tip.Y + 1, 1.7)], 0, SteelMu);
                map.AddEllipse(at.X, at.Y, 4.6, 5.4, 0, 1.8);
            }
            map.AddTube(rod.ToArray(), 0, SteelMu);
        }
    }

    /// <summary>The letter L or R beside the body on the image's right or left.</summary>
    public static void PaintMarker(AttenuationMap map, SeededRandom random)
    {
        var right = random.Chance(0.5);
        var (width, height) = (map.Width * map.MmPerPixel, map.Height * map.MmPerPixel);
        var size = Math.Min(width, height) * random.Uniform(0.028, 0.05);
        var inset = random.Uniform(0.02, 0.1) * width;
        var x = right ? map.LeftMm + width - inset - size : map.LeftMm + inset;
        var y = map.TopMm + height * random.Uniform(0.03, 0.4);
        var (sin, cos) = PhantomMath.SinCos(random.Uniform(-0.15, 0.15));
        var strokes = right ? s_letterL : s_letterR;
        for (var i = 0; i < strokes.Length; i += 4)
        {
            TubePoint At(int k) =>
                new(
                    x + size * (strokes[k] * cos - strokes[k + 1] * sin),
                    y + size * (strokes[k] * sin + strokes[k + 1] * cos),
                    size * 0.13);
            map.AddTube([At(i), At(i + 2)], 0, 5 / size); // a lead letter lets nothing through
        }
    }

    public static void PaintCentralLine(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var scale = patient.ThoraxScale;
        var side = random.Sign();
        var middle = patient.MediastinumCenterAt(120);
        var tip = 128 + random.Uniform(-12, 26);
        var vein = middle - 0.7 * patient.MediastinumMm; // superior vena cava, on the image's left
        var neck = random.Chance(0.5);
        Point2D[] way = neck
            ?
            [
                new(middle + side * 34, -70),
                new(middle + side * 30, -10),
                new(middle + side * 22, 38),
                new(vein, 82),
                new(vein + 2, tip),
            ]
            :
            [
                new(middle + side * 190, 30),
                new(middle + side * 120, 34),
                new(middle + side * 62, 44),
                new(middle + side * 24, 52),
                new(vein, 86),
                new(vein + 2, tip),
            ];
        map.AddTube(Smooth(way, scale, 1.15), 0, PlasticMu * 1.3);
    }

    private static void PaintPacemaker(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var scale = patient.ThoraxScale;
        var side = random.Chance(0.8) ? 1 : -1;
        var (x, y) = (patient.CageCenterAt(60) + side * random.Uniform(76, 98), scale * random.Uniform(58, 82));
        var (sin, cos) = PhantomMath.SinCos(random.Uniform(-0.4, 0.4));
        map.Add(x - 40, y - 40, x + 40, y + 40, (px, py) =>
        {
            var (u, v) = (((px - x) * cos + (py - y) * sin) / 22, ((py - y) * cos - (px - x) * sin) / 19);
            var edge = 1 - Math.Sqrt(Math.Sqrt(u * u * u * u + v * v * v * v));
            var header = v < -0.55 ? 0.45 : 1;
            return PhantomMath.SmoothStep(0, 0.06, edge) * header * (1.5 + 0.9 * PhantomMath.Bump((edge - 0.08) / 0.1)
                + (u > 0.1 ? 0.7 : 0.1));
        });
        var middle = patient.MediastinumCenterAt(150);
        var heart = patient.HeartScale;
        var leads = 1 + random.Next(2);
        for (var i = 0; i < leads; i++)
        {
            var end = i == 0
                ? new Point2D(middle + 52 * heart, 196 + 8 * heart)
                : new Point2D(middle - 16 * heart, 150);
            Point2D[] way =
            [
                new(x, y / scale - 16), new(middle + side * 66, 46), new(middle + side * 30, 50), new(middle - 15, 80),
                new(middle - 20, 130), new(middle - 18 + (i == 0 ? 6 : -6), 172), end,
            ];
            map.AddTube(Smooth(way, scale, 0.85), 0, SteelMu);
        }
    }

    private static void PaintTrachealTube(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var scale = patient.ThoraxScale;
        var end = random.Uniform(48, 72);
        var x = patient.MediastinumCenterAt(30) + 2;
        Point2D[] way = [new(x + random.Uniform(-8, 8), -90), new(x + 1, -20), new(x, 20), new(x, end)];
        map.AddTube(Smooth(way, scale, 5.2), 1.3, PlasticMu, 0);
        if (random.Chance(0.6)) // a feeding tube beside it, down to the stomach
            map.AddTube(
                Smooth(
                    [
                        new(x + 6, -90),
                        new(x + 5, 20),
                        new(x + 7, 150),
                        new(x + 14, 215),
                        new(x + 40, 250),
                        new(x + 62, 262),
                    ],
                    scale,
                    2.2),
                0.9,
                PlasticMu * 1.4);
    }

    private static void PaintElectrodes(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var count = 2 + random.Next(3);
        for (var i = 0; i < count; i++)
        {
            var side = i % 2 == 0 ? -1 : 1;
            var (x, y) = (patient.CageCenterAt(100) + side * random.Uniform(60, 125), random.Uniform(30, 230));
            map.AddRing(x, y, 6.5, 6.5, 0, 1.6, 0.35, 0.25);
            map.AddEllipse(x, y, 2.6, 2.6, 0, 1.4);
            var out1 = new Point2D(x + side * 18, y + random.Uniform(-15, 25));
            map.AddTube(
                Smooth(
                    [
                        new(x, y),
                        out1,
                        new(x + side * 60, y + random.Uniform(20, 120)),
                        new(x + side * 130, y + random.Uniform(60, 260)),
                    ],
                    1,
                    0.9),
                0,
                SteelMu * 0.5);
        }
    }

    /// <summary>Catmull-Rom through the points; y times <paramref name="scaleY"/>.</summary>
    private static TubePoint[] Smooth(Point2D[] points, double scaleY, double radiusMm)
    {
        const int parts = 10;
        var line = new TubePoint[(points.Length - 1) * parts + 1];
        for (var i = 0; i < line.Length; i++)
        {
            var segment = Math.Min(i / parts, points.Length - 2);
            var t = (double)i / parts - segment;
            var (p0, p1) = (points[Math.Max(0, segment - 1)], points[segment]);
            var (p2, p3) = (points[segment + 1], points[Math.Min(points.Length - 1, segment + 2)]);
            var p =
                (
                    p1 * 2
                    + (p2 - p0) * t
                    + (p0 * 2 - p1 * 5 + p2 * 4 - p3) * (t * t)
                    + (p1 * 3 - p0 - p2 * 3 + p3) * (t * t * t)
                ) * 0.5;
            line[i] = new(p.X, p.Y * scaleY, radiusMm);
        }
        return line;
    }
}
