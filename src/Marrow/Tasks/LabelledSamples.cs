using Marrow.Datasets;

namespace Marrow.Tasks;

/// <summary>Which samples have what a task learns from, and how they are divided.</summary>
internal static class LabelledSamples
{
    /// <summary>
    /// The training part and the held-out part. Pretraining reads images that other tasks have no label for, and still
    /// holds out every patient that one of them would, at the same share and seed: what a later stage is measured on, no
    /// earlier one has seen.
    /// </summary>
    /// <param name="samples">With targets for the task.</param>
    public static PatientSplit Divide(IReadOnlyList<Sample> samples, string task, double heldOut, ulong seed)
    {
        if (task != CheckpointTask.Pretrain)
            return PatientSplit.Create(samples, heldOut, seed);
        var patients = CheckpointTask.All
            .Select(other => samples.Where(s => IsLabelled(s, other)).ToList())
            .Where(labelled => labelled.Select(s => s.Patient).Distinct(StringComparer.Ordinal).Count() > 1)
            .SelectMany(labelled => PatientSplit.Create(labelled, heldOut, seed).HeldOut.Select(s => s.Patient));
        return PatientSplit.HoldOut(samples, patients, heldOut, seed);
    }

    public static bool IsLabelled(Sample sample, string task) => task switch
    {
        CheckpointTask.DetectVertebrae => sample.Vertebrae.Count > 0,
        CheckpointTask.RegressCobb => sample.CobbDegrees.Count > 0,
        CheckpointTask.Regress => sample.Numbers.Any(v => !double.IsNaN(v)),
        CheckpointTask.Points => sample.Points.Any(p => !double.IsNaN(p.X)),
        CheckpointTask.Segment => sample.HasMask,
        CheckpointTask.Pretrain => true, // needs none
        _ => sample.Labels.Count > 0,
    };
}
