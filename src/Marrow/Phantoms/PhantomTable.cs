using System.Globalization;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Phantoms;

/// <summary>
/// A folder of spine phantoms beside a CSV of the kind that a user writes for a task of their own: file, patient, and
/// for each film a class, a number and four points. Made of the same films as <see cref="PhantomWriter.WriteSpine"/>.
/// </summary>
internal static class PhantomTable
{
    internal const int DefaultWidth = 160,
        DefaultHeight = 440; // a table to try things on: quick to make and to train on

    private const string Header =
        "file,patient,curve,cobb,top_left_x,top_left_y,top_right_x,top_right_y,"
            + "bottom_left_x,bottom_left_y,bottom_right_x,bottom_right_y";

    /// <summary>
    /// Writes <c>images/NNNN.jpg</c>, <c>labels.csv</c> and <c>dataset.json</c>. "curve" is mild (under 25 degrees),
    /// moderate (under 40) or severe, "cobb" the largest angle in degrees; the points are the outer corners of the
    /// first and the last vertebra, in pixels. Throws <see cref="MarrowException"/> for options out of range and where
    /// the folder can't be written.
    /// </summary>
    public static void Write(
        string folder,
        int count,
        ulong seed,
        PhantomOptions? options = null,
        CancellationToken cancel = default)
    {
        options ??= new();
        options = options with { Width = options.Width ?? DefaultWidth, Height = options.Height ?? DefaultHeight };
        options.Validate(count);
        var plan = PhantomWriter.PlanFilms(count, seed, options.RepeatedFilms);
        var rows = new string[count];
        Parallel.For(
            0,
            count,
            new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount },
            i =>
            {
                var (patient, film) = plan[i];
                var file = string.Create(CultureInfo.InvariantCulture, $"images/{i + 1:0000}.jpg");
                var phantom = PhantomGenerator.Spine(seed, patient, film, options);
                ImageWriter.WriteJpeg(
                    Path.Combine(folder, file),
                    phantom.Width,
                    phantom.Height,
                    phantom.Pixels,
                    options.JpegQuality);
                var (first, last) = (phantom.Vertebrae[0], phantom.Vertebrae[^1]);
                Point2D[] points = [first.TopLeft, first.TopRight, last.BottomLeft, last.BottomRight];
                var places = points
                    .SelectMany(p => (double[])[p.X, p.Y])
                    .Select(v => v.ToString("0.#", CultureInfo.InvariantCulture));
                rows[i] = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{file},p{patient + 1:000},{Curve(phantom.Cobb.Degrees[0])},{phantom.Cobb.Degrees[0]:0.#},"
                        + $"{string.Join(',', places)}");
            }
        );
        PhantomWriter.WriteLines(Path.Combine(folder, "labels.csv"), rows.Prepend(Header));
        PhantomWriter.WriteTerms(folder);
    }

    private static string Curve(double degrees) => CobbAngles.SeverityOf(degrees) switch
    {
        CurveSeverity.None or CurveSeverity.Mild => "mild",
        CurveSeverity.Moderate => "moderate",
        _ => "severe",
    };
}
