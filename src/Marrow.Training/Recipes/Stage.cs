using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Pretrain;

namespace Marrow.Training.Recipes;

// A stage as the program holds it; the YAML key is the property's name in camelCase unless its comment names another.
// Each key's range and sentence stand where it is read (RecipeReader and the classes beside it), its default here.

/// <summary>
/// One model trained for one task on one data set; ends in one checkpoint. A stage of several tasks has
/// <see cref="Parts"/>, each of which is a stage as well: what one part would be alone.
/// </summary>
internal sealed record Stage
{
    internal const double UsualInitCoverage = 0.9;

    /// <summary>
    /// Lower-case letters, digits, - and _; names the stage's folder, and later stages' init. A part of a stage has the
    /// name "STAGE.PART", which no other stage can have.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The parts of a stage of several tasks (YAML datasets), in order; empty for one task.</summary>
    public IReadOnlyList<StagePart> Parts { get; init; } = [];

    /// <summary>
    /// Further data sets from which a stage of one task learns beside its own; empty for none. The task of each is the
    /// stage's, or one whose labels say a part of the same (<see cref="TaskDescriptor.LearnsBeside"/>).
    /// </summary>
    public IReadOnlyList<StagePart> Beside { get; init; } = [];

    /// <summary>
    /// The stages that have a data set and a task each: the parts, or this stage and what it learns from beside.
    /// </summary>
    internal IReadOnlyList<Stage> Each =>
        Parts.Count == 0 ? [this, .. Beside.Select(part => part.Stage)] : [.. Parts.Select(part => part.Stage)];

    /// <summary>The name that one of <see cref="Each"/> has within the stage; null for the stage itself.</summary>
    internal string? PartName(Stage one) => one.Name == Name ? null : one.Name[(Name.Length + 1)..];

    /// <summary>One of <see cref="CheckpointTask.All"/>.</summary>
    public required string Task { get; init; }

    /// <summary>A key of <see cref="ModelCatalogue"/>; the checkpoint's name starts with it.</summary>
    public required string Model { get; init; }

    /// <summary>
    /// What the weights start from: an earlier stage's name, a hub name (densenet121.chexpert, with or without
    /// @sha256:...), a folder, a .safetensors, .pth or .pt file, or oci://host/repository:tag. With "matched:" before
    /// it, random weights with that one's mean and deviation in each layer. Null (in YAML: absent, or "scratch") for
    /// random weights.
    /// </summary>
    public string? Init { get; init; }

    /// <summary>Least share of the backbone's parameters that <see cref="Init"/> must give.</summary>
    public double InitCoverage { get; init; } = UsualInitCoverage;

    /// <summary>Where in its images the stage looks; null for all of them.</summary>
    public StageCrop? Crop { get; init; }

    /// <summary>What the stage learns from; of several tasks what the first part learns from.</summary>
    public required StageData Data { get; init; }

    /// <summary>How an image becomes the input; of several tasks that of the first part.</summary>
    public required StageInput Input { get; init; }

    /// <summary>
    /// What differs from the architecture's own detector; null for other tasks and when nothing does.
    /// </summary>
    public StageDetector? Detector { get; init; }

    /// <summary>What is hidden while pretraining; null for other tasks.</summary>
    public MaskingSpec? Pretrain { get; init; }

    public required TrainOptions Train { get; init; }

    /// <summary>How training images are changed at random. "augment: none" turns all of it off.</summary>
    public AugmentationOptions Augment { get; init; } = new();

    /// <summary>
    /// The data tag of the checkpoint's name, as in densenet121.cxr-pediatric.
    /// </summary>
    public required string Tag { get; init; }

    internal ModelRequest ModelRequest =>
        new(Model) { ChangeDetector = (Detector ?? new()).ApplyTo, Masking = Pretrain };

    /// <summary>"model.tag", of what the stage makes.</summary>
    public string CheckpointName => $"{Model}.{Tag}";

    /// <summary>
    /// Of the checkpoint, SPDX or LicenseRef-...; null for those of the data and all ancestors that restrict anything,
    /// joined by AND.
    /// </summary>
    public string? License { get; init; }

