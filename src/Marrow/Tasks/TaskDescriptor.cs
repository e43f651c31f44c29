using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Modules;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>
/// Everything that the rest of Marrow knows of one task. A task's code is in its own folder and is reached only through
/// this class, so that a new task needs a folder and a line in <see cref="TaskCatalogue"/>.
/// </summary>
internal abstract class TaskDescriptor
{
    private protected TaskDescriptor()
    {
    }

    /// <summary>The task's name in recipes and checkpoints, such as "classify".</summary>
    public abstract string Name { get; }

    /// <summary>
    /// The metrics by which the best weights can be chosen; the first is the main one. The task measures others as
    /// well.
    /// </summary>
    public abstract IReadOnlyList<string> Metrics { get; }

    /// <summary>The text before the backbone's name in the name of an architecture, such as "retinanet-".</summary>
    internal abstract string ArchitecturePrefix { get; }

    /// <summary>The prefix of the backbone's keys in a model of the task.</summary>
    internal virtual string BackbonePrefix => "features.";

    /// <summary>
    /// The class of the task's models. Its interfaces tell methods for unlabelled images whether they can use the task.
    /// </summary>
    internal abstract Type ModelType { get; }

    /// <summary>The names of the task's architectures, one for each backbone.</summary>
    internal IReadOnlyList<string> Architectures =>
        [.. BackboneCatalogue.Names.Select(backbone => ArchitecturePrefix + backbone)];

    /// <summary>Builds a module on a backbone. Its weights are random, drawn from torch's global generator.</summary>
    /// <param name="backbone">
    /// A backbone whose random weights were just drawn, which the module owns from then on.
    /// </param>
    internal abstract Module Build(Backbone backbone, ModelSpec spec);

    /// <summary>Returns the specification of a new model for a data set.</summary>
    internal virtual ModelSpec Spec(ModelRequest request, InputContract input, Dataset data) =>
        new() { Architecture = request.Architecture, Channels = input.Channels, Outputs = LayoutOf(data).Names.Count };

    /// <summary>
    /// The default way in which outputs become a finding, for checkpoints that do not state it; null for a task whose
    /// outputs are the finding.
    /// </summary>
    internal virtual DecodingContract? Decoding => null;

