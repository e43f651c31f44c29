using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Reports;

namespace Marrow.Training.Recipes;

/// <summary>
/// A contact sheet of some samples of a data set, as it is or as training would see it, with landmarks, points, angles
/// or labels drawn.
/// </summary>
public static class DataPreview
{
    private const string Command = "marrow data preview";

    /// <summary>
    /// Writes a PNG and says which samples are on it. Throws <see cref="MarrowException"/> where something that Marrow
    /// did not write is in its place, where the data can't be read, and with a line for each mistake in
    /// <paramref name="augment"/>.
    /// </summary>
    /// <param name="count">How many samples.</param>
    /// <param name="seed">Which samples, and of all draws of the augmentation.</param>
    /// <param name="augment">
    /// Keys of a recipe's augment: "strength=2", "collimationProbability=1"; without any the samples are drawn as they
    /// are.
    /// </param>
    public static TextReport Write(
        DatasetRequest request,
        string path,
        int count,
        ulong seed,
        IReadOnlyList<string> augment,
        CancellationToken cancellation = default)
    {
        ResultMark.RequireReplaceable(path, "--out");
        var augmentation = augment.Count == 0 ? null : RecipeAugment.Parse(augment);
        var dataset = DatasetCatalogue.Open(request);
        var samples = dataset.Samples.ToArray();
        new SeededRandom(seed).Shuffle<Sample>(samples);
        samples = [.. samples.Take(count).OrderBy(s => s.Id, StringComparer.Ordinal)];
        var items = samples.Select((sample, draw) =>
            augmentation is null ? Plain(sample) : Augmented(sample, augmentation, draw)).ToList();
        var shown = $"{samples.Length} of {dataset.Samples.Count} samples";
        var png = ContactSheet.Render(items, $"{dataset.Name} ({dataset.Format}): {shown}");
        AtomicFile.Write(path, stream => stream.Write(ResultMark.Mark(png, Command)));
        return new(
            new { file = path, dataset.Format, dataset.Root, dataset.Samples.Count, shown = samples.Select(s => s.Id) },
            ReportPart.Line($"{path}: {shown}"));

        ContactSheetItem Plain(Sample sample) => ContactSheetItem.Of(sample, dataset, () =>
        {
            cancellation.ThrowIfCancellationRequested();
            return RadiographReader.Read(
                sample.ImagePath,
                ContactSheet.LongestTileSidePx,
                ContactSheet.LongestTileSidePx);
        });

        ContactSheetItem Augmented(Sample sample, AugmentationOptions options, int draw)
        {
            cancellation.ThrowIfCancellationRequested();
            return AugmentedTile.Of(sample, dataset, options, seed, draw);
        }
    }
}
