using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks.Detect;

/// <summary>Reads a detector's boxes as a finding in original pixels. Boxes with a low score are left out.</summary>
internal sealed class BoxReading(DetectTask task, IReadOnlyList<OutputMeaning> outputs) : ITaskReading
{
    public IReadOnlyList<string> Columns { get; } = ["boxes", "score"];

    public IReadOnlyList<FindingPart> Nothing => [new BoxesPart([])];

    public Finding Read(Tensor image, AffineTransform toInput, Finding finding, Compute compute)
    {
        var toOriginal = toInput.Invert();
        var boxes = task.BoxesOf(image, compute)[0]
            .Where(found => found.Score >= task.Decoding.Judgement.LeastScore && outputs[found.Class].Trained)
            .Select(found =>
                (found.Score, Box: DetectTask.ToOriginal(found, toOriginal, finding.Width, finding.Height)))
            .Where(found => found.Box.Right > found.Box.Left && found.Box.Bottom > found.Box.Top)
            .Select(found => new FoundBox(
                outputs[found.Box.Class].Name,
                found.Box.Left,
                found.Box.Top,
                found.Box.Right,
                found.Box.Bottom,
                found.Score));
        return finding.With(new BoxesPart([.. boxes]));
    }
}
