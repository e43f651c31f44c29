using Marrow.Datasets.Copies;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Datasets;

/// <summary>One image and its targets, as a data set gives it. Targets are in original pixels and degrees.</summary>
internal sealed record Sample
{
    internal Sample(string id, string imagePath, string patient) =>
        (Id, ImagePath, Patient, OwnPatient) = (id, imagePath, patient, patient);

    /// <summary>
    /// The sample's id, which is unique in its data set: the image's path below the root with forward slashes and, when
    /// there are several crops, the name of the crop.
    /// </summary>
    public string Id { get; internal init; }

    public string ImagePath { get; internal init; }

    /// <summary>
    /// The part of the image that this sample shows; null for the whole image. Targets are in pixels of the whole image
    /// in either case.
    /// </summary>
    internal ImageCrop? Crop { get; init; }

    /// <summary>
    /// The places of the items along whose curve the image is laid straight, in pixels of the whole image; empty for a
    /// sample that is shown as it is. <see cref="Points"/> are then those of the first item, the second and so on.
    /// </summary>
    internal IReadOnlyList<Point2D> Curve { get; init; } = [];

    /// <summary>
    /// The patient whom the image shows. A split never divides the images of a patient. Patients of whom one has a copy
    /// of the other's film bear one name: see <see cref="PatientGroups"/>.
    /// </summary>
    public string Patient { get; internal init; }

    /// <summary>The patient as the data set names him.</summary>
    internal string OwnPatient { get; }

    /// <summary>
    /// The examination to which the image belongs, as MURA's score needs it; "" when the data set has no examinations.
    /// </summary>
    internal string Study { get; init; } = "";

    /// <summary>The data set's own name of the body part, such as "XR_SHOULDER"; "" when it has none.</summary>
    internal string BodyPart { get; init; } = "";

    /// <summary>
    /// Everything that is known of the image, as one value: <see cref="Targets.None"/> for an image without labels.
    /// </summary>
    internal Targets Targets { get; init; } = Targets.None;

    /// <summary>
    /// The labels, [classes]: 0 to 1, or NaN when the label is unknown and adds no loss; empty for an unlabelled image.
    /// </summary>
    public IReadOnlyList<float> Labels
    {
        get => Targets.Labels;
        internal init => Targets = Targets with { Labels = value };
    }

    /// <summary>The vertebrae; see <see cref="Targets.Vertebrae"/>.</summary>
    internal IReadOnlyList<Vertebra> Vertebrae
    {
        get => Targets.Vertebrae;
        init => Targets = Targets with { Vertebrae = value };
    }

    /// <summary>The three Cobb angles in degrees; see <see cref="Targets.CobbDegrees"/>.</summary>
    internal IReadOnlyList<double> CobbDegrees
    {
        get => Targets.CobbDegrees;
        init => Targets = Targets with { CobbDegrees = value };
    }

    /// <summary>The points; see <see cref="Targets.Points"/>.</summary>
    internal IReadOnlyList<Point2D> Points
    {
        get => Targets.Points;
        init => Targets = Targets with { Points = value };
    }

    /// <summary>The points' places in a mirror image; see <see cref="Targets.MirroredPoints"/>.</summary>
    internal IReadOnlyList<int> MirroredPoints
    {
        get => Targets.MirroredPoints;
        init => Targets = Targets with { MirroredPoints = value };
    }

    /// <summary>
    /// The numbers of a CSV of kind "numbers", in the order of its columns; NaN where a cell is blank.
    /// </summary>
    public IReadOnlyList<double> Numbers
    {
        get => Targets.Numbers;
        internal init => Targets = Targets with { Numbers = value };
    }

    /// <summary>The boxes; see <see cref="Targets.Boxes"/>.</summary>
    internal IReadOnlyList<LabelledBox>? Boxes
    {
        get => Targets.Boxes;
        init => Targets = Targets with { Boxes = value };
    }

    /// <summary>The path of the mask; see <see cref="Targets.MaskPath"/>.</summary>
    internal string? MaskPath
    {
        get => Targets.MaskPath;
        init => Targets = Targets with { MaskPath = value };
    }