    /// <summary>
    /// Images without labels to learn from too, by <see cref="Uda"/> or <see cref="Teacher"/>; null for none.
    /// </summary>
    public StageUnlabeled? Unlabeled { get; init; }

    /// <summary>How <see cref="Unlabeled"/> is used; at most one of the two is set.</summary>
    public UdaOptions? Uda { get; init; }

    /// <summary>
    /// The options of a mean teacher, the other way to learn from unlabelled images; null without one.
    /// </summary>
    public TeacherOptions? Teacher { get; init; }

    /// <summary>How images without labels are changed; null where the stage takes none.</summary>
    internal AugmentationOptions? UnlabeledAugment =>
        Unlabeled is null ? null : (Uda ?? (UnlabeledOptions?)Teacher)?.Augment;
}

/// <summary>
/// One part of a stage of several tasks, an item of "datasets:", or what a stage of one task learns from beside its own
/// data set, an item of "beside:".
/// </summary>
/// <param name="Name">Lower-case letters, digits, - and _; parts of a stage have different names.</param>
/// <param name="Weight">What the loss of the part is multiplied by.</param>
/// <param name="Stage">
/// The stage that the part would be alone. How it is trained is the whole stage's, but for the size of its batches.
/// </param>
internal sealed record StagePart(string Name, double Weight, Stage Stage);

/// <summary>
/// Images without labels; those of held-out and validation patients are never among them, labels are not read.
/// </summary>
internal sealed record StageUnlabeled
{
    /// <summary>NAME in --data NAME=DIR. It may be the stage's own data.</summary>
    public required string Name { get; init; }

    /// <summary>A key of <see cref="DatasetCatalogue.Formats"/>; images for any folder of PNG and JPEG files.</summary>
    public required string Format { get; init; }

    /// <summary>How the data set is read; in YAML the options stand beside name and format.</summary>
    public DatasetOptions Options { get; init; } = new();
}

/// <summary>What becomes of films that are copies of each other.</summary>
internal enum CopyPolicy
{
    /// <summary>Patients who have copies of one film are taken for one, so that no copy is in another part.</summary>
    Join,

    /// <summary>Copies are not looked for.</summary>
    Ignore,
}

/// <summary>What a stage trains on.</summary>
internal sealed record StageData
{
    internal const double UsualValidation = 0.1;

    /// <summary>NAME in --data NAME=DIR.</summary>
    public required string Name { get; init; }

    /// <summary>A key of <see cref="DatasetCatalogue.Formats"/>.</summary>
    public required string Format { get; init; }

    /// <summary>How the data set is read; in YAML the options stand beside name and format.</summary>
    public DatasetOptions Options { get; init; } = new();

    /// <summary>
    /// U-SelfTrained: an earlier stage or a checkpoint whose probabilities stand for the uncertain labels of the
    /// training part, of findings whose policy is "self-trained". Written as <see cref="Stage.Init"/> is.
    /// </summary>
    public string? SoftLabelsFrom { get; init; }

    /// <summary>
    /// Train on this many patients only, drawn by the recipe's seed, to see what few labels give. 0: all.
    /// </summary>
    public int Limit { get; init; }

    /// <summary>
    /// Share of the training part's patients that are trained on, drawn by the recipe's seed: those of a smaller
    /// fraction are among those of a larger one. Excludes <see cref="Limit"/>.
    /// </summary>
    public double Fraction { get; init; } = 1;

    /// <summary>Whether patients who share a film are one when the samples are divided.</summary>
    public CopyPolicy Copies { get; init; }

    /// <summary>Share of the patients never trained on.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>
    /// Share of the other patients that choose the best weights and are not trained on; 0: the last weights are kept.
    /// </summary>
    public double Validation { get; init; } = UsualValidation;
}

/// <summary>
/// How images become the model's input; stored with the weights as their <see cref="InputContract"/>.
/// </summary>
internal sealed record StageInput
{
    /// <summary>Input pixels.</summary>
    public int Width { get; init; } = 224;

    /// <summary>Input pixels.</summary>
    public int Height { get; init; } = 224;

