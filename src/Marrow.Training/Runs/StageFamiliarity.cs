using Marrow.Computing;
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
    public static void Learn(StageContext context, TaskModel task, StageImages images, Compute compute)
    {
        var (batch, rate) = (context.Stage.Train.Batch, context.Stage.Train.RefusedShare);
        if (rate == 0 || !FamiliarityFit.Serves(task))
            return;
        var (known, unseen) = (
            FamiliarityFit.Spread(images.Shown.Training), FamiliarityFit.Spread(images.Shown.Validation));
        if (known.Count < FamiliarityFit.LeastKnown || unseen.Count < FamiliarityFit.LeastUnseen)
        {
            context.Say(
                $"too few images to learn which are familiar ({known.Count} to train on and {unseen.Count} to choose "
                    + $"by; it takes {FamiliarityFit.LeastKnown} and {FamiliarityFit.LeastUnseen}): the checkpoint "
                    + "refuses no image as unlike them");
            return;
        }
        using var training = images.Plain(known, batch, masks: null, context.Cancellation)!;
        using var validation = images.Plain(unseen, batch, masks: null, context.Cancellation)!;
        FamiliarityFit.Learn(task, training, validation, rate, compute);
    }
}