    /// <summary>The polygons that are used as a mask; see <see cref="Targets.MaskAreas"/>.</summary>
    internal IReadOnlyList<IReadOnlyList<Point2D>> MaskAreas
    {
        get => Targets.MaskAreas;
        init => Targets = Targets with { MaskAreas = value };
    }

    /// <summary>The part to which the data set's makers gave the image.</summary>
    internal SamplePart Part { get; init; }

    /// <summary>The side of a pixel of the original image in millimetres; null when the data does not say it.</summary>
    internal double? MmPerPixel { get; init; }

    /// <summary>True when the place of that named point is known.</summary>
    internal bool HasPoint(int index) => Points.Count > index && !double.IsNaN(Points[index].X);

    /// <summary>True when the sample has any label that some task can learn from.</summary>
    internal bool HasKnownLabel => Targets.IsKnown;

    /// <summary>True when the class of each pixel is known.</summary>
    internal bool HasMask => Targets.HasMask;
}

/// <summary>A fault that a reader found in a file or row, and what the reader did about it.</summary>
internal sealed class DataFault
{
    public DataFault(string kind, string file, string detail, string action = "kept") =>
        (Kind, File, Detail, Action) = (kind, file, detail, action);

    /// <summary>
    /// The kind of fault, a short text that never changes, such as "missing-image", "rolled-points" or "leakage".
    /// </summary>
    public string Kind { get; }

    public string File { get; }

    public string Detail { get; }

    /// <summary>What the reader did with the sample: "kept", "repaired" or "dropped".</summary>
    public string Action { get; }
}

/// <summary>The samples of a data set, and the terms under which they may be used.</summary>
internal sealed record Dataset
{
    internal Dataset(string name, string format, string root, IReadOnlyList<Sample> samples) =>
        (Name, Format, Root, Samples) = (name, format, root, samples);

    public string Name { get; }

    /// <summary>
    /// The name of the format, a key of <see cref="DatasetCatalogue"/> such as "chexpert", "mura", "spineweb16", "csv"
    /// or "images".
    /// </summary>
    public string Format { get; }

    public string Root { get; }

    /// <summary>The names of <see cref="Sample.Labels"/>, in order.</summary>
    public IReadOnlyList<string> Classes { get; internal init; } = [];

    /// <summary>
    /// Indices into <see cref="Classes"/> of findings read as three classes, each (positive, negative, uncertain): one
    /// softmax each, reported as p(positive) / (p(positive) + p(negative)) (CheXpert, section 3.1, U-MultiClass).
    /// </summary>
    internal IReadOnlyList<ThreeClassFinding> ThreeClassFindings { get; init; } = [];

    /// <summary>
    /// The outputs that a model of this data has: the classes or, when there are none, the numbers, the points or the
    /// classes of boxes.
    /// </summary>
    internal ClassLayout Layout => new(OutputNames, ExclusiveClasses, ThreeClassFindings)
    {
        Units = Classes.Count > 0 ? [] : NumberUnits,
    };

    private IReadOnlyList<string> OutputNames =>
        ((IReadOnlyList<string>[])[Classes, NumberNames, PointNames, BoxClasses]).FirstOrDefault(names =>
            names.Count > 0
        ) ?? [];

    /// <summary>True when the data set has labels; false when it consists of images only.</summary>
    internal bool HasLabelKind => OutputNames.Count + MaskClasses.Count > 0;

    /// <summary>The names of <see cref="Sample.Numbers"/>, in order.</summary>
    internal IReadOnlyList<string> NumberNames { get; init; } = [];

    /// <summary>The unit of each of <see cref="NumberNames"/>, such as "years"; "" where none is given.</summary>
    internal IReadOnlyList<string> NumberUnits { get; init; } = [];

    /// <summary>The names of <see cref="Sample.Points"/>, in order.</summary>
    internal IReadOnlyList<string> PointNames { get; init; } = [];

