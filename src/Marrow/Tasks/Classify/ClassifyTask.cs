using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Losses;
using Marrow.Metrics;
using Marrow.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Classify;

/// <summary>
/// Classification. Either exactly one class applies to an image (softmax, cross-entropy), or each finding applies
/// independently (sigmoid, binary cross-entropy). A finding can also be positive, negative or uncertain (one softmax
/// over the three states, CheXpert's U-MultiClass). Unknown labels (NaN) neither add to the loss nor count in metrics,
/// and uncertain ones do not count in metrics.
/// </summary>
internal sealed class ClassifyTask(Classifier model, ModelSpec spec, InputContract input, ClassLayout layout)
    : TaskModel(spec, input), IAnnealedTask, IExplainedTask
{
    private readonly IReadOnlyList<string> _classes = layout.Names;
    private readonly bool _exclusive = layout.Exclusive;

    /// <summary>The indices of the outputs that have a sigmoid of their own.</summary>
    private readonly long[] _single =
    [
        .. Enumerable.Range(0, layout.Names.Count).Except(layout.ThreeClass.SelectMany(Indices)).Select(i => (long)i),
    ];

    /// <summary>
    /// The indices of the outputs that metrics describe: all except the states "negative" and "uncertain" of
    /// three-class findings.
    /// </summary>
    private readonly IReadOnlyList<int> _reported = layout.Reported;

    private readonly TrainedOutputs _trained = new(layout);

    /// <summary>True when exactly one class applies to each image.</summary>
    internal bool IsExclusive => _exclusive;

    /// <summary>
    /// The indices of the outputs that are reported: all except the states "negative" and "uncertain" of three-class
    /// findings.
    /// </summary>
    internal IReadOnlyList<int> Reported => _reported;

    public override string Name => CheckpointTask.Classify;
    public override string Purpose => $"classifying radiographs ({string.Join(", ", _classes)})";
    public override string Limits =>
        "For research, and as a starting point for other tasks. Not a medical device: no clinical decision may rest "
            + "on it.";
    public override Module Model => model;

    /// <summary>
    /// Records which outputs the training has labels for. Among exclusive classes an image of the class is needed; for
    /// a finding any label suffices, including that it is absent.
    /// </summary>
    public override void AdaptTo(IReadOnlyList<Sample> training) =>
        _trained.Set(c =>
            training.Any(s => s.Labels.Count > c && (_exclusive ? s.Labels[c] > 0 : !float.IsNaN(s.Labels[c]))));

    internal override ITaskReading Reading(IReadOnlyList<OutputMeaning> outputs) => new ClassReading(this, outputs);

    public override CheckpointConfig Describe() =>
        new()
        {
            Model = Spec,
            Task = Name,
            Classes = _classes,
            ExclusiveClasses = _exclusive,
            ThreeClassFindings = layout.ThreeClass,
            Input = Input,
            Outputs =
            [
                .. _classes.Select(
                    (c, i) =>
                        new OutputMeaning(
                            c,
                            "probability",
                            _exclusive ? $"The image is of class {c}." : $"The finding {c} is present.",
                            _trained.Has(i))),
            ],
        };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        return Loss(images, batch, annealed: null, compute);
    }

    IReadOnlyList<(string Name, Tensor Value)> IAnnealedTask.AnnealedLoss(
        Tensor images,
        Batch batch,
        double share,
        Compute compute
    ) => Loss(images, batch, share, compute);

    /// <param name="annealed">
    /// The progress of <see cref="SignalAnnealing"/>; null to let every known label count.
    /// </param>
    private IReadOnlyList<(string Name, Tensor Value)> Loss(
        Tensor images,
        Batch batch,
        double? annealed,
        Compute compute)
    {
        using var scope = NewDisposeScope();
        var labels = tensor(
            batch.Samples.SelectMany(s => s.Sample.Labels).ToArray(),
            [batch.Samples.Count, _classes.Count],
            device: images.device);
        var logits = compute.Forward(() => model.forward(images)).to(float32);
        if (_exclusive)
            return [("class", OneOf(logits, labels).MoveToOuterDisposeScope())];
        var losses = layout
            .ThreeClass.Select(f => OneOf(Columns(logits, Indices(f)), Columns(labels, Indices(f))))
            .ToList();
        if (_single.Length > 0)
        {
            var (x, y) = (Columns(logits, _single), Columns(labels, _single));
            losses.Add(
                MaskedBinaryCrossEntropy.Compute(
                    x,
                    annealed is { } share ? SignalAnnealing.DropKnownFindings(y, x, share) : y
                ) * Scalars.Of((double)_single.Length));
        }
        var mean =
            // over findings
            losses.Aggregate((a, b) => a.Plus(b)) / Scalars.Of((double)(layout.ThreeClass.Count + _single.Length));
        return [("class", mean.MoveToOuterDisposeScope())];

        Tensor OneOf(Tensor x, Tensor y) =>
            MaskedCrossEntropy.Compute(x, annealed is { } share ? SignalAnnealing.DropKnown(y, x, share) : y);
    }

    /// <summary>Returns logits, [N, classes].</summary>
    Tensor IConsistentTask.Answers(Tensor images, Compute compute)
    {
        using var scope = NewDisposeScope();
        return compute.Forward(() => model.forward(images)).to(float32).MoveToOuterDisposeScope();
    }

    /// <summary>Averages over images and findings, each on its own; with exclusive classes, over images.</summary>
    Consistency IConsistentTask.Consistency(Tensor answers, Tensor augmented, Sharpening sharpening, Compute compute)
    {
        using var scope = NewDisposeScope();
        var logits = compute.Forward(() => model.forward(augmented)).to(float32);
        if (_exclusive)
            return Consistency
                .Of(ConsistencyLoss.Softmax(answers, logits, sharpening.Temperature, sharpening.Confidence))
                .MoveToOuterDisposeScope();
        var findings = layout
            .ThreeClass.Select(f =>
                ConsistencyLoss.Softmax(
                    Columns(answers, Indices(f)),
                    Columns(logits, Indices(f)),
                    sharpening.Temperature,
                    sharpening.Confidence))
            .ToList();
        if (_single.Length > 0)
            findings.Add(
                ConsistencyLoss.Bernoulli(
                    Columns(answers, _single),
                    Columns(logits, _single),
                    sharpening.Temperature,
                    sharpening.Confidence));
        return Consistency.Of([.. findings]).MoveToOuterDisposeScope();
    }

    /// <summary>Returns the probability of each class, [classes].</summary>
    IReadOnlyList<double[]> IConsistentTask.Signatures(Tensor answers) =>
        [.. ClassProbabilities.Of(answers, layout).Select(row => row.Select(p => (double)p).ToArray())];

    double[] IConsistentTask.Signature(Sample sample) => [.. sample.Labels.Select(l => (double)l)];

    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var truth = new List<IReadOnlyList<float>>();
        var scores = new List<float[]>();
        var origins = new List<StudyOrigin>();
        ForEachBatch(loader, compute, (images, batch) =>
        {
            var probabilities = Probabilities(images, compute);
            for (var i = 0; i < batch.Samples.Count; i++)
            {
                truth.Add([.. _reported.Select(c => layout.Truth(batch.Samples[i].Sample.Labels, c))]);
                scores.Add([.. _reported.Select(c => probabilities[i][c])]);
                origins.Add(
                    new(
                        batch.Samples[i].Sample.Study,
                        batch.Samples[i].Sample.Patient,
                        batch.Samples[i].Sample.BodyPart));
            }
        });
        string[] names = [.. _reported.Select(c => _classes[c])];
        return
        [
            .. Classification.Measure(
                names,
                truth,
                scores,
                [.. origins.Select(o => o.Patient)],
                _exclusive,
                bootstrap: bootstrap),
            .. StudyScores.Measure(names, truth, scores, origins, _exclusive, bootstrap),
        ];
    }

    /// <summary>
    /// Computes the probabilities of normalised images in the memory layout of <paramref name="compute"/>; see
    /// <see cref="ClassProbabilities.Of"/>.
    /// </summary>
    public float[][] Probabilities(Tensor images, Compute compute)
    {
        using var scope = NewDisposeScope();
        return ClassProbabilities.Of(compute.Forward(() => model.forward(images)).to(float32), layout);
    }

    Backbone IExplainedTask.Features => model.Features;

    bool IExplainedTask.Explains(int output) => _reported.Contains(output);

    Tensor IExplainedTask.Answer(Tensor map, int output) => model.Logits(map).select(1, output);

    private static int[] Indices(ThreeClassFinding f) => [f.Positive, f.Negative, f.Uncertain];

    private static Tensor Columns(Tensor x, IEnumerable<int> columns) => Columns(x, [.. columns.Select(c => (long)c)]);

    // [N, columns]
    private static Tensor Columns(Tensor x, long[] columns) => x.index_select(1, tensor(columns, device: x.device));
}
