using Marrow.Imaging;

namespace Marrow.Checkpoints.Transfer;

/// <summary>Whether two checkpoints see the same in images, stage by stage, or why that was not looked at.</summary>
/// <param name="Images">"32 synthetic radiographs", "100 images of films".</param>
/// <param name="Reason">Why the activations were not compared; null when they were.</param>
internal sealed record SeenAlike(string Images, IReadOnlyList<StageAlignment> Stages, string? Reason = null)
{
    public static SeenAlike NotAskedFor { get; } = new("", [], "not asked for");

    /// <param name="folder">
    /// So many of its images are taken, evenly spread over the names; null for phantoms of the kind that b was made
    /// for.
    /// </param>
    public static SeenAlike Of(
        Checkpoint a, Checkpoint b, string? folder, int count, Action<Progress>? progress,
        CancellationToken cancellation)
    {
        if (count == 0)
            return NotAskedFor;
        foreach (var checkpoint in new[] { a, b })
        {
            if (checkpoint.WeightsOnly)
                return new("", [], $"{checkpoint.Name} has weights alone");
            if (checkpoint.Config.IsOwnModule)
                return new("", [], $"the module of {checkpoint.Name} is its maker's own");
        }
        var (what, total, images) = folder is null
            ? ($"{count} synthetic radiographs", count, ActivationDiff.Phantoms(b.Config.Input, count))
            : Films(a, b, folder, count);
        return new(
            what,
            ActivationDiff.Between(a, b, images, at => progress?.Invoke(at with { Total = total }), cancellation));
    }

    private static (string What, int Count, IEnumerable<Radiograph> Images) Films(
        Checkpoint a, Checkpoint b, string folder, int count)
    {
        var all = ImageInputs.Of([folder]).Images;
        var taken = Math.Min(count, all.Count);
        var (width, height) = (
            Math.Max(a.Config.Input.Width, b.Config.Input.Width),
            Math.Max(a.Config.Input.Height, b.Config.Input.Height));
        return (
            $"{taken} images of {folder}",
            taken,
            Enumerable
                .Range(0, taken)
                .Select(i => RadiographReader.Read(all[(int)((long)i * all.Count / taken)], width, height)));
    }
}
