namespace Marrow.Phantoms;

/// <summary>
/// The body at one height: how much of it, and how much air in it, the beam meets at each lateral position. Cross
/// sections are ellipses, so a chord's square root gives the sharp silhouettes of heart and diaphragm by itself.
/// </summary>
internal readonly struct BodySlice
{
    private readonly PhantomPatient _p;
    private readonly double _y; // canonical: the chest of an unbent spine, mm
    private readonly double _bodyCenter, _bodyHalf, _bodyDepth, _shoulderHalf, _shoulderDepth;
    private readonly double _cageCenter, _cageHalf, _lungDepth;
    private readonly double _middle, _columnLeft, _columnRight, _aorta, _windpipe;

    public BodySlice(PhantomPatient patient, double yMm)
    {
        _p = patient;
        var y = _y = yMm / patient.ThoraxScale;
        _cageCenter = patient.CageCenterAt(yMm);
        _cageHalf = patient.CageHalfWidthAt(yMm);
        _middle = patient.MediastinumCenterAt(yMm);
        _aorta = patient.Spine.XAt(yMm) * 0.9 + 17;
        _windpipe = y is > -120 and < 95 ? _middle + 2 : double.NaN;

        // Outline: neck, sloping shoulders, chest, waist, hips.
        var chest = patient.CageHalfWidthMm + patient.SubcutaneousMm;
        var waist =
            chest * (1 - 0.1 * PhantomMath.SmoothStep(235, 320, y) + 0.16 * PhantomMath.SmoothStep(330, 440, y));
        var neck = 54 + 0.2 * patient.SubcutaneousMm;
        _bodyHalf = neck + (waist - neck) * PhantomMath.SmoothStep(-42, 40, y);
        _bodyDepth =
            118 + (patient.ChestDepthMm + 0.4 * patient.SubcutaneousMm - 118) * PhantomMath.SmoothStep(-45, 120, y);
        _bodyDepth += 14 * PhantomMath.SmoothStep(250, 420, y);
        _bodyCenter = y < 0 ? 0.5 * _middle : 0.8 * _cageCenter;
        // Shoulders and upper arms reach past the picture's sides.
        var slope = Math.Clamp((y + 52) / 70, 0, 1);
        _shoulderHalf = 40 + 170 * slope * Math.Sqrt(slope) + 8 * Math.Max(0, slope - 0.9);
        _shoulderDepth = y is > -52 and < 150 ? 112 * (1 - PhantomMath.SmoothStep(55, 150, y)) : 0;

        var rise = Math.Clamp((y - 2) / 150, 0, 1);
        _lungDepth = patient.LungDepthMm * (0.42 + 0.58 * Math.Sqrt(rise * (2 - rise)));

        // Half-widths of the mediastinum: vessels above, then the roots of the lungs, then what the heart adds.
        var upper = patient.MediastinumMm;
        var narrowing = 1 - 0.16 * PhantomMath.Bump((y - 92) / 40);
        _columnLeft = (upper + 1.5) * narrowing + 2 * PhantomMath.SmoothStep(150, 210, y);
        _columnRight = upper * narrowing + 3 * PhantomMath.SmoothStep(90, 160, y);
    }

    /// <summary>mm of tissue and air together.</summary>
    public double BodyMm(double x)
    {
        var e = (x - _bodyCenter) / _bodyHalf;
        // flatter than an ellipse
        var body = Math.Abs(e) < 1 ? _bodyDepth * Math.Sqrt(1 - e * e * (0.35 + 0.65 * e * e)) : 0;
        var shoulders = _shoulderDepth * PhantomMath.Chord((x - _bodyCenter) / _shoulderHalf);
        var thickness = Math.Max(body, shoulders);
        if (_p.BreastMm > 0)
        {
            foreach (var side in (ReadOnlySpan<int>)[-1, 1])
            {
                var (u, v) = ((x - _bodyCenter - side * 74) / 56, (_y - 172) / (_y < 172 ? 78 : 40));
                thickness += _p.BreastMm * Math.Sqrt(Math.Max(0, 1 - u * u - v * v));
            }
        }
        return thickness;
    }

    /// <summary>mm of tissue that the lungs and the windpipe leave out.</summary>
    public double AirMm(double x, double mottle)
    {
        var air = _cageHalf > 0 ? LungMm(x, mottle) : 0;
        if (!double.IsNaN(_windpipe))
            air += 15 * PhantomMath.Chord((x - _windpipe) / 8.2);
        return air;
    }

    private double LungMm(double x, double mottle)
    {
        var across = (x - _cageCenter) / _cageHalf;
        var lung = _lungDepth * PhantomMath.Chord(across);
        if (lung <= 0)
            return 0;
        var side = across < 0 ? -1 : 1;
        var distance = Math.Abs(x - _cageCenter);
        lung -= MediastinumMm(x);
        if (lung <= 0)
            return 0;

        lung *= AboveDiaphragm(side, distance);
        var lost = Lost(side, distance, mottle);
        var aerated = 1 - _p.LungDensity * (1 + 2.2 * mottle);
        var pneumothorax = _p.Signs.PneumothoraxMm;
        if (pneumothorax != 0 && side == Math.Sign(pneumothorax))
        {
            // Outside the collapsed lung's edge is air alone; the edge itself is a fine line.
            var top = 1 + 0.9 * PhantomMath.SmoothStep(120, 10, _y);
            var inside = _cageHalf - Math.Abs(pneumothorax) * top - distance;
            var beyond = PhantomMath.SmoothStep(0.8, -0.8, inside);
            aerated += (1 - aerated) * beyond - 0.035 * (1 - beyond);
            lost *= 1 - beyond;
            lung -= 5 * PhantomMath.Bump(inside / 1.8);
        }
        return Math.Max(0, lung) * aerated * (1 - lost);
    }

    /// <summary>Heart, great vessels and hila along the beam, mm; the largest of what overlaps.</summary>
    private double MediastinumMm(double x)
    {
        var dx = x - _middle;
        var half = dx < 0 ? _columnLeft : _columnRight;
        var e = dx / half;
        var column = Math.Abs(e) < 1 ? _lungDepth * 0.97 * Math.Sqrt(1 - e * e * e * e) : 0;

        var s = _p.HeartScale;
        var heart = Ellipse(dx - 23 * s, _y - 172 - 6 * (s - 1), 68 * s, 47 * s, 0.80, 0.60) * 118;
        var atrium = Ellipse(dx + 7 * s, _y - 172, 30 * s, 48 * s, 1, 0) * 92;
        var knob = Ellipse(dx - _p.MediastinumMm + 5, _y - 74, _p.AorticKnobMm + 2, _p.AorticKnobMm + 7, 1, 0) * 74;
        var trunk = Ellipse(dx - 13, _y - 114, 21, 36, 0.95, 0.31) * 84;
        var hila =
            (Fade(dx + _p.MediastinumMm + 10, _y - 122, 17, 26) + Fade(dx - _p.MediastinumMm - 11, _y - 114, 16, 24))
            * (36 + 30 * _p.Signs.Edema);
        var aorta = 17 * PhantomMath.Chord((x - _aorta) / 12) * PhantomMath.SmoothStep(60, 90, _y);
        // A smooth maximum: where two organs touch, their outlines run into each other.
        var silhouette = Math.Sqrt(
            Math.Sqrt(Fourth(column) + Fourth(heart) + Fourth(atrium) + Fourth(knob) + Fourth(trunk)));
        return silhouette + hila + (silhouette > 60 ? aorta : 0.6 * aorta);
    }

    /// <summary>
    /// Share of the lung that lies above the dome: 1 above its edge, then the recess behind it, thinning.
    /// </summary>
    private double AboveDiaphragm(int side, double distance)
    {
        var dome = side < 0 ? _p.DomeRightMm : _p.DomeLeftMm;
        var peak = 0.5 * _cageHalf;
        double edge;
        if (distance > peak)
        {
            var q = Math.Min(1, (distance - peak) / (_cageHalf - peak));
            edge = dome + 74 * (1 - Math.Sqrt(1 - 0.97 * q * q));
        }
        else
        {
            var q = (peak - distance) / peak;
            edge = dome + 11 * q * q;
        }
        var depth = _y - edge;
        var share = 1.0;
        if (depth > 0)
        {
            var h = 1 - Math.Min(1, depth / 62);
            share = 1 - Math.Sqrt(1 - h * h);
            share *= 0.8 * share;
        }
        var effusion = side < 0 ? _p.Signs.EffusionLeftMm : _p.Signs.EffusionRightMm;
        if (effusion > 0)
        {
            // Fluid stands at a level in the middle and climbs the ribs: the meniscus.
            var q = Math.Clamp(distance / _cageHalf, 0, 1);
            var level = dome + 40 - effusion - 34 * q * q * q * q;
            share *= 1 - 0.97 * PhantomMath.SmoothStep(-7, 9, _y - level);
        }
        return share;
    }

    /// <summary>Share of the air that illness took.</summary>
    private double Lost(int side, double distance, double mottle)
    {
        var lost = 0.0;
        foreach (var patch in _p.Signs.Patches)
        {
            if (patch.Side != side)
                continue;
            var dome = side < 0 ? _p.DomeRightMm : _p.DomeLeftMm;
            var (sin, cos) = PhantomMath.SinCos(patch.TiltRadians);
            var (dx, dy) = (distance - (25 + patch.Across * (_cageHalf - 25)), _y - (20 + patch.Down * (dome - 20)));
            var (u, v) = ((dx * cos + dy * sin) / patch.RadiusXMm, (dy * cos - dx * sin) / patch.RadiusYMm);
            var inside = 1 - Math.Sqrt(u * u + v * v) + (1 - patch.Sharpness) * 2.2 * mottle;
            lost = Math.Max(lost, patch.Strength * PhantomMath.SmoothStep(0, 1.02 - 0.9 * patch.Sharpness, inside));
        }
        if (_p.Signs.Edema > 0)
        {
            var (u, v) = ((distance - 40) / 62, (_y - 140) / 82);
            lost = Math.Max(lost, _p.Signs.Edema * PhantomMath.Bump(Math.Sqrt(u * u + v * v)) * (0.62 + 2.5 * mottle));
        }
        return Math.Clamp(lost, 0, 0.97);
    }

    private static double Fourth(double x) => x * x * (x * x);

    private static double Ellipse(double dx, double dy, double radiusX, double radiusY, double cos, double sin)
    {
        var (u, v) = ((dx * cos + dy * sin) / radiusX, (dy * cos - dx * sin) / radiusY);
        var q = 1 - u * u - v * v;
        return q > 0 ? Math.Sqrt(q) : 0;
    }

    private static double Fade(double dx, double dy, double radiusX, double radiusY)
    {
        var (u, v) = (dx / radiusX, dy / radiusY);
        var q = 1 - u * u - v * v;
        return q > 0 ? q * q : 0;
    }
}
