using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks.Numbers;

/// <summary>Reads a model's outputs as a finding: one number for each output, in the unit of the labels.</summary>
/// <param name="numbersOf">Gives the numbers of each image, [N][outputs], of normalised images [N, C, H, W].</param>
internal sealed class NumberReading(
    Func<Tensor, Compute, IReadOnlyList<IReadOnlyList<double>>> numbersOf, IReadOnlyList<OutputMeaning> outputs)
    : ITaskReading
{
    public IReadOnlyList<string> Columns { get; } =
    [.. outputs.Select(o => o.Unit.Length > 0 ? $"{o.Name} ({o.Unit})" : o.Name)];

    public Finding Read(Tensor image, AffineTransform toInput, Finding finding, Compute compute) =>
        finding.With(
            new NumbersPart([
                .. numbersOf(image, compute)[0]
                    .Zip(outputs, (value, o) => new FoundValue(o.Name, o.Unit, o.Trained ? value : null)),
            ]));
}