    /// <summary>Combines a module with the task's loss, decoding and metrics.</summary>
    /// <param name="decoding">The contract, of the same type as <see cref="Decoding"/>; null when that is null.</param>
    internal abstract TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding);

    /// <summary>
    /// Combines a module with what a checkpoint's config says of the task's loss, decoding and metrics.
    /// </summary>
    /// <param name="path">The path of the config, for error messages.</param>
    internal virtual TaskModel Create(Module module, CheckpointConfig config, string path) =>
        Create(module, config.Model, config.Input, config.Layout, config.ReadDecoding(path));

    /// <summary>Returns the outputs that a data set requires.</summary>
    internal virtual ClassLayout LayoutOf(Dataset data) => data.Layout;

    /// <summary>
    /// True when a model can only be measured on a data set whose outputs have the same names in the same order.
    /// </summary>
    internal virtual bool HasNamedOutputs => false;

    /// <summary>True when the labels are masks.</summary>
    internal virtual bool LearnsFromMasks => false;

    /// <summary>Returns true when a sample has the labels from which the task learns.</summary>
    internal abstract bool IsLabelled(Sample sample);

    /// <summary>
    /// Returns true when something can be learnt from a set of labelled samples, which is false when all their labels
    /// are unknown.
    /// </summary>
    internal virtual bool CanLearnFrom(IReadOnlyList<Sample> labelled) => labelled.Count > 0;

    /// <summary>
    /// True for a task that needs no labels. It must still hold out every patient whom any other task would hold out.
    /// </summary>
    internal virtual bool LearnsWithoutLabels => false;

    /// <summary>The kinds of CSV that the task accepts.</summary>
    internal virtual IReadOnlyList<string> CsvKinds => [];

    /// <summary>
    /// The kind of a CSV for which a recipe names none; null when its columns tell the kind.
    /// </summary>
    internal virtual string? UsualCsvKind => CsvKinds is [var only] ? only : null;

    /// <summary>True when the outputs have the names of a CSV's columns.</summary>
    internal virtual bool OutputsAreColumns => false;

    /// <summary>True when labels can be uncertain, so that soft labels can replace them.</summary>
    internal virtual bool HasUncertainLabels => false;

    /// <summary>The default size and fit of the input.</summary>
    internal virtual (int Width, int Height, Fit Fit) DefaultInput => (224, 224, Fit.Stretch);

    /// <summary>
    /// True for a task whose models are parts with tasks of their own, on one backbone. Recipes give each part a data
    /// set, in their section "datasets".
    /// </summary>
    internal virtual bool HasParts => false;

    /// <summary>True for a task whose models can be parts of a model of several tasks: they see whole images.</summary>
    internal virtual bool CanBePart => !Straightens;

    /// <summary>
    /// The tasks whose labels a model of this task can learn from beside its own data set: the same task's, and those
    /// that say a part of the same, as boxes do of vertebrae.
    /// </summary>
    internal virtual IReadOnlyList<string> LearnsBeside => CanBePart ? [Name] : [];

    /// <summary>
    /// Says what is wrong with a data set from which a model is to learn beside its own: what was expected and what was
    /// found; null when nothing is.
    /// </summary>
    internal virtual (string Expected, string Found)? BesideFault(Dataset own, Dataset beside)
    {
        var (expected, found) = (LayoutOf(own).Names, LayoutOf(beside).Names);
        return expected.SequenceEqual(found) && own.MaskClasses.SequenceEqual(beside.MaskClasses)
            ? null
            : ($"the outputs of {own.Name}, {string.Join(", ", expected)}", string.Join(", ", found));
    }

    /// <summary>The parts of an image at which the task's models can look.</summary>
    internal virtual IReadOnlyList<CropRegion> Crops => [];

    /// <summary>
    /// True when the task's models look at strips, in which a curve through the image is laid straight.
    /// </summary>
    internal virtual bool Straightens => false;

    /// <summary>
    /// The regions by which other models can crop what the task's models find; empty for models that find no places.
    /// Where there are any, the models are <see cref="IFirstLookTask"/>.
    /// </summary>
    internal virtual IReadOnlyList<CropRegion> FindsCrops => [];

    /// <summary>
    /// The role of the task's models when several measure a spine together; null when they take no part in that.
    /// </summary>
    internal virtual SpineRole? SpineRole => null;

    /// <summary>True for models whose findings are refused for images unlike those of their training.</summary>
    internal virtual bool RefusesUnfamiliar => true;

    /// <summary>True for models with anchors, which recipes configure in their section "detector".</summary>
    internal virtual bool HasDetector => false;

    /// <summary>
    /// True for models that fill in hidden patches, which recipes configure in their section "pretrain".
    /// </summary>
    internal virtual bool HidesPatches => false;

    /// <summary>
    /// Restricts an augmentation to changes that do not change the answer, for methods that compare two answers for one
    /// image.
    /// </summary>
    internal virtual AugmentationOptions KeepingAnswers(AugmentationOptions augment) => augment;

    /// <summary>
    /// Returns a message, and the key of the recipe it concerns, when answers for images with such changes can't be
    /// compared; null when they can.
    /// </summary>
    internal virtual (string Key, string Message)? ConsistencyFault(AugmentationOptions augment) => null;

    /// <summary>
    /// The kind of prediction that a linear probe of pooled features can make for this task; null when it can make
    /// none.
    /// </summary>
    internal virtual ProbeKind? Probe => null;

    /// <summary>The reason why starting points can't be ranked for this task.</summary>
    internal virtual string WhyNoProbe => "no ranking is made of it";

    /// <summary>
    /// True to test exports of the task's models on synthetic chests, false to test them on synthetic spines.
    /// </summary>
    internal virtual bool IsTriedOnChests => false;

    /// <summary>
    /// A sentence that says what to look at when somebody asks why a model of the task answers as it does, for tasks
    /// whose answers can't be explained by a map; null for the others.
    /// </summary>
    internal virtual string? InsteadOfExplanation => null;

    /// <summary>Hugging Face's name for the task; null when it has none.</summary>
    internal virtual string? PipelineTag => null;

    /// <summary>
    /// Describes a model in one line for other programs, such as "Classification of radiographs: a, b".
    /// </summary>
    internal abstract string Summary(CheckpointConfig config);

    /// <summary>Returns the model's own outputs, before any decoding.</summary>
    internal virtual IReadOnlyList<RawOutput> RawOutputs(CheckpointConfig config) => [];

    /// <summary>
    /// Returns a lower bound of the number of elements in those parts of a model whose size a config chooses. This
    /// excludes the backbone, which comes from the catalogue. It never overflows for a validated config.
    /// </summary>
    internal virtual long LeastElements(ModelSpec spec) => spec.Outputs;

    /// <summary>Writes models of the task as ONNX graphs; null when that is impossible.</summary>
    internal virtual TaskOnnx? Onnx => null;

    /// <summary>Calls <paramref name="require"/> with every condition that a config of the task must meet.</summary>
    internal virtual void Validate(CheckpointConfig config, ConfigCheck require)
    {
    }

    /// <summary>
    /// Calls <paramref name="require"/> with every condition that binds a decoding to the rest of its config.
    /// </summary>
    internal virtual void ValidateDecoding(CheckpointConfig config, DecodingContract decoding, ConfigCheck require)
    {
    }

    public override string ToString() => Name;
}

/// <summary>Throws when a condition is not met.</summary>
internal delegate void ConfigCheck(bool holds, string expected, string found);

/// <summary>The roles of checkpoints that measure a spine together.</summary>
internal enum SpineRole
{
    /// <summary>The checkpoint finds the corners of the vertebrae.</summary>
    Landmarks,

    /// <summary>The checkpoint measures the angles directly from the image.</summary>
    Angles,

    /// <summary>
    /// The checkpoint looks at each vertebra that another one has found, if it was trained for that; otherwise it finds
    /// points of its own.
    /// </summary>
    Corners,

    /// <summary>The checkpoint looks at the spine, laid straight, that another one has found.</summary>
    Strip,
}

/// <summary>The kinds of prediction that a linear probe can make.</summary>
internal enum ProbeKind
{
    Classes,
    Angles,
}

/// <summary>The part of a recipe's stage that describes the model.</summary>
internal sealed record ModelRequest(string Architecture)
{
    /// <summary>Changes the detector that suits the input; by default nothing is changed.</summary>
    public Func<DetectorSpec, DetectorSpec> ChangeDetector { get; init; } = detector => detector;

    /// <summary>Says what is hidden in pretraining; null for the default.</summary>
    public Pretrain.MaskingSpec? Masking { get; init; }
}

/// <summary>One tensor that a model returns. Kinds and formats have the names that MONAI's bundles use.</summary>
/// <param name="Kind">The kind of values, "probabilities" or "tuples".</param>
/// <param name="Format">The format, "classes", "regression", "points" or "segmentation".</param>
/// <param name="Shape">The sizes, as numbers or as "n" when they depend on the input's size.</param>
/// <param name="Channels">The meaning of each channel.</param>
internal sealed record RawOutput(
    string Name,
    string Kind,
    string Format,
    IReadOnlyList<object> Shape,
    IReadOnlyList<string> Channels);
