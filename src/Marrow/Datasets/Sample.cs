using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Datasets;

/// <summary>One image and its targets, as a data set gives it. Targets are in original pixels and degrees.</summary>
public sealed record Sample
{
    /// <summary>
    /// Unique in its data set: the image's path below the root, with forward slashes; for one of several crops of it
    /// with the crop's name.
    /// </summary>
    public required string Id { get; init; }

    public required string ImagePath { get; init; }

    /// <summary>The part of the image that this sample is; null for all of it. Targets are in pixels of the whole image all the same.</summary>
    public ImageCrop? Crop { get; init; }

    /// <summary>Splits never divide a patient.</summary>
    public required string Patient { get; init; }

    /// <summary>The images of one examination share it, as MURA's score needs; empty where the data set has no such thing.</summary>
    public string Study { get; init; } = "";

    /// <summary>The data set's own name of the part of the body, as "XR_SHOULDER"; empty where it gives none.</summary>
    public string BodyPart { get; init; } = "";

    /// <summary>What is known of it, as one value: of an image without labels it is <see cref="Targets.None"/>.</summary>
    public Targets Targets { get; init; } = Targets.None;

    /// <summary>See <see cref="Targets.Labels"/>.</summary>
    public IReadOnlyList<float> Labels
    {
        get => Targets.Labels;
        init => Targets = Targets with { Labels = value };
    }

    /// <summary>See <see cref="Targets.Vertebrae"/>.</summary>
    public IReadOnlyList<Vertebra> Vertebrae
    {
        get => Targets.Vertebrae;
        init => Targets = Targets with { Vertebrae = value };
    }

    /// <summary>See <see cref="Targets.CobbDegrees"/>.</summary>
    public IReadOnlyList<double> CobbDegrees
    {
        get => Targets.CobbDegrees;
        init => Targets = Targets with { CobbDegrees = value };
    }

    /// <summary>See <see cref="Targets.Points"/>.</summary>
    public IReadOnlyList<Point2D> Points
    {
        get => Targets.Points;
        init => Targets = Targets with { Points = value };
    }

    /// <summary>See <see cref="Targets.MirroredPoints"/>.</summary>
    public IReadOnlyList<int> MirroredPoints
    {
        get => Targets.MirroredPoints;
        init => Targets = Targets with { MirroredPoints = value };
    }

    /// <summary>See <see cref="Targets.Numbers"/>.</summary>
    public IReadOnlyList<double> Numbers
    {
        get => Targets.Numbers;
        init => Targets = Targets with { Numbers = value };
    }

    /// <summary>See <see cref="Targets.Boxes"/>.</summary>
    public IReadOnlyList<LabelledBox>? Boxes
    {
        get => Targets.Boxes;
        init => Targets = Targets with { Boxes = value };
    }

    /// <summary>See <see cref="Targets.MaskPath"/>.</summary>
    public string? MaskPath
    {
        get => Targets.MaskPath;
        init => Targets = Targets with { MaskPath = value };
    }

    /// <summary>See <see cref="Targets.MaskAreas"/>.</summary>
    public IReadOnlyList<IReadOnlyList<Point2D>> MaskAreas
    {
        get => Targets.MaskAreas;
        init => Targets = Targets with { MaskAreas = value };
    }

    /// <summary>True when anything about it is known that some task learns from.</summary>
    internal bool HasKnownLabel => Targets.IsKnown;

    /// <summary>True when it is known which class each pixel is of.</summary>
    internal bool HasMask => Targets.HasMask;
}

/// <summary>What a reader found wrong with one file or row, and what it did about it.</summary>
/// <param name="Kind">Short and stable: "missing-image", "rolled-points", "leakage"...</param>
/// <param name="Action">"kept", "repaired" or "dropped".</param>
public sealed record DataFault(string Kind, string File, string Detail, string Action = "kept");

/// <summary>Samples with the terms under which they may be used.</summary>
public sealed record Dataset
{
    public required string Name { get; init; }

    /// <summary>A key of <see cref="DatasetCatalogue"/>: "chexpert", "mura", "spineweb16", "csv", "images".</summary>
    public required string Format { get; init; }

    public required string Root { get; init; }

    /// <summary>Names of <see cref="Sample.Labels"/>, in order.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>
    /// Indices into <see cref="Classes"/> of findings read as three classes, each (positive, negative, uncertain): one
    /// softmax each, reported as p(positive) / (p(positive) + p(negative)) (CheXpert, section 3.1, U-MultiClass).
    /// </summary>
    public IReadOnlyList<ThreeClassFinding> ThreeClassFindings { get; init; } = [];

