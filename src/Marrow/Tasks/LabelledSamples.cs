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
    public static PatientSplit Divide(IReadOnlyList<Sample> samples, string task, double heldOut, ulong seed)
    {
        if (TaskCatalogue.Find(task) is not { LearnsWithoutLabels: true })
            return PatientSplit.Create(samples, heldOut, seed);
        var patients = TaskCatalogue.All
            .Select(other => samples.Where(other.IsLabelled).ToList())
            .Where(labelled => labelled.Select(s => s.Patient).Distinct(StringComparer.Ordinal).Count() > 1)
            .SelectMany(labelled => PatientSplit.Create(labelled, heldOut, seed).HeldOut.Select(s => s.Patient));
        return PatientSplit.HoldOut(samples, patients, heldOut, seed);
    }

    /// <summary>
    /// Returns true when a sample has the labels from which a task learns. For the task of a user's own module, which
    /// Marrow does not know, it needs class labels.
    /// </summary>
    public static bool IsLabelled(Sample sample, string task) =>
        TaskCatalogue.Find(task)?.IsLabelled(sample) ?? sample.Labels.Count > 0;
}
