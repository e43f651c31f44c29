using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks.Classify;

/// <summary>
/// Reads a classifier's outputs as a finding: the probability of each class or finding and, when the classes are
/// exclusive, the most probable class.
/// </summary>
internal sealed class ClassReading(ClassifyTask task, IReadOnlyList<OutputMeaning> outputs) : ITaskReading
{
    public IReadOnlyList<string> Columns { get; } =
    [.. task.IsExclusive ? ["class"] : (string[])[], .. task.Reported.Select(c => outputs[c].Name)];

    public Finding Read(Tensor image, AffineTransform toInput, Finding finding, Compute compute)
    {
        var probabilities = task.Probabilities(image, compute)[0];
        FoundValue[] values =
        [
            .. task.Reported.Select(c => new FoundValue(
                outputs[c].Name,
                outputs[c].Unit,
                outputs[c].Trained ? probabilities[c] : null)),
        ];
        var known = values.Where(v => v.Value is not null).ToList();
        return finding.With(
            new ClassesPart(task.IsExclusive && known.Count > 0 ? known.MaxBy(v => v.Value)!.Name : null, values));
    }
}