    /// <summary>The classes of boxes, in the order of <see cref="LabelledBox.Class"/>.</summary>
    internal IReadOnlyList<string> BoxClasses { get; init; } = [];

    /// <summary>
    /// The classes of masks. The value 1 stands for the first one, 0 for the background. Masks are PNG files
    /// (<see cref="Sample.MaskPath"/>) or polygons (<see cref="Sample.MaskAreas"/>).
    /// </summary>
    internal IReadOnlyList<string> MaskClasses { get; init; } = [];

    /// <summary>Sentences about unusual ways in which the files were read, for those who check the data.</summary>
    internal IReadOnlyList<string> Notes { get; init; } = [];

    public IReadOnlyList<Sample> Samples { get; internal init; }
    internal IReadOnlyList<DataFault> Faults { get; init; } = [];

    /// <summary>The licence, as an SPDX identifier or a name such as "LicenseRef-SpineWeb-research".</summary>
    internal string License { get; init; } = "LicenseRef-unknown";

    internal string Citation { get; init; } = "";

    /// <summary>The version as the data set's makers name it, such as "v1.0-small"; "" when it is unknown.</summary>
    internal string Version { get; init; } = "";

    /// <summary>
    /// The part of the body that the films show, in lower case, such as "chest"; null when nobody has said it.
    /// </summary>
    internal string? BodyPart { get; init; }

    /// <summary>True when exactly one class applies to each sample (softmax instead of sigmoid).</summary>
    internal bool ExclusiveClasses { get; init; }
}

/// <summary>The indices in <see cref="Dataset.Classes"/> of the three states of one finding.</summary>
internal readonly record struct ThreeClassFinding(int Positive, int Negative, int Uncertain);

/// <summary>The outputs of a model: classes, numbers, points, or boxes of classes.</summary>
/// <param name="Names">The name of each output.</param>
/// <param name="Exclusive">True when exactly one of the outputs applies to each image.</param>
/// <param name="ThreeClass">
/// The findings that are read as three classes; see <see cref="Dataset.ThreeClassFindings"/>.
/// </param>
internal sealed record ClassLayout(
    IReadOnlyList<string> Names,
    bool Exclusive,
    IReadOnlyList<ThreeClassFinding> ThreeClass)
{
    /// <summary>The unit of each output, for numbers; empty when no unit is known.</summary>
    public IReadOnlyList<string> Units { get; init; } = [];

    /// <summary>Says for each output whether training saw no label of it; empty when all have been trained.</summary>
    public IReadOnlyList<bool> Untrained { get; init; } = [];

    /// <summary>
    /// The indices of the outputs that are reported: all except the states "negative" and "uncertain" of three-class
    /// findings.
    /// </summary>
    internal IReadOnlyList<int> Reported =>
        [.. Enumerable.Range(0, Names.Count).Except(ThreeClass.SelectMany(f => (int[])[f.Negative, f.Uncertain]))];

    /// <summary>
    /// What is true of one of <see cref="Reported"/>, for counts and metrics: its label, but NaN for a three-class
    /// finding that is uncertain. To the loss that one is a class of its own, and its target as positive is 0; it is no
    /// negative for that, and p(positive) / (p(positive) + p(negative)) is not asked about it (CheXpert, section 3.1).
    /// </summary>
    /// <param name="labels">[<see cref="Names"/>], as <see cref="Sample.Labels"/>.</param>
    internal float Truth(IReadOnlyList<float> labels, int output) =>
        IsUncertain(labels, output) ? float.NaN : labels[output];

    /// <summary>
    /// Returns true when a three-class finding is labelled as uncertain; false for all other outputs.
    /// </summary>
    internal bool IsUncertain(IReadOnlyList<float> labels, int output)
    {
        foreach (var finding in ThreeClass)
        {
            if (finding.Positive == output)
                return labels[finding.Uncertain] > 0;
        }
        return false;
    }

    /// <summary>Returns the unit of an output; "" when it is unknown.</summary>
    public string UnitOf(int output) => output < Units.Count ? Units[output] : "";
}
