using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Masks;

/// <summary>
/// Segmentation: which class each pixel is of, learnt from masks. The loss is taken at the input's size; metrics
/// compare masks at the image's own size, in its pixels, so that models of different inputs can be held against each
/// other.
/// </summary>
internal sealed class SegmentTask(SegmentationNet model, ModelSpec spec, InputContract input, ClassLayout layout)
    : TaskModel(spec, input),
        ITeacherTask
{
    private const int SignatureCells = 4; // across and down

    public override string Name => CheckpointTask.Segment;
    public override string Purpose => $"outlining on radiographs: {string.Join(", ", Classes)}";
    public override string Limits =>
        "Radiographs like those it was trained on. The outlines are as coarse as its input. For research, and as a "
            + "starting point for other tasks. Not a medical device: no clinical decision may rest on it.";
    public override Module Model => model;
    public override IReadOnlyList<string> MaskClasses => Classes;

    /// <summary>The classes of the masks' values; the first one has the value 1.</summary>
    public IReadOnlyList<string> Classes { get; } = layout.Names;

    internal MaskDecoding Decoding { get; init; } = new();

    internal override ITaskReading Reading(IReadOnlyList<OutputMeaning> outputs) => new MaskReading(this);

    public override CheckpointConfig Describe() =>
        new()
        {
            Model = Spec,
            Task = Name,
            Classes = Classes,
            ExclusiveClasses = Classes.Count > 1,
            Input = Input,
            Decoding = Decoding.Write(),
            Outputs =
            [
                .. Spec.Outputs > 1
                    ? [new OutputMeaning("background", "probability", "The pixel is of none of the classes.")]
                    : Array.Empty<OutputMeaning>(),
                .. Classes.Select(c => new OutputMeaning(c, "probability", $"The pixel is of class {c}.")),
            ],
        };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        var logits = compute.Forward(() => model.forward(images));
        var masks = batch.Masks ?? throw new ArgumentException("A batch without masks.", nameof(batch));
        var (entropy, dice) = SegmentationLoss.Compute(logits, masks.to(logits.device), batch.MasksHaveGaps);
        return [("class", entropy.MoveToOuterDisposeScope()), ("dice", dice.MoveToOuterDisposeScope())];
    }

    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var scores = new List<MaskScore[]>();
        var patients = new List<string>();
        ForEachBatch(loader, compute, (images, batch) =>
        {
            var logits = Logits(images, compute);
            var ofBatch = new MaskScore[batch.Samples.Count][];
            Parallel.For(0, ofBatch.Length, i =>
            {
                var inBatch = batch.Samples[i];
                var (width, height) = loader.OriginalSize(inBatch.Sample);
                var found = MaskDecoder.Decode(
                    logits[i],
                    Spec.Outputs,
                    Input.Width,
                    Input.Height,
                    inBatch.ToInput,
                    width,
                    height);
                ofBatch[i] = Segmentation.Score(
                    loader.OriginalMask(inBatch.Sample),
                    found,
                    width,
                    height,
                    Classes.Count);
            });
            scores.AddRange(ofBatch);
            patients.AddRange(batch.Samples.Select(s => s.Sample.Patient));
        });
        return Segmentation.Measure(Classes, scores, patients, bootstrap);
    }

    // One look: in a mirror image a class of one side would be one of the other.
    IReadOnlyList<PseudoLabel> ITeacherTask.Label(Batch batch, Compute compute)
    {
        using var images = compute.Arrange(batch.Plain!.Images);
        return PseudoLabels(Logits(images, compute), batch);
    }

    /// <summary>
    /// Labels the images with masks. A mask is accepted or refused as a whole, by its expected Dice, which is 0 when
    /// nothing is found.
    /// </summary>
    /// <param name="logits">The logits of the batch's unaugmented images.</param>
    internal IReadOnlyList<PseudoLabel> PseudoLabels(float[][] logits, Batch batch) =>
        [
            .. batch.Samples.Select(
                (shown, i) =>
                {
                    var plain = MaskDecoder.Decode(
                        logits[i],
                        Spec.Outputs,
                        Input.Width,
                        Input.Height,
                        AffineTransform.Identity,
                        Input.Width,
                        Input.Height);
                    var expected = MaskDecoder.ExpectedDice(logits[i], Spec.Outputs);
                    var confidence = plain
                        .Distinct()
                        .Where(c => c > 0)
                        .Select(c => expected[c - 1])
                        .DefaultIfEmpty(0)
                        .Min();
                    var toPlain = shown.ToInput.Invert().Then(batch.Plain!.ToInput[i]);
                    var moved = MaskDecoder.DecodeView(
                        logits[i],
                        Spec.Outputs,
                        Input.Width,
                        Input.Height,
                        toPlain,
                        Input.Width,
                        Input.Height,
                        SegmentationLoss.Unknown);
                    return new PseudoLabel(shown, confidence) { Mask = new(plain, moved) };
                }
            ),
        ];

    /// <summary>Returns the share of each of 16 cells of a grid that has the class, [classes * 16].</summary>
    double[] ITeacherTask.Signature(Sample sample, int width, int height, ReadOnlySpan<byte> mask)
    {
        const int cells = SignatureCells * SignatureCells;
        var shares = new double[Classes.Count * cells];
        for (var i = 0; i < mask.Length; i++)
        {
            var (y, x) = Math.DivRem(i, Input.Width);
            if (mask[i] > 0)
                shares[
                    (mask[i] - 1) * cells
                        + y * SignatureCells / Input.Height * SignatureCells
                        + x * SignatureCells / Input.Width
                ] += (double)cells / mask.Length;
        }
        return shares;
    }

    /// <summary>
    /// Returns the logits, [N][outputs * H * W], of normalised images in the memory layout of
    /// <paramref name="compute"/>.
    /// </summary>
    public float[][] Logits(Tensor images, Compute compute)
    {
        using var scope = NewDisposeScope();
        var logits = compute.Forward(() => model.forward(images)).to(float32);
        return [.. logits.Values<float>().Chunk(Spec.Outputs * Input.Width * Input.Height)];
    }
}