    /// <summary>1, or 3 equal channels for weights that were trained on colour.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>How an image of another shape is brought to the input's; letterbox leaves angles as they are.</summary>
    public Fit Fit { get; init; } = Fit.Stretch;

    /// <summary>Of strips: the share of the height that lies beyond the first item, and beyond the last.</summary>
    public double Ends { get; init; } = InputStrip.UsualEnds;

    /// <summary>With cover: the share of each side that is kept.</summary>
    public double CropShare { get; init; } = 1;

    /// <summary>YAML window: fullRange, or the two percentiles below.</summary>
    public WindowKind Window { get; init; } = WindowKind.Percentiles;

    /// <summary>YAML window: [low, high], the percentiles of an image that become black and white.</summary>
    public double WindowLow { get; init; } = 0.005;
    public double WindowHigh { get; init; } = 0.995;

    /// <summary>Of values in 0..1; subtracted.</summary>
    public double Mean { get; init; } = 0.5;

    /// <summary>Of values in 0..1; divided by.</summary>
    public double Std { get; init; } = 0.25;

    /// <summary>For each channel instead of mean and std; both or neither.</summary>
    public IReadOnlyList<double>? ChannelMeans { get; init; }
    public IReadOnlyList<double>? ChannelStds { get; init; }

    /// <summary>What suits the task; of an unknown task, what suits most.</summary>
    public static StageInput DefaultFor(string task) =>
        TaskCatalogue.Find(task)?.DefaultInput is var (width, height, fit)
            ? new()
            {
                Width = width,
                Height = height,
                Fit = fit,
            }
            : new();

    /// <summary>The section of a recipe that gives this contract again.</summary>
    internal static StageInput Of(InputContract contract) => new()
    {
        Width = contract.Width,
        Height = contract.Height,
        Channels = contract.Channels,
        Fit = contract.Fit,
        Ends = contract.Strip?.Ends ?? InputStrip.UsualEnds,
        CropShare = contract.CropShare,
        Window = contract.Window,
        WindowLow = contract.WindowLow,
        WindowHigh = contract.WindowHigh,
        Mean = contract.Mean,
        Std = contract.Std,
        ChannelMeans = contract.ChannelMeans,
        ChannelStds = contract.ChannelStds,
    };

    public InputContract ToContract() => new()
    {
        Width = Width,
        Height = Height,
        Channels = Channels,
        Fit = Fit,
        CropShare = CropShare,
        Window = Window,
        WindowLow = WindowLow,
        WindowHigh = WindowHigh,
        Mean = ChannelMeans?.Average() ?? Mean,
        Std = ChannelStds?.Average() ?? Std,
        ChannelMeans = ChannelMeans,
        ChannelStds = ChannelStds,
    };
}

/// <summary>
/// The settings of a <see cref="DetectorSpec"/> that a stage changes; null leaves the architecture's own.
/// </summary>
internal sealed record StageDetector
{
    /// <summary>How many channels the pyramid has.</summary>
    public int? PyramidChannels { get; init; }

    /// <summary>In each head, before its output.</summary>
    public int? HeadConvolutions { get; init; }

    /// <summary>Group norm after each of them.</summary>
    public bool? HeadGroupNorm { get; init; }

    /// <summary>
    /// Input px, one for each of the pyramid levels from the first on: P3, or P2 where the input is small.
    /// </summary>
    public IReadOnlyList<double>? AnchorSizes { get; init; }

    /// <summary>Multiples of each size.</summary>
    public IReadOnlyList<double>? AnchorScales { get; init; }

    /// <summary>Height over width.</summary>
    public IReadOnlyList<double>? AnchorRatios { get; init; }

    public DetectorSpec ApplyTo(DetectorSpec spec) => spec with
    {
        PyramidChannels = PyramidChannels ?? spec.PyramidChannels,
        HeadConvolutions = HeadConvolutions ?? spec.HeadConvolutions,
        HeadGroupNorm = HeadGroupNorm ?? spec.HeadGroupNorm,
        AnchorSizes = AnchorSizes ?? spec.AnchorSizes,
        AnchorScales = AnchorScales ?? spec.AnchorScales,
        AnchorRatios = AnchorRatios ?? spec.AnchorRatios,
    };
}
