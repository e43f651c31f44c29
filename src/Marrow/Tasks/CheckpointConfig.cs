using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Modules;
using Marrow.Tasks.Familiarity;
using Marrow.Tasks.Multitask;
using Marrow.Tasks.Own;

namespace Marrow.Tasks;

/// <summary>The names of the tasks for which a checkpoint can be trained.</summary>
public static class CheckpointTask
{
    internal const string Classify = "classify";
    internal const string DetectVertebrae = "detect-vertebrae";
    internal const string RegressCobb = "regress-cobb";
    internal const string Regress = "regress";
    internal const string Points = "points";
    internal const string RefinePoints = "refine-points";
    internal const string Segment = "segment";
    internal const string Pretrain = "pretrain";

    /// <summary>
    /// The task of a user's own module, which only the user's program can build. No recipe trains it.
    /// </summary>
    public const string Custom = "custom";

    /// <summary>The names of the tasks that recipes can train.</summary>
    internal static IReadOnlyList<string> All => [.. TaskCatalogue.All.Select(task => task.Name)];
}

/// <summary>What one output of the model means.</summary>
/// <param name="Name">The output's name, such as "Cardiomegaly", "cobb1" or "vertebra".</param>
/// <param name="Unit">The unit, such as "probability", "degree" or "input pixel".</param>
/// <param name="Meaning">One sentence for a reader who has only the checkpoint.</param>
/// <param name="Trained">
/// False when training saw no label of this output. Predictions then mask the output and say so.
/// </param>
public sealed record OutputMeaning(string Name, string Unit, string Meaning, bool Trained = true);

/// <summary>
/// The content of a checkpoint's config.json: everything that is needed to build the model, prepare its input and read
/// its outputs. It states every step of the preprocessing.
/// </summary>
public sealed record CheckpointConfig
{
    private const int LongestPrefix = 256; // characters
    internal const int MostOutputs = 10_000; // bounds what a hostile config can make the model's creation allocate
    private const int LongestName = 500, LongestMeaning = 5000; // characters
    private const long MostMapValues = 1 << 30; // 64 masks of 4096 x 4096
    private const int MostPyramidChannels = 1024, MostHeadConvolutions = 8; // as recipes allow
    private const int MostAnchorSizes = 5, MostAnchorShapes = 8;
    private const long MostAnchors = 8_000_000; // of one image; RetinaNet's own has 0.1 million at 800 x 800

    /// <summary>The architecture and the sizes from which the model is built.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>
    /// The task's name: one of Marrow's, the name of an <see cref="OwnTask"/>, or <see cref="CheckpointTask.Custom"/>.
    /// </summary>
    public required string Task { get; init; }

    /// <summary>True for a user's own module, which only the user's program can build.</summary>
    public bool IsOwnModule => TaskCatalogue.Find(Task) is null;

    /// <summary>
    /// The names of the outputs, in order: classes, numbers or points. A detector has the one name "vertebra".
    /// </summary>
    [JsonInclude] public IReadOnlyList<string> Classes { get; internal init; } = [];

    /// <summary>
    /// True when exactly one class applies to an image (softmax), false when each applies independently (sigmoid).
    /// </summary>
    public bool ExclusiveClasses { get; init; }

    /// <summary>The findings whose three states share a softmax, as indices into <see cref="Classes"/>.</summary>
    [JsonInclude] internal IReadOnlyList<ThreeClassFinding> ThreeClassFindings { get; init; } = [];

    /// <summary>The classes, and everything that is known about them, as one value.</summary>
    internal ClassLayout Layout =>
        new(Classes, ExclusiveClasses, ThreeClassFindings)
        {
            Units = [.. Outputs.Select(o => o.Unit)],
            Untrained = [.. Outputs.Select(o => !o.Trained)],
        };

    /// <summary>Says how an image becomes the input that the weights expect.</summary>
    public required InputContract Input { get; init; }

    /// <summary>
    /// The section of the task's <see cref="DecodingContract"/>, which says how the outputs become a finding. Null in
    /// checkpoints of early versions, where its defaults apply, and for tasks whose outputs are the finding.
    /// </summary>
    [JsonInclude]
    internal JsonElement? Decoding { get; init; }

    /// <summary>
    /// Says which images are familiar to the weights; null in checkpoints of early versions and where it was not
    /// learnt.
    /// </summary>
    [JsonInclude]
    internal FamiliarityContract? Familiarity { get; init; }

    /// <summary>What each part of a model of several tasks expects and says; null for a model of one task.</summary>
    [JsonInclude]
    internal IReadOnlyList<PartConfig>? Parts { get; init; }

