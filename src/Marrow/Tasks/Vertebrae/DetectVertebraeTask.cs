using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Spine;
using Marrow.Tasks.Familiarity;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Vertebrae;

/// <summary>
/// Learns and predicts the four corners of each of 17 vertebrae, by a RetinaNet with a corner head. The angles are
/// computed from the corners in original pixels, by the data set's own algorithm.
/// </summary>
internal sealed class DetectVertebraeTask(RetinaNet model, ModelSpec spec, InputContract input)
    : TaskModel(spec, input),
        IFirstLookTask,
        ITeacherTask
{
    // The corners are what counts; the boxes only help to suppress what is found twice.
    private const double BoxWeight = 0.5;
    private const double CornerWeight = 2;

    public override string Name => CheckpointTask.DetectVertebrae;
    public override string Purpose =>
        "finding the four corners of the vertebrae T1 to L5 on frontal radiographs of the whole spine";
    public override string Limits =>
        "Frontal radiographs of the whole spine, 17 vertebrae, T1 to L5. For research. Not a medical device: no "
            + "clinical decision may rest on it.";
    public override Module Model => model;

    internal VertebraeDecoding Decoding { get; set; } = new();

    internal override bool Refuses => true;

    /// <summary>
    /// Returns the reasons of both kinds: the image is unlike those of the training, or what the first look found on it
    /// is no whole spine.
    /// </summary>
    internal override IReadOnlyList<IReadOnlyList<string>> RefusalsOf(
        Tensor images, IReadOnlyList<AffineTransform> toInput, Compute compute) =>
        [
            .. Evidence(images, toInput, compute).Select(evidence =>
                (IReadOnlyList<string>)
                [
                    .. FamiliarityContract.Refusals(evidence.Unfamiliarity),
                    .. evidence.Refusals(Decoding.WholeSpine),
                ]),
        ];

    /// <summary>Learns how the vertebrae of a chain are counted from where the labels' ends stand.</summary>
    internal override void LearnFromLabels(IEnumerable<(Sample Sample, AffineTransform ToInput)> training)
    {
        var ends =
            from shown in training
            let spine = shown.Sample.Vertebrae
            where spine.Count == Vertebra.Count
            select (First: Height(spine[0], shown.ToInput), Last: Height(spine[^1], shown.ToInput));
        Decoding = Decoding with { Counting = LevelCount.Learn([.. ends]) };

        double Height(in Vertebra vertebra, AffineTransform toInput) =>
            vertebra.Transform(toInput).Center.Y / Input.Height;
    }

    internal override void ChooseRefusals(IReadOnlyList<BatchLoader> unseen, Compute compute)
    {
        var seen = new List<(string, SpineEvidence)>();
        foreach (var images in unseen)
            ForEachBatch(images, compute, (tensor, batch) => seen.AddRange(
                batch.Samples.Select(s => s.Sample.Patient)
                    .Zip(Evidence(tensor, [.. batch.Samples.Select(s => s.ToInput)], compute))));
        Decoding = Decoding with { WholeSpine = Decoding.WholeSpine.Suiting(seen, Familiarity!.Rate) };
    }

    public override CheckpointConfig Describe() =>
        new()
        {
            Model = Spec,
            Task = Name,
            Classes = ["vertebra"],
            Input = Input,
            Decoding = Decoding.Write(),
            Outputs =
            [
                new("vertebra", "probability", "An anchor holds a vertebra."),
                new("box", "input pixel", "The box around the vertebra, coded against the anchor."),
                new(
                    "corners",
                    "input pixel",
                    "Top left, top right, bottom left and bottom right corner, coded against the anchor."),
            ],
        };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        var output = compute.Forward(() => model.forward(images));
        var losses = DetectionLoss.Compute(output, [.. batch.Samples.Select(TargetsOf)]);
        return
        [
            ("class", losses.Classification.MoveToOuterDisposeScope()),
            ("box", (losses.Box * Scalars.Of(BoxWeight)).MoveToOuterDisposeScope()),
            ("corner", (losses.Corner! * Scalars.Of(CornerWeight)).MoveToOuterDisposeScope()),
        ];
    }

    /// <summary>
    /// Returns the vertebrae as targets, or boxes of vertebrae where no corners are known; null for an image without
    /// labels.
    /// </summary>
    private IReadOnlyList<DetectionTarget>? TargetsOf(BatchSample sample) =>
        sample.Vertebrae.Count > 0
            ? [.. sample.Vertebrae.Select((v, i) =>
                DetectionTarget.Of(v, sample.Guessed.Count > 0 && sample.Guessed[i]))]
        : sample.Boxes is { } boxes ? DetectionTarget.Of(boxes, Input)
        : null;

    public override IReadOnlyList<MetricValue> Measure(
        BatchLoader loader, Compute compute, BootstrapOptions bootstrap) =>
        Measure(loader, compute, bootstrap, fast: false);

    internal override IReadOnlyList<MetricValue> MeasureFast(
        BatchLoader loader, Compute compute, BootstrapOptions bootstrap) =>
        Measure(loader, compute, bootstrap, fast: true);

    private IReadOnlyList<MetricValue> Measure(
        BatchLoader loader, Compute compute, BootstrapOptions bootstrap, bool fast)
    {
        var landmarks = new List<LandmarkPair>();
        var (truth, found) = (new List<IReadOnlyList<double>>(), new List<IReadOnlyList<double>>());
        var (trueBoxes, foundBoxes) = (new List<IReadOnlyList<DetectionBox>>(), new List<IReadOnlyList<ScoredBox>>());
        ForEachBatch(loader, compute, (images, batch) =>
        {
            var (output, mirrored) = BothSides(images, compute);
            IReadOnlyList<AffineTransform> toInput = [.. batch.Samples.Select(s => s.ToInput)];
            var spines = SpineDecoder.Decode(output, Decoding, mirrored);
            if (!fast)
                spines = Refine(spines, images, toInput, compute);
            for (var i = 0; i < spines.Count; i++)
            {
                var inBatch = batch.Samples[i];
                trueBoxes.Add([.. inBatch.Vertebrae.Select(DetectionBox.Around)]);
                foundBoxes.Add([.. SpineDecoder.Detect(output, i, Decoding, mirrored)
                    .Select(d => new ScoredBox(DetectionBox.Around(d.Vertebra), d.Score))]);
                var size = loader.OriginalSize(inBatch.Sample);
                var vertebrae = ToOriginal(spines[i], inBatch);
                landmarks.Add(new()
                {
                    Truth = inBatch.Sample.Vertebrae,
                    Found = vertebrae,
                    ImageWidth = size.Width,
                    ImageHeight = size.Height,
                    Patient = inBatch.Sample.Patient,
                });
                truth.Add(inBatch.Sample.CobbDegrees);
                found.Add(CobbAngles.Measure(vertebrae, size.Height).Degrees);
            }
        });
        string[] patients = [.. landmarks.Select(l => l.Patient)];
        return
        [
            .. Angles.Measure(truth, found, patients, bootstrap),
            .. Landmarks.Measure(landmarks, bootstrap),
            .. AveragePrecision.Measure(trueBoxes, foundBoxes, patients, bootstrap),
        ];
    }

    /// <summary>
    /// Returns one spine in input pixels for each normalised image. The images are in the memory layout of
    /// <paramref name="compute"/>.
    /// </summary>
    /// <param name="toInput">For each image the transform from original pixels to input pixels.</param>
    /// <param name="looks">
    /// Is given what each look at a single image saw, in original pixels; null to keep nothing.
    /// </param>
    /// <param name="fast">
    /// True to look at the whole images alone. Their mirror images are still looked at: what a whole spine is, and the
    /// confidence, were chosen for both views together.
    /// </param>
    public IReadOnlyList<SpinePrediction> Spines(
        Tensor images, IReadOnlyList<AffineTransform> toInput, Compute compute, SpineLooks? looks = null,
        bool fast = false)
    {
        using var scope = NewDisposeScope();
        var (output, mirrored) = BothSides(images, compute);
        var spines = SpineDecoder.Decode(output, Decoding, mirrored);
        var kept = looks is null ? null : new KeptViews(looks, spines.Single(), toInput[0], Decoding);
        kept?.Begin();
        kept?.Add(output, mirrored, 0, AffineTransform.Identity, 0, Vertebra.Count);
        return fast ? spines : Refine(spines, images, toInput, compute, kept);
    }

    bool IFirstLookTask.LeavesBorderOut => true;

    IReadOnlyList<FirstLook> IFirstLookTask.Look(
        Tensor images, IReadOnlyList<ShownImage> shown, Compute compute, bool fast) =>
        [
            .. Spines(images, [.. shown.Select(s => s.ToInput)], compute, fast: fast)
                .Zip(shown, (spine, s) => Detected(spine, s.ToInput, s.Width, s.Height)),
        ];

    FirstLook? IFirstLookTask.Restore(int width, int height, IReadOnlyList<double> numbers) =>
        DetectedSpine.Of(width, height, numbers);

    /// <summary>Converts what was seen from input pixels to original pixels.</summary>
    public static DetectedSpine Detected(SpinePrediction spine, AffineTransform toInput, int width, int height)
    {
        var toOriginal = toInput.Invert();
        return new(
            width,
            height,
            [.. spine.Vertebrae.Select(v => v.Transform(toOriginal))],
            spine.Filled.Count(filled => !filled));
    }

    // The decoder judges the whole chain: a vertebra's own score may be high where there is none, a spine's is not.
    // Where it has filled a gap, a vertebra is there, but its corners are nobody's measurement.
    IReadOnlyList<PseudoLabel> ITeacherTask.Label(Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        var plain = batch.Plain!;
        var (output, mirrored) = BothSides(compute.Arrange(plain.Images), compute);
        return PseudoLabels(SpineDecoder.Decode(output, Decoding, mirrored), batch);
    }

    /// <param name="spines">The spines as they are seen on the batch's unaugmented images.</param>
    internal static IReadOnlyList<PseudoLabel> PseudoLabels(IReadOnlyList<SpinePrediction> spines, Batch batch) =>
        [
            .. spines.Select(
                (spine, i) =>
                {
                    var (toOriginal, shown) = (batch.Plain!.ToInput[i].Invert(), batch.Samples[i]);
                    Vertebra[] original = [.. spine.Vertebrae.Select(v => v.Transform(toOriginal))];
                    var sample = shown.Sample with { Vertebrae = original };
                    var target = new BatchSample(sample, shown.ToInput, sample.Targets.Transform(shown.ToInput))
                    {
                        Guessed = spine.Filled,
                    };
                    return new PseudoLabel(target, spine.Confidence);
                }
            ),
        ];

    /// <summary>Returns the centres of the vertebrae, [17 * 2].</summary>
    double[] ITeacherTask.Signature(Sample sample, int width, int height, ReadOnlySpan<byte> mask) =>
        [.. sample.Vertebrae.SelectMany(v => (double[])[v.Center.X / width, v.Center.Y / height])];

    private IReadOnlyList<SpineEvidence> Evidence(
        Tensor images, IReadOnlyList<AffineTransform> toInput, Compute compute)
    {
        using var scope = NewDisposeScope();
        var (output, mirrored) = BothSides(images, compute);
        return
        [
            .. SpineDecoder.Decode(output, Decoding, mirrored)
                .Zip(toInput, UnfamiliarityOf(images, compute)).Select(image =>
                    SpineEvidence.Of(image.First, image.Second, image.Third, Decoding.WholeSpine)),
        ];
    }

    private IReadOnlyList<SpinePrediction> Refine(
        IReadOnlyList<SpinePrediction> spines,
        Tensor images,
        IReadOnlyList<AffineTransform> toInput,
        Compute compute,
        KeptViews? kept = null)
    {
        double[] black = [.. Enumerable.Range(0, Input.Channels).Select(Input.BlackOf)];
        return [.. spines.Select((spine, i) => SecondLook.Refine(
            spine, images[i].unsqueeze(0), toInput[i], black, Decoding,
            crops => BothSides(compute.Arrange(crops), compute), kept))];
    }

    /// <summary>
    /// Returns the outputs for the images and for their mirror images, since two looks together err less than one. The
    /// open dispose scope disposes them.
    /// </summary>
    private (DetectorOutput Output, DetectorOutput Mirrored) BothSides(Tensor images, Compute compute)
    {
        using var mirrorImages = compute.Arrange(images.flip(3));
        return (compute.Forward(() => model.forward(images)), compute.Forward(() => model.forward(mirrorImages)));
    }

    private static IReadOnlyList<Vertebra> ToOriginal(SpinePrediction spine, BatchSample inBatch)
    {
        var toOriginal = inBatch.ToInput.Invert();
        return [.. spine.Vertebrae.Select(v => v.Transform(toOriginal))];
    }
}
