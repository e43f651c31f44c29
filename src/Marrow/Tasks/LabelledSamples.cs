using Marrow.Datasets;

namespace Marrow.Tasks;

/// <summary>Which samples have what a task learns from, and how they are divided.</summary>
internal static class LabelledSamples
{
    /// <summary>
    /// The training part and the held-out part. Pretraining reads images that other tasks have no label for, and still
    /// holds out every patient that one of them would, at the same share and seed: what a later stage is measured on,
    /// no earlier one has seen.
    /// </summary>
    /// <param name="samples">With targets for the task.</param>
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

    /// <summary>Of a module of the user's own, whose task nobody else knows: whether it has labels.</summary>
    public static bool IsLabelled(Sample sample, string task) =>
        TaskCatalogue.Find(task)?.IsLabelled(sample) ?? sample.Labels.Count > 0;
}
