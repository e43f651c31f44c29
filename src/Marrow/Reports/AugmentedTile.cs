using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;

namespace Marrow.Reports;

/// <summary>
/// Shows a sample on a contact sheet as training sees it, with one draw of the augmentation and transformed labels.
/// </summary>
internal static class AugmentedTile
{
    private const int LeastSidePx = 32;

    /// <param name="draw">The number of the draw. The augmentation is drawn from (seed, draw).</param>
    public static ContactSheetItem Of(Sample sample, Dataset dataset, AugmentationOptions options, ulong seed, int draw)
    {
        var item = ContactSheetItem.Of(sample, dataset, () => throw new InvalidOperationException("Not yet loaded."));
        try
        {
            var radiograph = RadiographReader.Read(
                sample.ImagePath,
                ContactSheet.LongestTileSidePx,
                ContactSheet.LongestTileSidePx);
            var (width, height) = (radiograph.OriginalWidth, radiograph.OriginalHeight);
            var scale = ContactSheet.LongestTileSidePx / (double)Math.Max(width, height);
            var contract = new InputContract
            {
                Width = Math.Max(LeastSidePx, (int)(width * scale)),
                Height = Math.Max(LeastSidePx, (int)(height * scale)),
                Std = 1,
            };
            var packed = Preprocessor.Prepare(radiograph, contract);
            var augmentation = Augmentation
                .Draw(SeededRandom.Fork(seed, draw), options, width, height)
                .For(sample, width, height);
            var values = new float[contract.Width * contract.Height];
            new AugmentedRenderer(contract).Render(packed.Pixels, packed.ToInput, augmentation, values);
            var moved = augmentation.Geometry.Then(packed.ToInput);
            var seen = new Radiograph(
                contract.Width,
                contract.Height,
                [.. values.Select(v => (ushort)Math.Round(255 * (v + contract.Mean)))],
                8,
                sample.ImagePath);
            return item with { Load = () => seen, AsItIs = true, Targets = Movable(sample.Targets).Transform(moved) };
        }
        catch (MarrowException e)
        {
            return item with { Load = () => throw e, Targets = Targets.None };
        }
    }

    /// <summary>
    /// Returns targets that can be mirrored. A point whose mirror image is unknown stands for itself, which does not
    /// matter here because no names are drawn.
    /// </summary>
    private static Targets Movable(Targets targets) => targets.MirroredPoints.Count == targets.Points.Count
        ? targets
        : targets with { MirroredPoints = [.. Enumerable.Range(0, targets.Points.Count)] };
}
