namespace Marrow.Tests;

/// <summary>What tests of drawn weights compare them by.</summary>
internal static class DrawnWeights
{
    public static double Deviation(float[] values)
    {
        var mean = values.Average(v => (double)v);
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }

    public static double Correlation(float[] a, float[] b)
    {
        var (meanA, meanB) = (a.Average(v => (double)v), b.Average(v => (double)v));
        return a.Zip(b, (x, y) => (x - meanA) * (y - meanB)).Average() / Deviation(a) / Deviation(b);
    }
}
