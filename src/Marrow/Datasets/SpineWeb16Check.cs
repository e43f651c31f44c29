using System.Globalization;
using Marrow.Spine;

namespace Marrow.Datasets;

/// <summary>Compares what SpineWeb 16 contains twice: angles with landmarks, and landmarks with .mat files.</summary>
internal static class SpineWeb16Check
{
    private const double AngleToleranceDegrees = 0.01;
    private const double MatTolerancePixels = 1; // The two landmark files of SpineWeb 16 agree to 0.04 px.

    /// <summary>
    /// Returns the number of rows whose angles follow from their landmarks. The other rows, and .mat files that
    /// disagree, become faults.
    /// </summary>
    public static int Run(DatasetRequest request, List<DataFault> faults)
    {
        var reproduced = 0;
        foreach (var row in SpineWeb16.ReadRows(request, []))
        {
            var measured = MarkedSpine.Measure(row.Vertebrae, row.Height);
            if (
                row.CobbDegrees.Count > 0
                && measured.Count == row.CobbDegrees.Count
                && measured.Zip(row.CobbDegrees).All(p => Math.Abs(p.First - p.Second) <= AngleToleranceDegrees))
                reproduced++;
            else if (row.CobbDegrees.Count > 0)
                faults.Add(
                    new DataFault(
                        "angles-differ",
                        row.Id,
                        $"The file says {Text(row.CobbDegrees)} degrees, the landmarks {Text(measured)}."));
            if (!File.Exists(row.MatPath))
                continue;
            try
            {
                var distance = SpineWeb16.ReadMat(row.MatPath).Zip(row.Vertebrae).Max(p => Distance(p.First, p.Second));
                if (distance > MatTolerancePixels)
                    faults.Add(
                        new DataFault(
                            "mat-differs",
                            row.Id,
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"The .mat file's points lie up to {distance:F1} px from the CSV's.")));
            }
            catch (MarrowException e)
            {
                faults.Add(new DataFault("bad-mat", row.Id, e.Message));
            }
        }
        return reproduced;
    }

    private static double Distance(Vertebra a, Vertebra b) => Math.Max(
        Math.Max(a.TopLeft.DistanceTo(b.TopLeft), a.TopRight.DistanceTo(b.TopRight)),
        Math.Max(a.BottomLeft.DistanceTo(b.BottomLeft), a.BottomRight.DistanceTo(b.BottomRight)));

    private static string Text(IEnumerable<double> degrees) =>
        string.Join(", ", degrees.Select(d => d.ToString("F2", CultureInfo.InvariantCulture)));
}
