using Marrow.Imaging;

namespace Marrow.Metrics;

/// <summary>How intervals are made.</summary>
public sealed class BootstrapOptions
{
    public BootstrapOptions()
    {
    }

    internal BootstrapOptions(BootstrapOptions other) =>
        (Resamples, Seed, Level, KeepDraws, Cancellation) =
        (other.Resamples, other.Seed, other.Level, other.KeepDraws, other.Cancellation);

    /// <summary>Times the patients are drawn again; 0 leaves intervals out.</summary>
    internal int Resamples { get; init; } = 1000;

    internal ulong Seed { get; init; } = 1;

    /// <summary>Share of the resampled values within the interval.</summary>
    internal double Level { get; init; } = 0.95;

    /// <summary>Keep each resampled value, in <see cref="MetricValue.Draws"/>.</summary>
    internal bool KeepDraws { get; init; }

    /// <summary>The wish to stop.</summary>
    internal CancellationToken Cancellation { get; init; }
}

/// <summary>
/// The percentile bootstrap over patients (Efron and Tibshirani 1993, chapter 13; resampling whole clusters: Davison
/// and Hinkley 1997, section 3.8). Patients, not images, are drawn with replacement, since images of one patient err
/// alike. A statistic is a function of the images' weights: how often each was drawn, all 1 for the value itself.
/// </summary>
public static class Bootstrap
{
    /// <summary>
    /// The statistic and its interval. The bounds are NaN with fewer than two patients, or when the statistic is
    /// undefined in half of the resamples or more; undefined resamples are left out otherwise.
    /// </summary>
    /// <param name="name">Known to <see cref="MetricCatalogue"/>.</param>
    /// <param name="patients">[images]: the patient of each.</param>
    /// <param name="statistic">Weights [images] to value; it must not keep or change them.</param>
    /// <param name="count">Images that went in; null for all.</param>
    public static MetricValue Interval(string name, IReadOnlyList<string> patients, Func<int[], double> statistic,
        BootstrapOptions? options = null, int? count = null)
    {
        options ??= new();
        var weights = new int[patients.Count];
        Array.Fill(weights, 1);
        var value = new MetricValue(
            name: name,
            value: statistic(weights),
            count: count ?? patients.Count)
        {
            Unit = MetricCatalogue.Get(name).Unit,
        };
        var patientOf = Numbered(patients, out var patientCount);
        if (options.Resamples == 0 || patientCount < 2 || double.IsNaN(value.Value))
            return value;

        var values = new List<double>(options.Resamples);
        var draws = options.KeepDraws ? new double[options.Resamples] : null;
        var drawn = new int[patientCount];
        for (var r = 0; r < options.Resamples; r++)
        {
            options.Cancellation.ThrowIfCancellationRequested();
            var random = SeededRandom.Fork(options.Seed, r);
            Array.Clear(drawn);
            for (var i = 0; i < patientCount; i++)
                drawn[random.Next(patientCount)]++;
            for (var i = 0; i < weights.Length; i++)
                weights[i] = drawn[patientOf[i]];
            var v = statistic(weights);
            if (!double.IsNaN(v))
                values.Add(v);
            draws?[r] = v;
        }
        if (2 * values.Count <= options.Resamples)
            return value;
        values.Sort();
        var tail = (1 - options.Level) / 2;
        return new(value) { Low = Quantile(values, tail), High = Quantile(values, 1 - tail), Draws = draws };
    }

    /// <summary>Of sorted values, linear between them (numpy's default; type 7 of Hyndman and Fan 1996).</summary>
    internal static double Quantile(IReadOnlyList<double> sorted, double share)
    {
        var position = share * (sorted.Count - 1);
        var below = (int)position;
        var above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }

    private static int[] Numbered(IReadOnlyList<string> patients, out int count)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var result = new int[patients.Count];
        for (var i = 0; i < result.Length; i++)
        {
            if (!numbers.TryGetValue(patients[i], out result[i]))
                numbers.Add(patients[i], result[i] = numbers.Count);
        }
        count = numbers.Count;
        return result;
    }
}
