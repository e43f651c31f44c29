using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Phantoms;

/// <summary>
/// Vertebrae as the beam shows them from the front: the body between cortical end plates and side walls, the second
/// contour of a plate seen at a slant, pedicles as two ovals, transverse and articular processes, laminae and the
/// spinous process in the middle. The corners of the painted body are the labelled landmarks.
/// </summary>
internal static class VertebraPainter
{
    private const double RoundingMm = 1.6;

    public static void Paint(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var textures = new Textures(
            new(random, map.Width, map.Height, 1.3 / map.MmPerPixel),
            new(random, map.Width, map.Height, 6 / map.MmPerPixel));
        // The neck above T1 is seen, though not labelled.
        var y = 0.0;
        for (var level = -1; level >= -4; level--)
        {
            y = patient.Spine.Advance(y, -4.5);
            var start = patient.Spine.Advance(y, -13.5);
            var (body, _) = patient.Spine.BodyAt(start, 13.5, 30, 31);
            PaintOne(map, patient, random, textures, body, level);
            y = start;
        }
        for (var level = 0; level < Vertebra.Count; level++)
            PaintOne(map, patient, random, textures, patient.Spine.Vertebrae[level], level);

        // Muscle and ligament along the spine.
        var end = patient.Spine.EndMm;
        map.Add(map.LeftMm, -70, map.LeftMm + map.Width * map.MmPerPixel, end + 60, (px, py) =>
            0.1 * PhantomMath.Bump((px - patient.Spine.XAt(py)) / (38 + 0.07 * Math.Max(0, py - 240))));
    }

    private static void PaintOne(
        AttenuationMap map,
        PhantomPatient patient,
        SeededRandom random,
        Textures textures,
        Vertebra body,
        int level)
    {
        var lumbar = PhantomMath.SmoothStep(9, 13, level);
        var density = patient.BoneDensity * (0.85 + 0.15 * lumbar);
        var rotation = Math.Clamp(
            patient.Rotation
                + 1.1 * (patient.Spine.SlopeAt(body.Center.Y + 22) - patient.Spine.SlopeAt(body.Center.Y - 22)),
            -0.42,
            0.42);
        PaintBody(map, body, density, lumbar, random, textures);
        PaintArch(map, body, density, lumbar, level, rotation, random);
    }

    private static void PaintBody(
        AttenuationMap map,
        Vertebra body,
        double density,
        double lumbar,
        SeededRandom random,
        Textures textures)
    {
        var width = body.TopLeft.DistanceTo(body.TopRight);
        var (upper, lower) = (new Edge(body.TopLeft, body.TopRight), new Edge(body.BottomRight, body.BottomLeft));
        var (left, right) = (new Edge(body.BottomLeft, body.TopLeft), new Edge(body.TopRight, body.BottomRight));
        var (plateMm, upperPlate) = map.Widen(1.1, 0.42 * density * random.Uniform(0.7, 1.15));
        var lowerPlate = upperPlate * random.Uniform(0.8, 1.2);
        var (wallMm, wall) = map.Widen(1.0, 0.3 * density * random.Uniform(0.6, 1.1));
        var (slantMm, slantAbove) = (random.Uniform(0.6, 3.4), random.Chance(0.5));
        var spongy = SkeletonPainter.SpongyMu * 0.40 * width * density;
        var (sagMm, waistMm) = (0.25 + 0.3 * lumbar, 0.9 + 1.3 * lumbar);
        const double marginMm = 4;
        var (minX, maxX) = (Math.Min(body.TopLeft.X, body.BottomLeft.X), Math.Max(body.TopRight.X, body.BottomRight.X));
        var (minY, maxY) = (Math.Min(body.TopLeft.Y, body.TopRight.Y), Math.Max(body.BottomLeft.Y, body.BottomRight.Y));
        var (x0, y0, x1, y1) = map.Box(minX - marginMm, minY - marginMm, maxX + marginMm, maxY + marginMm);
        for (var row = y0; row < y1; row++)
        {
            for (var column = x0; column < x1; column++)
            {
                var p = new Point2D(map.XMm(column), map.YMm(row));
                var (dUpper, dLower, dLeft, dRight) = (
                    upper.Inside(p),
                    lower.Inside(p),
                    left.Inside(p),
                    right.Inside(p));
                if (Math.Min(Math.Min(dUpper, dLower), Math.Min(dLeft, dRight)) < -marginMm)
                    continue;
                var u = Math.Clamp((dLeft - dRight) / Math.Max(1, dLeft + dRight), -1, 1);
                var v = Math.Clamp((dUpper - dLower) / Math.Max(1, dUpper + dLower), -1, 1);
                var dome = 1 - u * u;
                // End plates sag a little in the middle, side walls have a waist, corners are rounded.
                dUpper -= sagMm * dome;
                dLower -= sagMm * dome;
                var dSide = Math.Min(dLeft, dRight) - waistMm * (1 - v * v);
                var dPlate = Math.Min(dUpper, dLower);
                var (px, py) = (Math.Max(0, RoundingMm - dSide), Math.Max(0, RoundingMm - dPlate));
                var inside = RoundingMm - Math.Sqrt(px * px + py * py); // from the rounded outline, mm
                var covered = PhantomMath.SmoothStep(-0.7, 0.7, inside);
                if (covered <= 0)
                    continue;
                var (fine, coarse) = (textures.Fine.At(column, row), textures.Coarse.At(column, row));
                var value = spongy * covered * (0.5 + 0.5 * Math.Sqrt(dome)) * (1 + 0.3 * fine + 0.15 * coarse);
                var plate =
                    (dUpper < dLower ? upperPlate : lowerPlate) * (1 + 0.55 * coarse) * (0.7 + 0.3 * Math.Sqrt(dome));
                value += covered * plate * PhantomMath.Bump((dPlate - 0.4) / plateMm);
                // The far rim of a slanted plate.
                var slanted = (slantAbove ? dUpper : dLower) - slantMm * Math.Sqrt(dome);
                value += 0.5 * covered * plate * PhantomMath.Bump((slanted - 0.4) / plateMm);
                value += covered * wall * (1 - 0.4 * coarse) * PhantomMath.Bump((dSide - 0.4) / wallMm);
                map.Values[row * map.Width + column] += (float)value;
            }
        }
    }

