using System.Globalization;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks.Points;

namespace Marrow.Tasks.Crops;

/// <summary>
/// An upright square about each named point that the first look found. Each is a sample of its own, of the same
/// patient: to learn from, its targets are all points of the image, of which those outside the crop add no loss; to
/// measure on, it is the point about which the crop lies.
/// </summary>
internal sealed class PointCrops : CropKind
{
    public override CropRegion Region => CropRegion.Point;
    public override string Found => "points";
    public override bool SetsPointsAnew => true;

    public override IReadOnlyList<ImageCrop?> Crops(InputCrop crop, FirstLook found) =>
        ((DetectedPoints)found).Crops(crop.Side!.Value);

    public override int MostOf(Dataset dataset) => dataset.PointNames.Count;

    /// <summary>
    /// Both name the same points in the same order: channel k answers for the crop about point k. What the second one
    /// learns to place is what the first one has learnt to find, since there are no crops about other points.
    /// </summary>
    public override (string Expected, string Found)? Fault(
        CheckpointConfig first, IReadOnlyList<(string Name, bool IsLearnt)> outputs)
    {
        string[] names = [.. outputs.Select(output => output.Name)];
        for (var k = 0; k < Math.Max(names.Length, first.Classes.Count); k++)
        {
            if (NameAt(names, k) != NameAt(first.Classes, k))
                return (
                    Inv($"a first look at the same {names.Length} points, with {NameAt(names, k)} as number {k + 1}"),
                    Inv($"{first.Classes.Count} points, with {NameAt(first.Classes, k)} as number {k + 1}"));
        }
        var found = first.Outputs.Where(output => output.Trained).Select(output => output.Name).ToHashSet();
        string[] missing = [.. outputs.Where(o => o.IsLearnt && !found.Contains(o.Name)).Select(o => o.Name)];
        return missing.Length == 0
            ? null
            : ("a first look that has learnt to find each of the points", $"no labels of {TaskLabels.Some(missing)}");

        static string NameAt(IReadOnlyList<string> names, int k) => k < names.Count ? names[k] : "none";

        static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    public override IEnumerable<Sample> Samples(Sample sample, InputCrop crop, FirstLook found, CropUse use)
    {
        foreach (var (k, part) in Crops(crop, found).Index())
        {
            if (part is null)
                continue;
            var points = use == CropUse.Training ? sample.Points : Only(sample.Points, k);
            if (points.Any(point => use == CropUse.Training ? part.Contains(point) : !double.IsNaN(point.X)))
                yield return sample with
                {
                    Id = string.Create(CultureInfo.InvariantCulture, $"{sample.Id}#{k + 1}"),
                    Crop = part,
                    Points = points,
                };
        }
    }

    private static Point2D[] Only(IReadOnlyList<Point2D> points, int kept) =>
        [.. points.Select((point, k) => k == kept ? point : new(double.NaN, double.NaN))];
}
