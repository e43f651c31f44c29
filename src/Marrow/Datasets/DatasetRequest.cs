using System.Text.Json.Serialization;

namespace Marrow.Datasets;

/// <summary>Which data set to read and how: the "data:" of a recipe's stage.</summary>
public sealed class DatasetRequest
{
    /// <summary>What the user calls it ("cxr"); recipes find its folder by this name.</summary>
    public required string Name { internal get; init; }

    /// <summary>A key of <see cref="DatasetCatalogue.Formats"/>.</summary>
    public required string Format { internal get; init; }

    /// <summary>The data set's folder.</summary>
    public required string Root { internal get; init; }

    public DatasetOptions Options { internal get; init; } = new();

    /// <summary>
    /// Rows that can't be read become faults instead of ending the reading: for a check that lists them all.
    /// </summary>
    internal bool CollectsBadRows { get; init; }

    /// <summary>The same, read in another way.</summary>
    internal DatasetRequest With(DatasetOptions options) => With(options, CollectsBadRows);

    /// <summary>The same, with the faults of all rows.</summary>
    internal DatasetRequest WithBadRows() => With(Options, collectsBadRows: true);

    private DatasetRequest With(DatasetOptions options, bool collectsBadRows) =>
        new() { Name = Name, Format = Format, Root = Root, Options = options, CollectsBadRows = collectsBadRows };
}

/// <summary>
/// Everything a recipe may say about reading a data set. Each option belongs to the formats that it names; one that is
/// given to another format is an error, so that nothing is silently left out. What holds without an option,
/// docs/recipe.md tells under "data".
/// </summary>
public sealed record DatasetOptions
{
    /// <summary>
    /// Options whose paths the user has typed for this command: these may lead anywhere. Those of a recipe or a
    /// manifest stay below the data set's folder.
    /// </summary>
    internal IReadOnlyList<string> NamedByUser { get; init; } = [];

    /// <summary>The same, of which a user has typed these keys, in camel case: their paths may lead anywhere.</summary>
    public DatasetOptions NamedBy(IReadOnlyList<string> keys) => this with { NamedByUser = keys };

    /// <summary>
    /// chexpert: "train" or "valid", the CSV of that name. mura: "train" or "valid". spineweb16: "train" or "test".
    /// csv: rows whose "split" column holds it.
    /// </summary>
    [JsonInclude] public string? Split { internal get; init; }

