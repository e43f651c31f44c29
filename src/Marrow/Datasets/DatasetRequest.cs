using System.Text.Json.Serialization;

namespace Marrow.Datasets;

/// <summary>Says which data set to read, and how. It corresponds to the section "data:" of a recipe's stage.</summary>
public sealed class DatasetRequest
{
    /// <summary>
    /// The name that the user gives the data set, such as "cxr". Recipes find its folder by this name.
    /// </summary>
    public required string Name { internal get; init; }

    /// <summary>The name of the format, a key of <see cref="DatasetCatalogue.Formats"/>.</summary>
    public required string Format { internal get; init; }

    /// <summary>The data set's folder.</summary>
    public required string Root { internal get; init; }

    /// <summary>The options for reading it.</summary>
    public DatasetOptions Options { internal get; init; } = new();

    /// <summary>
    /// True to record rows that can't be read as faults instead of throwing at the first one, so that a check can list
    /// all of them.
    /// </summary>
    internal bool CollectsBadRows { get; init; }

    /// <summary>Returns the same request with other options.</summary>
    internal DatasetRequest With(DatasetOptions options) => With(options, CollectsBadRows);

    /// <summary>Returns the same request, but with the faults of all rows recorded.</summary>
    internal DatasetRequest WithBadRows() => With(Options, collectsBadRows: true);

    private DatasetRequest With(DatasetOptions options, bool collectsBadRows) =>
        new() { Name = Name, Format = Format, Root = Root, Options = options, CollectsBadRows = collectsBadRows };
}

/// <summary>
/// All options that a recipe can give for reading a data set. Each option belongs to the formats named in its
/// description. Giving it to another format is an error, so that no option is silently ignored.
/// </summary>
public sealed record DatasetOptions
{
    /// <summary>
    /// The options whose paths the user has typed for this command. Those paths may lead anywhere, while paths in a
    /// recipe or a manifest must stay below the data set's folder.
    /// </summary>
    internal IReadOnlyList<string> NamedByUser { get; init; } = [];

    /// <summary>
    /// Returns the same options, of which the user has typed those with the given keys (in camel case). Their paths may
    /// lead anywhere.
    /// </summary>
    public DatasetOptions NamedBy(IReadOnlyList<string> keys) => this with { NamedByUser = keys };

    /// <summary>
    /// The part of the data to read. chexpert and mura: "train" (default) or "valid". spineweb16: "train" (default) or
    /// "test". csv: the rows that have this value in their column "split"; all rows when it is not given.
    /// </summary>
    [JsonInclude] public string? Split { internal get; init; }

