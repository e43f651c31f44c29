using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Familiarity;

namespace Marrow.Training.Runs;

/// <summary>
/// Lets a trained model learn which images are familiar to it, so that it can refuse others: by images of the training
/// part and, for how far is too far, of the validation part, which no step has learnt from.
/// </summary>
internal static class StageFamiliarity
{
    /// <summary>
    /// Looks at the images once, unaugmented. Does nothing where the recipe or the task wants none, or for too few
    /// images. The model is in evaluation mode.
    /// </summary>
    /// <param name="each">The images of the stage's own data set, and of those that it learns from beside it.</param>
    public static void Learn(
        StageContext context, TaskModel task, IReadOnlyList<StageImages> each, Compute compute)
    {
        var (batch, rate) = (context.Stage.Train.Batch, context.Stage.Train.RefusedShare);
        if (rate == 0 || !FamiliarityFit.Serves(task))
            return;
        var known = each.Select(images => FamiliarityFit.Spread(images.Shown.Training)).ToList();
        var unseen = each.Select(images => FamiliarityFit.Spread(images.Shown.Validation)).ToList();
        Sample[] allKnown = [.. known.SelectMany(samples => samples)];
        Sample[] allUnseen = [.. unseen.SelectMany(samples => samples)];
        if (!FamiliarityFit.Suffice(allKnown, allUnseen))
        {
            context.Say(
                $"too few images to learn which are familiar ({allKnown.Length} to train on and {allUnseen.Length} of "
                    + $"{PatientSplit.CountPatients(allUnseen)} patients to choose by; it takes "
                    + $"{FamiliarityFit.LeastKnown} and {FamiliarityFit.LeastUnseen} of "
                    + $"{FamiliarityFit.LeastPatients}): the checkpoint refuses no image as unlike them");
            return;
        }
        var opened = new List<BatchLoader>();
        try
        {
            FamiliarityFit.Learn(task, Open(known), Open(unseen), rate, compute);
        }
        finally
        {
            opened.ForEach(loader => loader.Dispose());
        }

        IReadOnlyList<BatchLoader> Open(IReadOnlyList<IReadOnlyList<Sample>> samples)
        {
            BatchLoader[] loaders =
            [
                .. each.Zip(samples, (images, some) => images.Plain(some, batch, masks: null, context.Cancellation))
                    .OfType<BatchLoader>(),
            ];
            opened.AddRange(loaders);
            return loaders;
        }
    }
}
