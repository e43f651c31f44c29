using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Tasks.Points;

namespace Marrow.Prediction;

/// <summary>
/// Finds named points by a first look at the whole image and a second one at the crop about each point, and measures
/// what both come to. A prediction, an evaluation and the end of a training all look in this way.
/// </summary>
/// <param name="task">Sees the crops. Its model is arranged for <paramref name="compute"/>.</param>
internal sealed class TwoLooks(FirstLooker first, PointsTask task, Compute compute)
{
    /// <summary>Returns the points in the order of the task's outputs.</summary>
    /// <param name="fast">See <see cref="PredictionOptions.Fast"/>.</param>
    public IReadOnlyList<RefinedPoint> Look(Radiograph film, bool fast) =>
        PointRefiner.Of(task, compute, fast).Refine(film, (DetectedPoints)first.Look(film, fast));

    /// <summary>Returns the metrics of the task on whole images.</summary>
    /// <param name="refused">
    /// Called with the number of images that a prediction would refuse; not where the first look refuses none.
    /// </param>
    public IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<Sample> samples, BootstrapOptions bootstrap, Action<Progress>? progress, bool fast = false,
        Action<int>? refused = null)
    {
        var (pairs, count, size) = (new List<PointPair>(), 0, task.Input.DecodeSize);
        foreach (var sample in samples)
        {
            bootstrap.Cancellation.ThrowIfCancellationRequested();
            var film = RadiographReader.Read(sample.ImagePath, size.Width, size.Height);
            if (refused is not null && first.Refuses && first.RefusalsOf(film).Count > 0)
                count++;
            var middle = new Point2D(film.OriginalWidth / 2.0, film.OriginalHeight / 2.0);
            pairs.Add(new()
            {
                Truth = sample.Points,
                // A point that is labelled and that nobody has looked for counts as found where no place is better.
                Found = [.. Look(film, fast).Select(point => point.Place ?? middle)],
                ImageWidth = film.OriginalWidth,
                ImageHeight = film.OriginalHeight,
                Patient = sample.Patient,
                MmPerPixel = sample.MmPerPixel,
            });
            progress?.Invoke(new("measuring", pairs.Count, samples.Count, ProgressUnit.Images));
        }
        if (first.Refuses)
            refused?.Invoke(count);
        return PointErrors.Measure([.. task.Describe().Outputs.Select(output => output.Name)], pairs, bootstrap);
    }
}
