using Marrow.Datasets;

namespace Marrow.Tasks;

/// <summary>Says which samples have the labels from which a task learns, and divides them.</summary>
internal static class LabelledSamples
{
    /// <summary>
    /// Divides the samples into the training part and the held-out part. Pretraining also reads images that other tasks
    /// have no labels for, yet it holds out every patient whom one of those tasks would hold out at the same share and
    /// seed. So no earlier stage sees what a later one is measured on.
    /// </summary>
    /// <param name="samples">The samples that have labels for the task.</param>
    /// <param name="fold">The fold that is held out in place of a share; null for the share.</param>
    public static PatientSplit Divide(
        IReadOnlyList<Sample> samples, string task, double heldOut, ulong seed, Fold? fold = null)
    {
        if (TaskCatalogue.Find(task) is not { LearnsWithoutLabels: true })
            return Create(samples);
        var patients = TaskCatalogue.All
            .Select(other => samples.Where(other.IsLabelled).ToList())
            .Where(labelled => PatientSplit.CountPatients(labelled) >= (fold?.Of ?? Fold.Fewest))
            .SelectMany(labelled => Create(labelled).HeldOut.Select(s => s.Patient));
        return PatientSplit.HoldOut(samples, patients, fold?.Share ?? heldOut, seed) with { Fold = fold };

        PatientSplit Create(IReadOnlyList<Sample> labelled) =>
            fold is null
                ? PatientSplit.Create(labelled, heldOut, seed, SamplePart.HeldOut)
                : PatientSplit.Create(labelled, fold, seed);
    }

    /// <summary>
    /// Returns true when a sample has the labels from which a task learns. For the task of a user's own module, which
    /// Marrow does not know, it needs class labels.
    /// </summary>
    public static bool IsLabelled(Sample sample, string task) =>
        TaskCatalogue.Find(task)?.IsLabelled(sample) ?? sample.Labels.Count > 0;
}
