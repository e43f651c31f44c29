using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Modules;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>
/// One task: all that the rest of Marrow knows of it. What a task is stands in its own folder and is reached through
/// this class alone, so that a new task is a folder and a line of <see cref="TaskCatalogue"/>.
/// </summary>
internal abstract class TaskDescriptor
{
    private protected TaskDescriptor()
    {
    }

    /// <summary>As recipes and checkpoints write it: "classify".</summary>
    public abstract string Name { get; }

    /// <summary>
    /// The metrics that can choose the best weights, of those the task measures; the first is the main one.
    /// </summary>
    public abstract IReadOnlyList<string> Metrics { get; }

    /// <summary>What stands before the backbone's name in the name of an architecture: "retinanet-".</summary>
    internal abstract string ArchitecturePrefix { get; }

    /// <summary>What the backbone's keys begin with in a model of the task.</summary>
    internal virtual string BackbonePrefix => "features.";

    /// <summary>
    /// The class of the task's models, by whose interfaces methods for unlabelled images know what they can take.
    /// </summary>
    internal abstract Type ModelType { get; }

    /// <summary>The task's architectures, one for each backbone.</summary>
    internal IReadOnlyList<string> Architectures =>
        [.. BackboneCatalogue.Names.Select(backbone => ArchitecturePrefix + backbone)];

    /// <summary>A new module on a backbone, with random weights, drawn from torch's global generator.</summary>
    /// <param name="backbone">Of random weights, just drawn; becomes the module's own.</param>
    internal abstract Module Build(Backbone backbone, ModelSpec spec);

    /// <summary>What a new model for a data set is built from.</summary>
    internal virtual ModelSpec Spec(ModelRequest request, InputContract input, Dataset data) =>
        new() { Architecture = request.Architecture, Channels = input.Channels, Outputs = LayoutOf(data).Names.Count };

    /// <summary>
    /// How outputs become a finding where a checkpoint says nothing of it; null for a task whose outputs are the
    /// finding.
    /// </summary>
    internal virtual DecodingContract? Decoding => null;

