using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Detect;

/// <summary>
/// Learns and predicts boxes of one or several classes by a RetinaNet with focal loss. An image that is known to have
/// no boxes is background; one that nobody has examined adds no loss.
/// </summary>
internal sealed class DetectTask(RetinaNet model, ModelSpec spec, InputContract input, ClassLayout layout)
    : TaskModel(spec, input)
{

    internal BoxDecoding Decoding { get; set; } = new();

    private readonly TrainedOutputs _trained = new(layout);

    public override string Name => DetectDescriptor.TaskName;
    public override string Purpose =>
        $"finding things on radiographs ({string.Join(", ", layout.Names)}), with a box around each";
    public override string Limits =>
        "For research, and as a starting point for other tasks. A thing that is not boxed may be there all the same. "
            + "Not a medical device: no clinical decision may rest on it.";
    public override Module Model => model;

    public override void AdaptTo(IReadOnlyList<Sample> training) =>
        _trained.Set(k => training.Any(sample => sample.Boxes is { } boxes && boxes.Any(box => box.Class == k)));

    internal override ITaskReading Reading(IReadOnlyList<OutputMeaning> outputs) => new BoxReading(this, outputs);

    public override CheckpointConfig Describe() =>
        new()
        {
            Model = Spec,
            Task = Name,
            Classes = layout.Names,
            Input = Input,
            Decoding = Decoding.Write(),
            Outputs =
            [
                .. layout.Names.Select(
                    (name, k) =>
                        new OutputMeaning(
                            name,
                            "probability",
                            $"An anchor holds {name}; four more numbers code the box against the anchor.",
                            _trained.Has(k))),
            ],
        };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        var output = compute.Forward(() => model.forward(images));
        var losses = DetectionLoss.Compute(output, [
            .. batch.Samples.Select(s => s.Boxes is { } boxes ? DetectionTarget.Of(boxes, Input) : null),
        ]);
        return
        [
            ("class", losses.Classification.MoveToOuterDisposeScope()),
            ("box", losses.Box.MoveToOuterDisposeScope()),
        ];
    }

    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var matches = Match(loader, compute);
        return
        [
            .. AveragePrecision.Measure(matches, bootstrap),
            .. layout.Names.Count > 1
                ? layout.Names.Select((name, k) => AveragePrecision.OfClass(matches, k, name, bootstrap))
                : [],
            .. FreeResponse.Measure(matches, bootstrap),
        ];
    }

    /// <summary>
    /// Chooses the threshold for which the validation part has the highest F1 at IoU 0.5. It stays unchanged when no
    /// box is right.
    /// </summary>
    internal override void ChooseDecoding(BatchLoader validation, Compute compute)
    {
        var matches = Match(validation, compute);
        var falling = matches
            .Classes.SelectMany(c => c.Detections)
            .Concat(matches.Strays)
            .OrderByDescending(d => d.Score)
            .ToList();
        var boxes = matches.Classes.Sum(c => c.Boxes.Sum());
        var (right, best, score) = (0, 0.0, Decoding.Judgement.LeastScore);
        for (var shown = 1; shown <= falling.Count; shown++)
        {
            right += falling[shown - 1].IsTrue[0] ? 1 : 0;
            var f1 = 2.0 * right / (shown + boxes);
            if (f1 > best)
                (best, score) = (f1, falling[shown - 1].Score);
        }
        Decoding = Decoding with { Judgement = new() { LeastScore = score } };
    }

    private DetectionMatches Match(BatchLoader loader, Compute compute)
    {
        var (truth, found) = (new List<IReadOnlyList<DetectionBox>>(), new List<IReadOnlyList<ScoredBox>>());
        var patients = new List<string>();
        ForEachBatch(loader, compute, (images, batch) =>
        {
            foreach (var (inBatch, boxes) in batch.Samples.Zip(BoxesOf(images, compute)))
            {
                var size = loader.OriginalSize(inBatch.Sample);
                var toOriginal = inBatch.ToInput.Invert();
                truth.Add([.. inBatch.Sample.Boxes!.Select(box => ToMetric(box))]);
                found.Add([
                    .. boxes.Select(box => new ScoredBox(
                        ToMetric(ToOriginal(box, toOriginal, size.Width, size.Height)),
                        box.Score)),
                ]);
                patients.Add(inBatch.Sample.Patient);
            }
        });
        return new DetectionMatches(truth, found, patients);
    }

    /// <summary>
    /// Returns the boxes on each of the normalised images, ordered by falling score. The images are in the memory
    /// layout of <paramref name="compute"/>.
    /// </summary>
    internal IReadOnlyList<IReadOnlyList<DetectedBox>> BoxesOf(Tensor images, Compute compute)
    {
        using var output = compute.Forward(() => model.forward(images));
        return BoxDecoder.Decode(output, Decoding.Selection);
    }

    /// <summary>Converts a box to original pixels, cut off at the image's edge.</summary>
    internal static LabelledBox ToOriginal(DetectedBox found, AffineTransform toOriginal, int width, int height)
    {
        var box = new LabelledBox(found.Class, found.Box.X1, found.Box.Y1, found.Box.X2, found.Box.Y2).Transform(
            toOriginal);
        return box with
        {
            Left = Math.Clamp(box.Left, 0, width),
            Top = Math.Clamp(box.Top, 0, height),
            Right = Math.Clamp(box.Right, 0, width),
            Bottom = Math.Clamp(box.Bottom, 0, height),
        };
    }

    private static DetectionBox ToMetric(LabelledBox box) => new(box.Left, box.Top, box.Right, box.Bottom, box.Class);
}
