using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks.Numbers;

/// <summary>Reads a regressor's outputs as a finding: one number for each output, in the unit of the labels.</summary>
internal sealed class NumberReading(RegressTask task, IReadOnlyList<OutputMeaning> outputs) : ITaskReading
{
    public IReadOnlyList<string> Columns { get; } =
    [.. outputs.Select(o => o.Unit.Length > 0 ? $"{o.Name} ({o.Unit})" : o.Name)];

    public Finding Read(Tensor image, AffineTransform toInput, Finding finding, Compute compute) =>
        finding.With(
            new NumbersPart([
                .. task.NumbersOf(image, compute)[0]
                    .Zip(outputs, (value, o) => new FoundValue(o.Name, o.Unit, o.Trained ? value : null)),
            ]));
}
