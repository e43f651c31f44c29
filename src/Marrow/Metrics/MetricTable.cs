using System.Globalization;

namespace Marrow.Metrics;

/// <summary>
/// Measured values with their intervals; those of single classes, angles and corners ("mae.cobb1") only where asked
/// for.
/// </summary>
internal static class MetricTable
{
    public static ReportPart Of(IReadOnlyList<MetricValue> metrics, string title, bool parts = false) =>
        ReportPart.Table(
            ["metric", "value", "95 % interval", "unit", "images"],
            metrics
                .Where(m => parts || MetricCatalogue.IsOfAll(m.Name))
                .Select(m => (IReadOnlyList<string>)
                [
                    m.Name,
                    Number(m.Value),
                    double.IsFinite(m.Low) && double.IsFinite(m.High) ? $"{Number(m.Low)} to {Number(m.High)}" : "",
                    m.Unit,
                    m.Count.ToString(CultureInfo.InvariantCulture),
                ]),
            title);

    private static string Number(double value) =>
        double.IsFinite(value)
            ? value.ToString(Math.Abs(value) >= 100 ? "0.0" : "0.###", CultureInfo.InvariantCulture)
            : "-";
}