    /// <summary>What a model of this data has as outputs: classes, else numbers, else points, else what is in boxes.</summary>
    public ClassLayout Layout => new(OutputNames, ExclusiveClasses, ThreeClassFindings)
    {
        Units = Classes.Count > 0 ? [] : NumberUnits,
    };

    private IReadOnlyList<string> OutputNames =>
        ((IReadOnlyList<string>[])[Classes, NumberNames, PointNames, BoxClasses]).FirstOrDefault(names => names.Count > 0) ?? [];

    /// <summary>False for images alone.</summary>
    internal bool HasLabelKind => OutputNames.Count + MaskClasses.Count > 0;

    /// <summary>Names of <see cref="Sample.Numbers"/>, in order.</summary>
    public IReadOnlyList<string> NumberNames { get; init; } = [];

    /// <summary>Of each of <see cref="NumberNames"/>: "years"; "" where none is given.</summary>
    public IReadOnlyList<string> NumberUnits { get; init; } = [];

    /// <summary>Names of <see cref="Sample.Points"/>, in order.</summary>
    public IReadOnlyList<string> PointNames { get; init; } = [];

    /// <summary>What can be in a box, by <see cref="LabelledBox.Class"/>.</summary>
    public IReadOnlyList<string> BoxClasses { get; init; } = [];

    /// <summary>
    /// What masks show: value 1 is the first, 0 is background. Masks are PNG files (<see cref="Sample.MaskPath"/>) or
    /// polygons (<see cref="Sample.MaskAreas"/>).
    /// </summary>
    public IReadOnlyList<string> MaskClasses { get; init; } = [];

    /// <summary>How its files were read where that is not a matter of course, for whoever checks it.</summary>
    internal IReadOnlyList<string> Notes { get; init; } = [];

    public required IReadOnlyList<Sample> Samples { get; init; }
    public IReadOnlyList<DataFault> Faults { get; init; } = [];

    /// <summary>SPDX identifier, or an own name such as "LicenseRef-SpineWeb-research".</summary>
    public string License { get; init; } = "LicenseRef-unknown";

    public string Citation { get; init; } = "";

    /// <summary>As its makers name it, "v1.0-small"; "" when unknown.</summary>
    public string Version { get; init; } = "";

    /// <summary>True when exactly one of the classes holds for each sample (softmax rather than sigmoid).</summary>
    public bool ExclusiveClasses { get; init; }
}

/// <summary>Where in <see cref="Dataset.Classes"/> the three states of one finding are.</summary>
public readonly record struct ThreeClassFinding(int Positive, int Negative, int Uncertain);

/// <summary>What a model's outputs are: classes, numbers, points or boxes of classes.</summary>
/// <param name="Names">One for each output.</param>
/// <param name="Exclusive">Exactly one of them holds for each image.</param>
/// <param name="ThreeClass">See <see cref="Dataset.ThreeClassFindings"/>.</param>
public sealed record ClassLayout(IReadOnlyList<string> Names, bool Exclusive, IReadOnlyList<ThreeClassFinding> ThreeClass)
{
    /// <summary>Of each output, for numbers; empty where none is known.</summary>
    public IReadOnlyList<string> Units { get; init; } = [];

    /// <summary>For each output whether no label of it was ever seen; empty for none.</summary>
    public IReadOnlyList<bool> Untrained { get; init; } = [];

    /// <summary>Outputs that stand for themselves: all but the negatives and uncertains of three-class findings.</summary>
    internal IReadOnlyList<int> Reported => [.. Enumerable.Range(0, Names.Count).Except(ThreeClass.SelectMany(f => (int[])[f.Negative, f.Uncertain]))];

    /// <summary>
    /// What is true of one of <see cref="Reported"/>, for counts and metrics: its label, but NaN for a three-class finding
    /// that is uncertain. To the loss that one is a class of its own, and its target as positive is 0; it is no negative
    /// for that, and p(positive) / (p(positive) + p(negative)) is not asked about it (CheXpert, section 3.1).
    /// </summary>
    /// <param name="labels">[<see cref="Names"/>], as <see cref="Sample.Labels"/>.</param>
    internal float Truth(IReadOnlyList<float> labels, int output) => IsUncertain(labels, output) ? float.NaN : labels[output];

    /// <summary>Whether a three-class finding is labelled as uncertain; false for all other outputs.</summary>
    internal bool IsUncertain(IReadOnlyList<float> labels, int output)
    {
        foreach (var finding in ThreeClass)
        {
            if (finding.Positive == output)
                return labels[finding.Uncertain] > 0;
        }
        return false;
    }

    /// <summary>The unit of an output; "" where none is known.</summary>
    public string UnitOf(int output) => output < Units.Count ? Units[output] : "";
}
