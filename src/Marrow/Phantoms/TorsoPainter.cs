using Marrow.Imaging;

namespace Marrow.Phantoms;

/// <summary>
/// Soft tissue and air: the body's outline and depth, both lungs with the diaphragm's domes, heart, great vessels and
/// hila that take their place, the windpipe, and what illness changes of it. One pass over the pixels; thicknesses
/// along the beam in mm, then mu times (body - air).
/// </summary>
internal static class TorsoPainter
{
    public const double SoftTissueMu = 0.0195; // water at about 65 keV effective, 1/mm (NIST XCOM)

    public static void Paint(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var tissue = new NoiseField(random, map.Width, map.Height, 38 / map.MmPerPixel);
        var fat = new NoiseField(random, map.Width, map.Height, 11 / map.MmPerPixel);
        var parenchyma = new NoiseField(random, map.Width, map.Height, 4.5 / map.MmPerPixel);
        var clumps = new NoiseField(random, map.Width, map.Height, 16 / map.MmPerPixel);
        var unevenness = new float[map.Width];
        var mottle = new float[map.Width];
        for (var row = 0; row < map.Height; row++)
        {
            Array.Clear(unevenness);
            Array.Clear(mottle);
            tissue.AddRow(row, 0.018f, unevenness);
            fat.AddRow(row, 0.008f, unevenness);
            parenchyma.AddRow(row, 0.05f, mottle);
            clumps.AddRow(row, 0.06f, mottle);
            var slice = new BodySlice(patient, map.YMm(row));
            for (var column = 0; column < map.Width; column++)
            {
                var x = map.XMm(column);
                var body = slice.BodyMm(x);
                var air = body <= 0 ? 0 : slice.AirMm(x, mottle[column]);
                map.Values[row * map.Width + column] = (float)(
                    SoftTissueMu * Math.Max(0, body * (1 + unevenness[column]) - air));
            }
        }
    }

    /// <summary>Branching vessels of both lungs, thinning outwards.</summary>
    public static void PaintVessels(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        var thickness = 1 + 0.7 * patient.Signs.Edema;
        foreach (var side in (int[])[-1, 1])
        {
            var hilumY = patient.ThoraxScale * (side < 0 ? 122 : 114);
            var hilumX = patient.MediastinumCenterAt(hilumY) + side * (patient.MediastinumMm + 8);
            for (var i = 0; i < 17; i++)
            {
                var direction = random.Uniform(-1.25, 1.35); // down is positive
                Grow(
                    map,
                    patient,
                    random,
                    side,
                    hilumX,
                    hilumY + random.Uniform(-20, 22),
                    direction,
                    random.Uniform(1.9, 3.6) * thickness,
                    0);
            }
        }
    }

    /// <summary>Gas in stomach and bowel.</summary>
    public static void PaintGas(AttenuationMap map, PhantomPatient patient, SeededRandom random)
    {
        if (random.Chance(0.6))
        {
            var y = patient.DomeLeftMm * patient.ThoraxScale + random.Uniform(16, 30);
            map.AddEllipse(
                patient.CageCenterAt(y) + random.Uniform(48, 70),
                y,
                random.Uniform(16, 34),
                random.Uniform(8, 17),
                random.Uniform(-0.3, 0.3), -SoftTissueMu * random.Uniform(15, 60), 2);
        }
        var loops = random.Next(6);
        for (var i = 0; i < loops; i++)
        {
            var x = random.Sign() * random.Uniform(30, 110);
            var y = patient.Spine.ThoraxEndMm + random.Uniform(25, 240);
            if (random.Chance(0.5))
                PaintLoop(map, random, x, y);
            else
                PaintStool(map, random, x, y);
        }
    }

    /// <summary>A piece of bowel full of gas, pouch by pouch.</summary>
    private static void PaintLoop(AttenuationMap map, SeededRandom random, double x, double y)
    {
        var direction = random.Uniform(0, 6.28);
        var size = random.Uniform(8, 15);
        var line = new TubePoint[2 + 3 * random.Next(6)];
        for (var i = 0; i < line.Length; i++)
        {
            line[i] = new(x, y, size * (i % 3 == 2 ? 0.72 : random.Uniform(0.92, 1.08)));
            direction += random.Uniform(-0.3, 0.3);
            var (sin, cos) = PhantomMath.SinCos(direction);
            (x, y) = (x + cos * size * 0.55, y + sin * size * 0.55);
        }
        map.AddTube(line, 0, -SoftTissueMu * random.Uniform(0.4, 1.5));
    }

    /// <summary>Small bubbles in the bowel's contents.</summary>
    private static void PaintStool(AttenuationMap map, SeededRandom random, double x, double y)
    {
        for (var bubbles = 15 + random.Next(35); bubbles > 0; bubbles--)
        {
            var size = random.Uniform(1.5, 5);
            map.AddEllipse(
                x + 13 * PhantomMath.Normal(random),
                y + 17 * PhantomMath.Normal(random),
                size,
                size * random.Uniform(0.6, 1.2),
                random.Uniform(0, 3), -SoftTissueMu * size * random.Uniform(0.6, 1.6), 2);
        }
    }

    private static void Grow(
        AttenuationMap map,
        PhantomPatient patient,
        SeededRandom random,
        int side,
        double x,
        double y,
        double direction, double radiusMm, int depth)
    {
        var line = new List<TubePoint> { new(x, y, radiusMm) };
        while (radiusMm > 0.35 && line.Count < 14)
        {
            direction += random.Uniform(-0.4, 0.4);
            var (sin, cos) = PhantomMath.SinCos(direction);
            (x, y) = (x + side * cos * 7, y + sin * 7);
            radiusMm *= random.Uniform(0.8, 0.93);
            if (!InLung(patient, side, x, y))
                break;
            line.Add(new(x, y, radiusMm));
            if (depth < 3 && random.Chance(0.42))
                Grow(
                    map,
                    patient,
                    random,
                    side,
                    x,
                    y,
                    direction + random.Sign() * random.Uniform(0.35, 0.8),
                    radiusMm * 0.75,
                    depth + 1);
        }
        map.AddTube(line.ToArray(), 0, SoftTissueMu * 1.1);
    }

    private static bool InLung(PhantomPatient patient, int side, double x, double y)
    {
        var across = side * (x - patient.CageCenterAt(y));
        var limit = patient.CageHalfWidthAt(y) - 5;
        if (side == Math.Sign(patient.Signs.PneumothoraxMm))
            limit -= Math.Abs(patient.Signs.PneumothoraxMm);
        var dome = (side < 0 ? patient.DomeRightMm : patient.DomeLeftMm) * patient.ThoraxScale;
        return across > 10 && across < limit && y < dome + 14;
    }
}