    /// <summary>
    /// The config that each part of a model of several tasks would have alone; empty for a model of one task.
    /// </summary>
    internal IReadOnlyList<(string Name, CheckpointConfig Config)> PartConfigs =>
        [
            .. (Parts ?? []).Zip(Model.Parts ?? [], (part, spec) =>
                (part.Name, part.Alone(spec.Model, MarrowVersion))),
        ];

    /// <summary>The meaning of each output, in the order of the outputs.</summary>
    public required IReadOnlyList<OutputMeaning> Outputs { get; init; }

    [JsonInclude] internal string MarrowVersion { get; init; } = CurrentVersion;

    /// <summary>The version of the running library, such as "0.1.0".</summary>
    internal static string CurrentVersion { get; } = typeof(CheckpointConfig).Assembly.GetName().Version!.ToString(3);

    /// <summary>
    /// The version with the commit from which it was built, when that is known, such as "0.1.0+de93ac4...".
    /// </summary>
    internal static string CodeVersion { get; } =
        typeof(CheckpointConfig)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion
        ?? CurrentVersion;

    /// <summary>
    /// Checks all values. Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when one is impossible.
    /// </summary>
    internal void Validate(string path)
    {
        // Of a task that somebody added to another process the weights are there, and what their backbone's keys begin
        // with: a module of its maker's own.
        var task = TaskCatalogue.Find(Task);
        var isAdded = task is null && Task != CheckpointTask.Custom && CheckpointName.IsPart(Task);
        Require(
            task is not null || Task == CheckpointTask.Custom || (isAdded && Model.BackbonePrefix is not null),
            $"a task of {string.Join(", ", CheckpointTask.All)}, {CheckpointTask.Custom}",
            $"'{Task}'");
        Require(
            Model.BackbonePrefix is not null == (task is null or OwnDescriptor),
            $"a backbonePrefix for the task {CheckpointTask.Custom} and for no other",
            Model.BackbonePrefix is { } prefix ? $"'{prefix}'" : "none");
        if (task is null)
            ValidateOwn();
        else
            Require(
                task.Architectures.Contains(Model.Architecture),
                $"an architecture of {string.Join(", ", task.Architectures)} for {Task}",
                $"'{Model.Architecture}'");
        Require(
            Model.Channels is >= 1 and <= 64 && Model.Channels == Input.Channels,
            "as many channels in the model as in its input, 1 to 64",
            $"{Model.Channels} and {Input.Channels}");
        Require(Model.Outputs is >= 1 and <= MostOutputs, $"1 to {MostOutputs} outputs", Text(Model.Outputs));
        Require(
            Classes.Count <= MostOutputs && Outputs.Count <= MostOutputs,
            $"at most {MostOutputs} classes and meanings",
            $"{Classes.Count} and {Outputs.Count}");
        Require(
            Classes.Concat(Outputs.Select(o => o.Name)).All(name => name.Length <= LongestName)
                && Outputs.All(o => o.Unit.Length <= LongestName && o.Meaning.Length <= LongestMeaning),
            $"names of at most {LongestName} characters and meanings of at most {LongestMeaning}", "a longer one");
        Require(
            ThreeClassFindings.Count <= MostOutputs,
            $"at most {MostOutputs} three-class findings",
            $"{ThreeClassFindings.Count}");
        Require(
            ThreeClassFindings
                .SelectMany(f => (int[])[f.Positive, f.Negative, f.Uncertain])
                .All(i => i >= 0 && i < Classes.Count),
            "three-class findings that name outputs",
            "an index that is none");
        Input.Validate(path);
        Require(
            Input.Crop is not { } crop || task?.Crops.Contains(crop.Region) == true,
            $"whole images, or a crop at which models for {Task} can look",
            $"{Input.Crop?.Describe()}");
        Require(
            Model.Masking is not null == (task?.HidesPatches ?? false),
            $"the hidden patches for the task {string.Join(", ", TaskCatalogue.Names(t => t.HidesPatches))} and for "
                + $"no other",
            Model.Masking is null ? "none" : "some");
        Require(
            Model.Parts is not null == (task?.HasParts ?? false) && Parts is not null == (task?.HasParts ?? false),
            $"parts for the task {string.Join(", ", TaskCatalogue.Names(t => t.HasParts))} and for no other",
            Model.Parts is null && Parts is null ? "none" : "some, or those of the model or of the config alone");
        task?.Validate(this, Require);
        if (ReadDecoding(path) is { } decoding)
            task!.ValidateDecoding(this, decoding, Require);
        foreach (var (name, part) in PartConfigs)
            part.Validate($"{path}: part {name}");
        Familiarity?.Validate(path);
        if (Model.Detector is { } detector)
        {
            Require(
                detector
                    is
                {
                    Classes: >= 1 and <= 1000,
                    PyramidChannels: >= 1 and <= MostPyramidChannels,
                    HeadConvolutions: >= 0 and <= MostHeadConvolutions
                },
                $"a detector of 1 to 1000 classes, 1 to {MostPyramidChannels} pyramid channels and 0 to "
                    + $"{MostHeadConvolutions} head convolutions",
                $"{detector.Classes}, {detector.PyramidChannels} and {detector.HeadConvolutions}");
            Require(
                detector.AnchorSizes.Count is >= 1 and <= MostAnchorSizes
                    && detector.AnchorScales.Count is >= 1 and <= MostAnchorShapes
                    && detector.AnchorRatios.Count is >= 1 and <= MostAnchorShapes,
                $"1 to {MostAnchorSizes} anchor sizes and 1 to {MostAnchorShapes} scales and ratios",
                $"{detector.AnchorSizes.Count}, {detector.AnchorScales.Count} and {detector.AnchorRatios.Count}");
            Require(
                detector
                    .AnchorSizes.Concat(detector.AnchorScales)
                    .Concat(detector.AnchorRatios)
                    .All(value => value is > 0 and <= 100_000),
                "anchor sizes, scales and ratios over 0",
                "another number");
            Require(
                detector.FirstPyramidLevel is 2 or 3 && detector.Corners is 0 or 4,
                "2 or 3 as the first pyramid level and 0 or 4 corners",
                $"{detector.FirstPyramidLevel} and {detector.Corners}");
            // A level has a quarter of the cells of the one before: all together less than 4/3 of the first.
            var anchors =
                4L
                * Input.Width
                * Input.Height
                / (3L << (2 * detector.FirstPyramidLevel))
                * AnchorGrid.AnchorsPerCell(detector);
            Require(anchors <= MostAnchors, $"at most {MostAnchors} anchors in an image", $"about {anchors}");
        }

        void ValidateOwn()
        {
            Require(CheckpointName.IsPart(Model.Architecture) && !ModelCatalogue.IsKnown(Model.Architecture),
                "a name of its own for an architecture of one's own (lower-case letters, digits, '-', '_')",
                $"'{Model.Architecture}'");
            Require(
                Model.BackbonePrefix is ""
                    || (
                        Model.BackbonePrefix!.Length <= LongestPrefix
                        && Model.BackbonePrefix.EndsWith('.')
                        && !Model.BackbonePrefix.Any(char.IsControl)),
                $"a backbonePrefix that is empty or ends with a dot, of at most {LongestPrefix} characters",
                $"'{Model.BackbonePrefix}'");
            Require(Model.Detector is null, $"no detector's parameters for the task {Task}", "some");
        }

        void Require(bool holds, string expected, string found)
        {
            if (!holds)
                throw MarrowException.Bad(
                    path,
                    expected,
                    found,
                    "The checkpoint can't be used by this version as it is.");
        }
    }

