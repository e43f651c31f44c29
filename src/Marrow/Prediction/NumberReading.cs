using Marrow.Computing;
using Marrow.Tasks;
using Marrow.Tasks.Numbers;

namespace Marrow.Prediction;

/// <summary>A regressor's outputs as a finding: a number each, in the unit of the labels.</summary>
internal static class NumberReading
{
    public static IReadOnlyList<string> Columns(IReadOnlyList<OutputMeaning> outputs) =>
        [.. outputs.Select(o => o.Unit.Length > 0 ? $"{o.Name} ({o.Unit})" : o.Name)];

    public static ImagePredictor.Reader By(RegressTask task, Compute compute, IReadOnlyList<OutputMeaning> outputs) => (images, _, finding) =>
        finding with { Values = [.. task.NumbersOf(images, compute)[0].Zip(outputs, (value, o) => new FoundValue(o.Name, o.Unit, o.Trained ? value : null))] };
}