    /// <summary>
    /// chexpert, and csv of kind "findings": how -1 ("uncertain") is read, by finding; "default" is for the others.
    /// "ignore": adds no loss. "zeros", "ones": 0, 1; with a range ("ones 0.55-0.85", "zeros 0-0.3") a number drawn
    /// from it, fixed for each image (label smoothing; Pham 2019). "multi-class": a class of its own. "self-trained":
    /// the value of <see cref="SoftLabels"/>, and without that file no loss (the first round).
    /// </summary>
    [JsonInclude]
    public IReadOnlyDictionary<string, string> Uncertain { internal get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// chexpert, and csv of kind "findings": how an empty cell ("not mentioned") is read: "zeros" or "masked" (adds no
    /// loss). It changes what is learnt, so chexpert has no default.
    /// </summary>
    [JsonInclude] public string? Blank { internal get; init; }

    /// <summary>
    /// A CSV, path below the root, with the images' column and one column of probabilities a finding; for
    /// "self-trained".
    /// </summary>
    [JsonInclude] public string? SoftLabels { internal get; init; }

    /// <summary>chexpert: "frontal", "lateral" or "all".</summary>
    [JsonInclude] public string? View { internal get; init; }

    /// <summary>mura: "shoulder" or "XR_SHOULDER" and the like.</summary>
    [JsonInclude] public string? BodyPart { internal get; init; }

    /// <summary>
    /// spineweb16: what happens to images whose landmarks are at fault. "repair": points in a wrong order are
    /// put right and their angles measured anew, the rest dropped; "drop": all dropped; "keep": used as they are.
    /// </summary>
    [JsonInclude] public string? Faults { internal get; init; }

    /// <summary>spineweb16: "csv" reads landmarks.csv, "mat" the image's own .mat file.</summary>
    [JsonInclude] public string? Landmarks { internal get; init; }

    /// <summary>csv: the file, path below the root.</summary>
    [JsonInclude] public string? Csv { internal get; init; }

    /// <summary>csv: the column of image paths, below the root.</summary>
    [JsonInclude] public string? FileColumn { internal get; init; }

    /// <summary>csv: the column that names the patient.</summary>
    [JsonInclude] public string? PatientColumn { internal get; init; }

    /// <summary>csv: the columns of labels; of kind "points" the points.</summary>
    [JsonInclude] public IReadOnlyList<string> LabelColumns { internal get; init; } = [];

    /// <summary>
    /// csv: "classes", one column of class names of which exactly one holds; "findings", a column of 0, 1, -1 or blank
    /// (or a soft label between 0 and 1) for each, or one column that lists what is there ("edema|fracture");
    /// "numbers", a column for each, blank where unknown; "points", two columns NAME_x and NAME_y in original pixels
    /// for each, both blank where unknown; labelColumns then gives the NAMEs, and without it all such pairs are taken;
    /// "boxes", a row for each box with columns x1, y1, x2, y2 and, where there is more than one class, one of labels,
    /// and all four numbers blank in the row of an image without a box. Without kind: in a recipe what the task takes,
    /// else "classes" for one column and "findings" for several, or for one whose cells list several.
    /// </summary>
    [JsonInclude] public string? Kind { internal get; init; }

    /// <summary>
    /// csv of kind "numbers": the unit of a column, as {age: years}; for cards, tables and predictions.
    /// </summary>
    [JsonInclude]
    public IReadOnlyDictionary<string, string> Units { internal get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// csv of kind "points": which points change places when an image is mirrored, as {left_hip: right_hip}; all others
    /// keep their name. Without it images are not mirrored, and augment.flipProbability is refused.
    /// </summary>
    [JsonInclude] public IReadOnlyDictionary<string, string>? MirrorPairs { internal get; init; }

    /// <summary>
    /// csv of kind "points" and "boxes": "pixels", of the image as it is stored, or "shares", 0 to 1 of its
    /// width and height.
    /// </summary>
    [JsonInclude] public string? Coordinates { internal get; init; }

    /// <summary>
    /// csv of kind "boxes", and coco: what becomes of images below the folder that the label file does not name.
    /// "left-out": nothing is known of them. "no-boxes": they are known to have no box.
    /// </summary>
    [JsonInclude] public string? Unlisted { internal get; init; }

    /// <summary>csv of kind "boxes" without a column of labels: what is in the boxes.</summary>
    [JsonInclude] public string? BoxClass { internal get; init; }

    /// <summary>coco: the file, path below the root.</summary>
    [JsonInclude] public string? Annotations { internal get; init; }

    /// <summary>coco: the folder below the root that the names of images begin at.</summary>
    [JsonInclude] public string? ImageFolder { internal get; init; }

    /// <summary>
    /// spineweb16: what is outlined for task segment. "vertebrae": the 17 bodies, class "vertebra"; "spine":
    /// the discs between them too, class "spine".
    /// </summary>
    [JsonInclude] public string? Area { internal get; init; }

    /// <summary>
    /// csv: the column of paths of masks, below the root, for task segment; a blank cell is an image without one. A
    /// mask is a PNG of the image's size: 0 is background, 1 the first class, and so on; with one class 255 is that
    /// class too.
    /// </summary>
    [JsonInclude] public string? MaskColumn { internal get; init; }

    /// <summary>
    /// csv and images: the folder of masks, below the root, for task segment: of images/a.jpg the mask is
    /// MASKS/images/a.png or MASKS/a.png. What a mask is, is said at <see cref="MaskColumn"/>; give one of the two.
    /// </summary>
    [JsonInclude] public string? Masks { internal get; init; }

    /// <summary>
    /// csv and images, with masks: what the values 1, 2 ... of masks show, at most 32.
    /// </summary>
    [JsonInclude] public IReadOnlyList<string> MaskClasses { internal get; init; } = [];

    /// <summary>SPDX identifier or LicenseRef of the data, where the format does not say; any format.</summary>
    [JsonInclude] public string? License { internal get; init; }

    /// <summary>What to cite, where the format does not say; any format.</summary>
    [JsonInclude] public string? Citation { internal get; init; }

    /// <summary>The data's version as its makers name it, where the files do not say; any format.</summary>
    [JsonInclude] public string? Version { internal get; init; }
}
