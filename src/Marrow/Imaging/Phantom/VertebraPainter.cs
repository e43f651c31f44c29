using Marrow.Spine;

namespace Marrow.Imaging.Phantom;

/// <summary>
/// Vertebrae as the beam shows them from the front: the body between cortical end plates and side walls, the second
/// contour of a plate seen at a slant, pedicles as two ovals, transverse and articular processes, laminae and the
/// spinous process in the middle. The corners of the painted body are the labelled landmarks.
/// </summary>
internal static class VertebraPainter
{
    public static void Paint(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var texture = new NoiseField(random, map.Width, map.Height, 1.7 / map.MmPerPixel);
        // The neck above T1 is seen, though not labelled.
        var y = 0.0;
        for (var level = -1; level >= -4; level--)
        {
            y = patient.Spine.Advance(y, -4.5);
            var start = patient.Spine.Advance(y, -13.5);
            var (body, _) = patient.Spine.BodyAt(start, 13.5, 30, 31);
            PaintOne(map, patient, random, texture, body, level);
            y = start;
        }
        for (var level = 0; level < Vertebra.Count; level++)
            PaintOne(map, patient, random, texture, patient.Spine.Vertebrae[level], level);

        // Muscle and ligament along the spine.
        var end = patient.Spine.EndMm;
        map.Add(map.LeftMm, -70, map.LeftMm + map.Width * map.MmPerPixel, end + 60, (px, py) =>
            0.16 * PhantomMath.Bump((px - patient.Spine.XAt(py)) / (36 + 0.07 * Math.Max(0, py - 240))));
    }

    private static void PaintOne(AttenuationMap map, PhantomPatient patient, SeededRandom random, NoiseField texture, Vertebra body, int level)
    {
        var lumbar = PhantomMath.SmoothStep(9, 13, level);
        var density = patient.BoneDensity * (0.94 + 0.06 * lumbar);
        var rotation = Math.Clamp(patient.Rotation
            + 1.1 * (patient.Spine.SlopeAt(body.Center.Y + 22) - patient.Spine.SlopeAt(body.Center.Y - 22)), -0.42, 0.42);
        PaintBody(map, body, density, lumbar, random.Uniform(0.4, 3.2), random.Chance(0.5), texture);
        PaintArch(map, body, density, lumbar, level, rotation, random);
    }

    private static void PaintBody(AttenuationMap map, Vertebra body, double density, double lumbar, double slantMm, bool slantAbove, NoiseField texture)
    {
        var width = body.TopLeft.DistanceTo(body.TopRight);
        var (upper, lower) = (new Edge(body.TopLeft, body.TopRight), new Edge(body.BottomRight, body.BottomLeft));
        var (left, right) = (new Edge(body.BottomLeft, body.TopLeft), new Edge(body.TopRight, body.BottomRight));
        var (plateMm, plate) = map.Widen(1.35, 0.40 * density);
        var (wallMm, wall) = map.Widen(1.2, 0.24 * density);
        var spongy = SkeletonPainter.SpongyMu * 0.82 * width * density;
        var (sagMm, waistMm) = (0.5 + 0.7 * lumbar, 0.8 + 1.2 * lumbar);
        const double marginMm = 4;
        var (minX, maxX) = (Math.Min(body.TopLeft.X, body.BottomLeft.X), Math.Max(body.TopRight.X, body.BottomRight.X));
        var (minY, maxY) = (Math.Min(body.TopLeft.Y, body.TopRight.Y), Math.Max(body.BottomLeft.Y, body.BottomRight.Y));
        var (x0, y0, x1, y1) = map.Box(minX - marginMm, minY - marginMm, maxX + marginMm, maxY + marginMm);
        for (var row = y0; row < y1; row++)
        {
            for (var column = x0; column < x1; column++)
            {
                var p = new Point2D(map.XMm(column), map.YMm(row));
                var (dUpper, dLower, dLeft, dRight) = (upper.Inside(p), lower.Inside(p), left.Inside(p), right.Inside(p));
                if (Math.Min(Math.Min(dUpper, dLower), Math.Min(dLeft, dRight)) < -marginMm)
                    continue;
                var u = Math.Clamp((dLeft - dRight) / Math.Max(1, dLeft + dRight), -1, 1);
                var v = Math.Clamp((dUpper - dLower) / Math.Max(1, dUpper + dLower), -1, 1);
                var dome = 1 - u * u;
                // End plates sag a little in the middle, side walls have a waist.
                dUpper -= sagMm * dome;
                dLower -= sagMm * dome;
                var dSide = Math.Min(dLeft, dRight) - waistMm * (1 - v * v);
                var insidePlates = Math.Min(dUpper, dLower);
                var inside = Soft(insidePlates) * Soft(dSide);
                if (inside <= 0)
                    continue;
                var value = spongy * inside * (0.5 + 0.5 * Math.Sqrt(dome)) * (1 + 0.16 * texture.At(column, row));
                var across = Soft(dSide);
                var strength = 0.72 + 0.28 * Math.Sqrt(dome);
                value += plate * across * strength * (PhantomMath.Bump((dUpper - 0.5) / plateMm) + PhantomMath.Bump((dLower - 0.5) / plateMm));
                // The far rim of a slanted plate.
                var slanted = (slantAbove ? dUpper : dLower) - slantMm * Math.Sqrt(dome);
                value += 0.45 * plate * across * PhantomMath.Bump((slanted - 0.5) / plateMm);
                value += wall * Soft(insidePlates) * PhantomMath.Bump((dSide - 0.5) / wallMm);
                map.Values[row * map.Width + column] += (float)value;
            }
        }
        double Soft(double distance) => PhantomMath.SmoothStep(-0.8, 0.8, distance);
    }