    private static void PaintArch(
        AttenuationMap map,
        Vertebra body,
        double density,
        double lumbar,
        int level,
        double rotation,
        SeededRandom random)
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
        var cortex = SkeletonPainter.CortexMu * 0.8 * density * random.Uniform(0.8, 1.15);
        var spongy = SkeletonPainter.SpongyMu * 0.6 * density;
        var pedicleV = -0.2 - 0.12 * thoracic;
        foreach (var side in (int[])[-1, 1])
        {
            var u = side * (0.73 - 0.06 * thoracic) + 0.5 * rotation;
            var pedicle = At(u, pedicleV);
            var squeeze = 1 - 0.5 * Math.Abs(rotation) * (side * rotation < 0 ? 1 : 0.2);
            map.AddRing(
                pedicle.X,
                pedicle.Y,
                (2.1 + 1.1 * lumbar) * squeeze,
                4.2 + 2.2 * lumbar,
                tilt,
                0.95,
                0.42 * density,
                0.1 * density);
            // Transverse process: up and outwards in the chest, straight out and slender below.
            if (level >= -1)
            {
                var tip = side * (1.68 + 0.12 * lumbar + random.Uniform(-0.06, 0.06)) + 0.2 * rotation;
                map.AddTube(
                    [
                        Tube(u, pedicleV, 4),
                        Tube(0.5 * (u + tip), pedicleV - 0.18 * thoracic, 3.3 - 0.5 * lumbar),
                        Tube(tip, pedicleV - 0.42 * thoracic + 0.1 * lumbar, 3 - 1.6 * lumbar),
                    ],
                    0.6, cortex * (0.9 - 0.35 * lumbar), spongy * 1.2);
            }
            // Joints with the vertebrae above and below; they cross the discs.
            var wide = 0.62 + 0.1 * lumbar;
            map.AddTube(
                [
                    Tube(u, pedicleV + 0.1, 3),
                    Tube(wide * side + 0.6 * rotation, 0.55, 3.2 + lumbar),
                    Tube((wide - 0.08) * side + rotation * 0.7, 1.3, 2.6 + 1.8 * lumbar),
                ],
                0.75, cortex * (0.5 + 0.9 * lumbar), spongy * (1.2 + 1.2 * lumbar));
            map.AddTube(
                [Tube(u, pedicleV, 3), Tube(u + 0.04 * side, -1.12 - 0.12 * lumbar, 2.2 + 1.8 * lumbar)],
                0.75,
                cortex * (0.4 + 0.9 * lumbar),
                spongy * (1 + lumbar));
            // Lamina, sloping to the middle; above it the canal's opening stays dark.
            map.AddTube(
                [
                    Tube(0.66 * side + rotation * 0.7, -0.02, 3.4),
                    Tube(0.34 * side + rotation, 0.42, 5.2),
                    Tube(0.1 * side + rotation * 1.2, 0.78, 4.4),
                ],
                0.7, cortex * 1.1, spongy * 3);
        }
        // The spinous process: a narrow ridge that ends in a drop.
        var (ridge, lean) = (rotation * 1.1, random.Uniform(-0.05, 0.05));
        map.AddTube(
            [
                Tube(ridge, 0.05, 1.2),
                Tube(ridge + lean, 0.6, 1.7 + 0.4 * lumbar),
                Tube(ridge + 0.2 * rotation + lean, 1.1 + 0.15 * thoracic, 2.1 + 0.8 * lumbar),
            ],
            0.7, cortex * 2.6, spongy * 2);
    }

    /// <summary>Unevenness of spongy bone and of cortex.</summary>
    private sealed record Textures(NoiseField Fine, NoiseField Coarse);

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
