using Marrow.Imaging;

namespace Marrow.Checkpoints.Transfer;

/// <summary>Says how similarly two checkpoints see images, stage by stage, or why that was not examined.</summary>
/// <param name="Images">Describes the images, such as "32 synthetic radiographs" or "100 images of films".</param>
/// <param name="Reason">The reason why the activations were not compared; null when they were.</param>
internal sealed record SeenAlike(string Images, IReadOnlyList<StageAlignment> Stages, string? Reason = null)
{
    public static SeenAlike NotAskedFor { get; } = new("", [], "not asked for");

    /// <param name="folder">
    /// The folder from which the images are taken, at even distances in the order of their names; null for synthetic
    /// images of the kind for which b was made.
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
        var taken = EvenSpread.Of(ImageInputs.Of([folder]).Images, count);
        var (width, height) = (
            Math.Max(a.Config.Input.Width, b.Config.Input.Width),
            Math.Max(a.Config.Input.Height, b.Config.Input.Height));
        return (
            $"{taken.Count} images of {folder}",
            taken.Count,
            taken.Select(path => RadiographReader.Read(path, width, height)));
    }
}