    private static void PaintArch(AttenuationMap map, Vertebra body, double density, double lumbar, int level, double rotation, SeededRandom random)
    {
        var across = body.Axis * 0.5; // one unit of u
        var down = (body.LowerMidpoint - body.UpperMidpoint) * 0.5; // one unit of v
        var half = Math.Sqrt(across.X * across.X + across.Y * across.Y);
        var tilt = across.Y / half; // small angles: the tangent serves
        Point2D At(double u, double v) => body.Center + across * u + down * v;
        TubePoint Tube(double u, double v, double radius)
        {
            var p = At(u, v);
            return new(p.X, p.Y, radius);
        }

        var thoracic = 1 - lumbar;
        var cortex = SkeletonPainter.CortexMu * 0.42 * density;
        var spongy = SkeletonPainter.SpongyMu * 0.75 * density;
        var pedicleV = -0.22 - 0.1 * thoracic;
        foreach (var side in (int[])[-1, 1])
        {
            var u = side * (0.62 - 0.04 * thoracic) + 0.55 * rotation;
            var pedicle = At(u, pedicleV);
            var squeeze = 1 - 0.5 * Math.Abs(rotation) * (side * rotation < 0 ? 1 : 0.2);
            map.AddRing(pedicle.X, pedicle.Y, (2.9 + 1.7 * lumbar) * squeeze, 4.1 + 1.9 * lumbar, tilt, 1.25, 0.24 * density, 0.06 * density);
            // Transverse process: up and outwards in the chest, straight out and slender below.
            if (level >= -1)
            {
                var tip = side * (1.72 + 0.1 * lumbar + random.Uniform(-0.05, 0.05)) + 0.2 * rotation;
                map.AddTube([Tube(u, pedicleV, 4.2), Tube(0.5 * (u + tip), pedicleV - 0.18 * thoracic, 3.6), Tube(tip, pedicleV - 0.42 * thoracic + 0.12 * lumbar, 3.4 - 0.4 * lumbar)],
                    0.9, cortex, spongy);
            }
            // Lamina and the joint with the vertebra below.
            map.AddTube([Tube(u, pedicleV + 0.2, 3.4), Tube(0.55 * side + rotation * 0.8, 0.4, 3.6), Tube(0.52 * side + rotation * 0.8, 1.12, 3 + 1.4 * lumbar)],
                0.9, cortex * (0.45 + 0.65 * lumbar), spongy * 0.7);
            map.AddTube([Tube(u, pedicleV, 3.4), Tube(u + 0.05 * side, -1.05 - 0.1 * lumbar, 2.4 + 1.6 * lumbar)], 0.9, cortex * (0.3 + 0.8 * lumbar), spongy * 0.7);
            map.AddTube([Tube(0.55 * side + rotation * 0.8, 0.3, 3), Tube(rotation * 1.3, 0.62, 3)], 0.9, cortex * 0.6, spongy * 0.5);
        }
        var process = At(rotation * 1.35 + random.Uniform(-0.04, 0.04), 0.72 + 0.18 * thoracic);
        map.AddRing(process.X, process.Y, 2.5 + 0.7 * lumbar, 5.6 + 2.6 * lumbar, tilt, 1.2, 0.22 * density, 0.13 * density);
    }

    /// <summary>A directed line whose inside lies to its right as one goes from a to b on the screen.</summary>
    private readonly struct Edge
    {
        private readonly Point2D _from;
        private readonly double _nx, _ny;

        public Edge(Point2D a, Point2D b)
        {
            var (dx, dy) = (b.X - a.X, b.Y - a.Y);
            var inverse = 1 / Math.Sqrt(dx * dx + dy * dy);
            (_from, _nx, _ny) = (a, -dy * inverse, dx * inverse);
        }

        /// <summary>Distance on the inside, mm; negative outside.</summary>
        public double Inside(Point2D p) => (p.X - _from.X) * _nx + (p.Y - _from.Y) * _ny;
    }
}