    /// <summary>
    /// Reads <see cref="Decoding"/>; null for a task whose outputs are the finding. Throws
    /// <see cref="MarrowException"/>, naming <paramref name="path"/>, when a value is impossible.
    /// </summary>
    internal DecodingContract? ReadDecoding(string path) => (TaskCatalogue.Find(Task)?.Decoding, Decoding) switch
    {
        (var defaults, null) => defaults,
        ({ } defaults, { } section) => DecodingContract.Read(section, defaults, path),
        (null, _) => throw MarrowException.Bad(path, $"no decoding for the task {Task}, whose outputs are the finding",
            "some", DecodingContract.Remedy),
    };

    /// <summary>
    /// Returns this config with every value of its decoding written out, as a new checkpoint stores it.
    /// </summary>
    internal CheckpointConfig Whole(string path) => this with
    {
        Decoding = ReadDecoding(path)?.Write(),
        Parts = Parts is null
            ? null
            : [.. PartConfigs.Select(part => PartConfig.Of(part.Name, part.Config.Whole(path)))],
    };

    /// <summary>
    /// The names of the outputs for other programs. They mark outputs for which training saw no label.
    /// </summary>
    internal IReadOnlyList<string> OutputNames
    {
        get
        {
            var untrained = Outputs.Where(o => !o.Trained).Select(o => o.Name).ToHashSet(StringComparer.Ordinal);
            return [.. Classes.Select(c => untrained.Contains(c) ? $"{c} (untrained)" : c)];
        }
    }

    /// <summary>
    /// Checks models that give a map of the input's size for each output, so that one image does not need too much
    /// memory.
    /// </summary>
    internal void RequireMaps(ConfigCheck require) =>
        require(
            (long)Model.Outputs * Input.Width * Input.Height <= MostMapValues,
            $"maps of at most {MostMapValues} values in all for points and masks",
            $"{Model.Outputs} of {Input.Width} x {Input.Height}");

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