    /// <summary>
    /// How the label -1 ("uncertain") is read, by finding, for chexpert and for csv of kind "findings". The key
    /// "default" covers all other findings; without it they are ignored. "ignore" adds no loss. "zeros" and "ones"
    /// stand for 0 and 1; with a range ("ones 0.55-0.85", "zeros 0-0.3") a number is drawn from it that is fixed for
    /// each image (label smoothing; Pham 2019). "multi-class" makes it a class of its own. "self-trained" takes the
    /// value from <see cref="SoftLabels"/>, and adds no loss when that file is not given, as in the first round.
    /// </summary>
    [JsonInclude]
    public IReadOnlyDictionary<string, string> Uncertain { internal get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// How an empty cell ("not mentioned") is read, for chexpert and for csv of kind "findings": as "zeros", or as
    /// "masked", which adds no loss. chexpert has no default, since the choice changes what is learnt; the default of
    /// csv is "masked".
    /// </summary>
    [JsonInclude] public string? Blank { internal get; init; }

    /// <summary>
    /// The path, below the data set's folder, of a CSV with a column of image paths and one column of probabilities for
    /// each finding. It gives the labels that are read as "self-trained".
    /// </summary>
    [JsonInclude] public string? SoftLabels { internal get; init; }

    /// <summary>The view of the chest for chexpert: "frontal" (default), "lateral" or "all".</summary>
    [JsonInclude] public string? View { internal get; init; }

    /// <summary>
    /// The part of the body that the films show, such as "chest" or "shoulder", by which a hub's checkpoints are found.
    /// Of mura the films of that part alone are read, and of all parts when it is not given.
    /// </summary>
    [JsonInclude] public string? BodyPart { internal get; init; }

    /// <summary>
    /// What happens to images with faulty landmarks, for spineweb16 and csv of kind "vertebrae". "repair" (default)
    /// sorts points that are in a wrong order, measures their angles anew and drops all other faulty images. "drop"
    /// drops all of them. "keep" uses them as they are.
    /// </summary>
    [JsonInclude] public string? Faults { internal get; init; }

    /// <summary>
    /// The source of the landmarks for spineweb16: "csv" (default) reads landmarks.csv, "mat" reads the .mat file of
    /// each image.
    /// </summary>
    [JsonInclude] public string? Landmarks { internal get; init; }

    /// <summary>The path of the label file for csv, below the data set's folder. The default is "labels.csv".</summary>
    [JsonInclude] public string? Csv { internal get; init; }

    /// <summary>
    /// The column of image paths for csv; the paths are below the data set's folder. The default is the first of path,
    /// file, filename, image and Image Index that exists.
    /// </summary>
    [JsonInclude] public string? FileColumn { internal get; init; }

    /// <summary>
    /// The column that names the patient, for csv. The default is the first of patient, patient_id, patientid and
    /// subject that exists. Without any of them every image counts as a patient of its own.
    /// </summary>
    [JsonInclude] public string? PatientColumn { internal get; init; }

    /// <summary>
    /// The column that says to which part each image belongs, for csv: train, valid or test, in any case; where it is
    /// blank, the recipe's shares decide. Images of "test" are held out, those of "valid" choose the best weights,
    /// unless the share of that part is 0 or folds are asked for.
    /// </summary>
    [JsonInclude] public string? PartColumn { internal get; init; }

    /// <summary>
    /// The table that has <see cref="PartColumn"/>, for csv, below the data set's folder. The default is the label
    /// file.
    /// </summary>
    [JsonInclude] public string? PartCsv { internal get; init; }

    /// <summary>
    /// The columns of labels for csv; for kind "points" the names of the points. The default is the first of label,
    /// class, target and Finding Labels that exists.
    /// </summary>
    [JsonInclude] public IReadOnlyList<string> LabelColumns { internal get; init; } = [];

    /// <summary>
    /// The kind of labels for csv. "classes": one column of class names, of which exactly one applies to an image.
    /// "findings": one column for each finding with 0, 1, -1, blank or a soft label between 0 and 1; or a single column
    /// that lists the findings that are present ("edema|fracture"). "numbers": one column for each number, blank where
    /// it is unknown. "points": two columns NAME_x and NAME_y in original pixels for each point, both blank where it is
    /// unknown; labelColumns gives the NAMEs, and without it all such pairs are read. "boxes": one row for each box
    /// with the columns x1, y1, x2 and y2, and a column of labels when there are several classes; the four numbers are
    /// blank in the row of an image without boxes. "vertebrae": one row for each of the 17 vertebrae T1 to L5 with the
    /// columns tl_x, tl_y, tr_x, tr_y, bl_x, bl_y, br_x and br_y, its corners, and a column vertebra with its number
    /// from the top when the rows are in no order. When kind is not given, a recipe reads what its task needs;
    /// elsewhere one column means "classes", and several columns, or one whose cells list several findings, mean
    /// "findings".
    /// </summary>
    [JsonInclude] public string? Kind { internal get; init; }

    /// <summary>
    /// The unit of each column, such as {age: years}, for csv of kind "numbers". Cards, tables and predictions show it.
    /// </summary>
    [JsonInclude]
    public IReadOnlyDictionary<string, string> Units { internal get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The pairs of points that change places when an image is mirrored, such as {left_hip: right_hip}, for csv of kind
    /// "points". All other points keep their names. Without it images are not mirrored, and augment.flipProbability is
    /// refused.
    /// </summary>
    [JsonInclude] public IReadOnlyDictionary<string, string>? MirrorPairs { internal get; init; }

    /// <summary>
    /// The unit of places for csv of kind "points", "boxes" and "vertebrae": "pixels" (default) of the stored image, or
    /// "shares", which are 0 to 1 of its width and height.
    /// </summary>
    [JsonInclude] public string? Coordinates { internal get; init; }

    /// <summary>
    /// The side of a pixel of the stored images in millimetres, for csv of kind "points", so that the distances of
    /// points are measured in millimetres as well. Without it they are measured in pixels alone.
    /// </summary>
    [JsonInclude] public double? MmPerPixel { internal get; init; }

    /// <summary>
    /// What is known about images below the folder that the label file does not name, for coco and for csv of kind
    /// "boxes". "left-out" (default): nothing. "no-boxes": they have no box.
    /// </summary>
    [JsonInclude] public string? Unlisted { internal get; init; }

    /// <summary>
    /// The class of all boxes, for csv of kind "boxes" without a column of labels. The default is "object".
    /// </summary>
    [JsonInclude] public string? BoxClass { internal get; init; }

    /// <summary>
    /// The path of the label file for coco, below the data set's folder. The default is "annotations.json".
    /// </summary>
    [JsonInclude] public string? Annotations { internal get; init; }

    /// <summary>
    /// The folder, below the data set's folder, to which coco's image names are relative. The default is the data set's
    /// folder itself.
    /// </summary>
    [JsonInclude] public string? ImageFolder { internal get; init; }

    /// <summary>
    /// The area that is outlined for the task segment, for spineweb16 and csv of kind "vertebrae". "vertebrae"
    /// (default): the 17 vertebral bodies, as class "vertebra". "spine": the discs between them as well, as class
    /// "spine".
    /// </summary>
    [JsonInclude] public string? Area { internal get; init; }

    /// <summary>
    /// The column of mask paths, below the data set's folder, for csv with the task segment. A blank cell means that
    /// the image has no mask. A mask is a PNG of the image's size in which 0 is background, 1 the first class, and so
    /// on; when there is only one class, 255 means that class too.
    /// </summary>
    [JsonInclude] public string? MaskColumn { internal get; init; }

    /// <summary>
    /// The folder of masks, below the data set's folder, for csv and images with the task segment. The mask of
    /// images/a.jpg is MASKS/images/a.png or MASKS/a.png. <see cref="MaskColumn"/> says what a mask contains; give only
    /// one of the two options.
    /// </summary>
    [JsonInclude] public string? Masks { internal get; init; }

    /// <summary>
    /// The classes of the values 1, 2 ... of masks, at most 32, for csv and images with masks. The default is
    /// "foreground".
    /// </summary>
    [JsonInclude] public IReadOnlyList<string> MaskClasses { internal get; init; } = [];

    /// <summary>
    /// The licence of the data, as an SPDX identifier or LicenseRef-..., when the format does not give it; for any
    /// format.
    /// </summary>
    [JsonInclude] public string? License { internal get; init; }

    /// <summary>The citation of the data when the format does not give it; for any format.</summary>
    [JsonInclude] public string? Citation { internal get; init; }

    /// <summary>
    /// The version of the data, as its makers name it, when the files do not give it; for any format.
    /// </summary>
    [JsonInclude] public string? Version { internal get; init; }
}
