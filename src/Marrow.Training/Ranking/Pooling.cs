using Marrow.Tasks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Training.Ranking;

/// <summary>
/// How a map of features becomes one row of numbers: [N, F, h, w] -> [N, F * bands]. Classes are told from the mean
/// over the whole image, as a classifier sees it. An angle is a difference between levels of a spine, which that mean
/// has lost: so for angles each of eight bands from top to bottom has a mean of its own, about two vertebrae a band.
/// </summary>
internal sealed record Pooling(int Bands)
{
    public static Pooling For(string task) => new(TaskCatalogue.Get(task).Probe == ProbeKind.Angles ? 8 : 1);

    public Tensor Apply(Tensor map)
    {
        using var scope = NewDisposeScope();
        var rows = map.to(float32).mean([3]); // [N, F, h]
        return functional.adaptive_avg_pool1d(rows, Bands).flatten(1).MoveToOuterDisposeScope();
    }
}