    /// <summary>The module with its loss, decoding and measures.</summary>
    /// <param name="decoding">Of the kind of <see cref="Decoding"/>; null where that is.</param>
    internal abstract TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding);

    /// <summary>The outputs that a data set asks for.</summary>
    internal virtual ClassLayout LayoutOf(Dataset data) => data.Layout;

    /// <summary>
    /// Whether a model of these outputs can be measured on a data set of those: the same names in the same order.
    /// </summary>
    internal virtual bool HasNamedOutputs => false;

    /// <summary>True where the labels are masks.</summary>
    internal virtual bool LearnsFromMasks => false;

    /// <summary>Whether a sample has what the task learns from.</summary>
    internal abstract bool IsLabelled(Sample sample);

    /// <summary>
    /// Whether something can be learnt from a set of labelled samples: false where all their labels are unknown.
    /// </summary>
    internal virtual bool CanLearnFrom(IReadOnlyList<Sample> labelled) => labelled.Count > 0;

    /// <summary>True where a task needs no labels, and yet must hold out whom any other task would.</summary>
    internal virtual bool LearnsWithoutLabels => false;

    /// <summary>
    /// The kinds of a CSV that the task takes; with one alone, that is read where a recipe names none.
    /// </summary>
    internal virtual IReadOnlyList<string> CsvKinds => [];

    /// <summary>True where the outputs have the names of a CSV's columns.</summary>
    internal virtual bool OutputsAreColumns => false;

    /// <summary>True where labels can be uncertain, which soft labels then stand for.</summary>
    internal virtual bool HasUncertainLabels => false;

    /// <summary>The input where a recipe says nothing.</summary>
    internal virtual (int Width, int Height, Fit Fit) DefaultInput => (224, 224, Fit.Stretch);

    /// <summary>The parts of an image that models of the task can look at.</summary>
    internal virtual IReadOnlyList<CropRegion> Crops => [];

    /// <summary>True where the task's models find what others crop by.</summary>
    internal virtual bool FindsCrops => false;

    /// <summary>What the task's models do where several measure a spine together; null where they do not.</summary>
    internal virtual SpineRole? SpineRole => null;

    /// <summary>True for models with anchors, which recipes change in the section "detector".</summary>
    internal virtual bool HasDetector => false;

    /// <summary>True for models that fill in hidden patches, which recipes change in the section "pretrain".</summary>
    internal virtual bool HidesPatches => false;

    /// <summary>How images may be changed where two answers for one image are compared.</summary>
    internal virtual AugmentationOptions KeepingAnswers(AugmentationOptions augment) => augment;

    /// <summary>
    /// What is wrong with comparing answers for images that are changed so, and where; null where nothing is.
    /// </summary>
    internal virtual (string Key, string Message)? ConsistencyFault(AugmentationOptions augment) => null;

    /// <summary>
    /// What a linear probe of pooled features can say of a start for this task; null where it can say nothing.
    /// </summary>
    internal virtual ProbeKind? Probe => null;

    /// <summary>Why no start is ranked for this task.</summary>
    internal virtual string WhyNoProbe => "no ranking is made of it";

    /// <summary>True where chests stand for the task's films when an export is tried, false for spines.</summary>
    internal virtual bool IsTriedOnChests => false;

    /// <summary>Hugging Face's name for it; null where it has none.</summary>
    internal virtual string? PipelineTag => null;

    /// <summary>One line for other programs: "Classification of radiographs: a, b".</summary>
    internal abstract string Summary(CheckpointConfig config);

    /// <summary>The model's own outputs, before any decoding.</summary>
    internal virtual IReadOnlyList<RawOutput> RawOutputs(CheckpointConfig config) => [];

    /// <summary>
    /// A lower bound of the numbers in the parts of a model whose size a config chooses, so without the backbone, which
    /// is one of the catalogue's. Never overflows for a config that was validated.
    /// </summary>
    internal virtual long LeastElements(ModelSpec spec) => spec.Outputs;

    /// <summary>How models of the task become ONNX graphs; null where they can't.</summary>
    internal virtual TaskOnnx? Onnx => null;

    /// <summary>Calls <paramref name="require"/> with all that a config of the task must be.</summary>
    internal virtual void Validate(CheckpointConfig config, ConfigCheck require)
    {
    }

    public override string ToString() => Name;
}

/// <summary>Throws where something does not hold.</summary>
internal delegate void ConfigCheck(bool holds, string expected, string found);

/// <summary>What a checkpoint does where several measure a spine together.</summary>
internal enum SpineRole
{
    /// <summary>It finds the corners of the vertebrae.</summary>
    Landmarks,

    /// <summary>It gives the angles straight from the film.</summary>
    Angles,

    /// <summary>
    /// It looks at each vertebra that another found, if it was trained to; else it finds points of its own.
    /// </summary>
    Corners,
}

/// <summary>What a linear probe predicts.</summary>
internal enum ProbeKind
{
    Classes,
    Angles,
}

/// <summary>What a recipe says of the model of a stage.</summary>
internal sealed record ModelRequest(string Architecture)
{
    /// <summary>What differs from the detector that suits the input.</summary>
    public Func<DetectorSpec, DetectorSpec> ChangeDetector { get; init; } = detector => detector;

    /// <summary>What is hidden while pretraining; null for the default.</summary>
    public Pretrain.MaskingSpec? Masking { get; init; }
}

/// <summary>One tensor that a model gives. Kinds and formats are named as MONAI's bundles name them.</summary>
/// <param name="Kind">"probabilities" or "tuples".</param>
/// <param name="Format">"classes", "regression", "points", "segmentation".</param>
/// <param name="Shape">Numbers, or "n" for as many as the input's size gives.</param>
/// <param name="Channels">What each channel is.</param>
internal sealed record RawOutput(
    string Name,
    string Kind,
    string Format,
    IReadOnlyList<object> Shape,
    IReadOnlyList<string> Channels);
