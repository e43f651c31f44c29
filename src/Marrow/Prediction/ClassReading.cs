using Marrow.Computing;
using Marrow.Tasks;
using Marrow.Tasks.Classify;

namespace Marrow.Prediction;

/// <summary>A classifier's outputs as a finding: a probability for each class or finding, and the most probable class where one holds.</summary>
internal static class ClassReading
{
    public static IReadOnlyList<string> Columns(ClassifyTask task, IReadOnlyList<OutputMeaning> outputs) =>
        [.. task.IsExclusive ? ["class"] : (string[])[], .. task.Reported.Select(c => outputs[c].Name)];

    public static ImagePredictor.Reader By(ClassifyTask task, Compute compute, IReadOnlyList<OutputMeaning> outputs) => (images, _, finding) =>
    {
        var probabilities = task.Probabilities(images, compute)[0];
        FoundValue[] values = [.. task.Reported.Select(c => new FoundValue(outputs[c].Name, outputs[c].Unit, outputs[c].Trained ? probabilities[c] : null))];
        var known = values.Where(v => v.Value is not null).ToList();
        return finding with { Values = values, Class = task.IsExclusive && known.Count > 0 ? known.MaxBy(v => v.Value)!.Name : null };
    };
}
