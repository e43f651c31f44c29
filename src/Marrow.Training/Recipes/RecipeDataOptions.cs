using System.Text.RegularExpressions;
using Marrow.Datasets;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>
/// How a data set is read: the keys that "data:" and "unlabeled:" both have, beside its name and format ->
/// <see cref="DatasetOptions"/>. Which option belongs to which format is the data set's to say; a value that no format
/// takes is found here.
/// </summary>
internal static partial class RecipeDataOptions
{
    /// <summary>The formats whose labels are findings, which can be uncertain.</summary>
    public const string Findings = "chexpert, csv (findings)";

    /// <param name="task">"" where none of the labels is read.</param>
    public static DatasetOptions Read(RecipeSection s, string format, string task) =>
        new()
        {
            Split = s.Text("split",
                new("Which of the data set's own parts is read.")
                {
                    Value = "see [data sets](data-sets.md)",
                    Default = "the training split; csv: all rows",
                    Formats = "chexpert, csv, mura, spineweb16",
                }),
            Uncertain = Uncertain(s.SectionOrEmpty("uncertain",
                new("How -1 is read. Policies: `ignore`, `zeros`, `ones`, `zeros 0-0.3`, `ones 0.55-0.85`, "
                    + "`multi-class`, `self-trained`.")
                {
                    Value = "map: finding, or `default` -> policy",
                    Default = "`ignore`",
                    Formats = Findings,
                })),
            Blank = Word(s, "blank",
                new("How an empty cell is read; `masked` adds no loss.")
                {
                    Default = "chexpert: required; csv: `masked`",
                    Formats = Findings,
                }, LabelPolicy.Blanks),
            SoftLabels = s.Text("softLabels",
                new("CSV of probabilities for `self-trained`.")
                {
                    Value = "path below the folder",
                    Formats = Findings,
                }),
            View = Word(s, "view",
                new("Which views are read.") { Formats = "chexpert" }, CheXpert.Views),
            BodyPart = s.Text("bodyPart",
                new("What the films show, by which `marrow hub list` finds what was learnt from them. Of `mura` only "
                    + "films of that part are read: `shoulder` or `XR_SHOULDER`, and the like.")
                {
                    Value = "`chest`, `spine`, `hand` and the like",
                    Default = "not said; mura: all parts",
                }),
            Faults = Word(s, "faults",
                new("What happens to [faulty landmarks](data-sets.md#label-faults).")
                {
                    Formats = "spineweb16, csv (vertebrae)",
                }, SpineSamples.FaultPolicies),
            Landmarks = Word(s, "landmarks",
                new("Which files the landmarks are read from.") { Formats = "spineweb16" },
                SpineWeb16.LandmarkFiles),
            Csv = s.Text("csv",
                new("The table.")
                {
                    Value = "path below the folder",
                    Default = KeyWords.Code(CsvFolder.DefaultFile),
                    Formats = "csv",
                }),
            FileColumn = s.Text("fileColumn",
                new("Paths of the images, below the folder.")
                {
                    Value = "column",
                    Default = $"first of {KeyWords.Codes(CsvFolder.FileColumns)}",
                    Formats = "csv",
                }),
            PatientColumn = s.Text("patientColumn",
                new("Whose image it is. Case, spaces and underscores do not matter where a column is found.")
                {
                    Value = "column",
                    Default = $"first of {KeyWords.Codes(CsvFolder.PatientColumns)}; else each image is a patient",
                    Formats = "csv",
                }),
            PartColumn = s.Text("partColumn",
                new("Says `train`, `valid` or `test` of an image: the parts that the data's makers made. Of images "
                    + "whose cell is blank the shares `heldOut` and `validation` are drawn; a share of 0 asks for no "
                    + "such part.")
                {
                    Value = "column",
                    Default = "none",
                    Formats = "csv",
                }),
            PartCsv = s.Text("partCsv",
                new("The table that has `partColumn`.")
                {
                    Value = "path below the folder",
                    Default = "`csv`",
                    Formats = "csv",
                }),
            LabelColumns = s.Texts("labelColumns",
                new("What is learnt.")
                {
                    Value = "list of columns; of points their names, without `_x` and `_y`",
                    Default = $"first of {KeyWords.Codes(CsvFolder.LabelColumns)}; points: every pair `NAME_x`, "
                        + "`NAME_y`",
                    Formats = "csv",
                }) ?? [],
            Kind = Word(s, "kind",
                new("What the columns hold; a kind that the task can't learn from is an error.")
                {
                    Default = "what the task takes; for `classify` `classes` for one column, `findings` for several or "
                        + "for one whose cells list several",
                    Formats = "csv",
                }, CsvFolder.Kinds) ?? TaskLabels.KindOf(format, task),
            Units = Names(s.SectionOrEmpty("units",
                new("For tables, cards and predictions.")
                {
                    Value = "map: column -> unit",
                    Default = "none",
                    Formats = "csv (numbers)",
                })),
            MirrorPairs = s.Section("mirrorPairs",
                new("Points that change places in a mirrored image; the others keep their name. Without it "
                    + "`augment.flipProbability` is an error.")
                {
                    Value = "map: point -> point; `{}`",
                    Default = "none: no mirroring",
                    Formats = "csv (points)",
                }) is { } pairs ? Names(pairs) : null,
            Coordinates = Word(s, "coordinates",
                new("Of the image as it is stored; or 0 to 1 of its width and height.")
                {
                    Formats = "csv (points, boxes, vertebrae)",
                }, CsvCoordinates.Units),
            MmPerPixel = s.OptionalNumber("mmPerPixel", CsvFolder.LeastMmPerPixel, CsvFolder.MostMmPerPixel,
                new("The side of a pixel of the images as they are stored. With it the distances of points are "
                    + "measured in millimetres as well.")
                {
                    Unit = "mm",
                    Default = "unknown: pixels alone",
                    Formats = "csv (points)",
                }),
            Unlisted = Word(s, "unlisted",
                new("What becomes of images below the folder that the label file does not name; `no-boxes`: they are "
                    + "known to have none.")
                {
                    Formats = "csv (boxes), coco",
                }, BoxSamples.Unlisted),
            BoxClass = s.Text("boxClass",
                new("What is in the boxes of a table without a column of labels.")
                {
                    Default = KeyWords.Code(CsvBoxes.OnlyClass),
                    Formats = "csv (boxes)",
                }),
            Annotations = s.Text("annotations",
                new("The file of labels.")
                {
                    Value = "path below the folder",
                    Default = KeyWords.Code(CocoBoxes.DefaultFile),
                    Formats = "coco",
                }),
            ImageFolder = s.Text("imageFolder",
                new("Where the names of images begin.")
                {
                    Value = "folder below the folder",
                    Default = "the folder",
                    Formats = "coco",
                }),
            Area = Word(s, "area",
                new("For `segment`: the 17 bodies, class `vertebra`; or the discs between them too, class `spine`.")
                {
                    Formats = "spineweb16, csv (vertebrae)",
                }, SpineSamples.Areas),
            MaskColumn = s.Text("maskColumn",
                new("For `segment`: paths of [masks](how-to-segment.md#1-masks), below the folder; blank: no mask.")
                {
                    Value = "column",
                    Formats = "csv",
                }),
            Masks = s.Text("masks",
                new("For `segment`, in place of `maskColumn`: of `images/a.jpg` the mask is `MASKS/images/a.png` or "
                    + "`MASKS/a.png`.")
                {
                    Value = "folder below the folder",
                    Formats = "csv, images",
                }),
            MaskClasses = s.Texts("maskClasses",
                new("What the values 1, 2 ... of masks show.")
                {
                    Value = "list of 1 to 32 names",
                    Default = "[foreground]",
                    Formats = "csv, images",
                }) ?? [],
            License = s.Text("license",
                new("The licence of the data.")
                {
                    Value = "SPDX identifier or `LicenseRef-...`",
                    Default = "`dataset.json`'s, else the format's",
                }),
            Citation = s.Text("citation",
                new("What is to be cited for it.") { Default = "`dataset.json`'s, else the format's" }),
            Version = s.Text("version",
                new("The data's version as its makers name it.")
                {
                    Default = "`dataset.json`'s, else the release that the label file's paths begin with, else none",
                }),
        };

    // Formats take the first word where none is given, if they have a default at all.
    private static string? Word(RecipeSection s, string key, KeyText text, IReadOnlyList<string> words) =>
        s.Choice<string?>(
            key,
            null,
            text with { Default = text.Default ?? KeyWords.Code(words[0]) },
            [.. words.Select(w => (w, (string?)w))]);

    private static Dictionary<string, string> Names(RecipeSection s) =>
        s
            .RemainingKeys.Select(key => (key, Text: s.NamedText(key)))
            .Where(p => p.Text is not null)
            .ToDictionary(p => p.key, p => p.Text!);

    private static Dictionary<string, string> Uncertain(RecipeSection s)
    {
        var policies = new Dictionary<string, string>();
        foreach (var finding in s.RemainingKeys)
        {
            if (s.NamedText(finding) is not { } policy)
                continue;
            if (!Policy().IsMatch(policy))
                s.Errors.Add(
                    s.At(finding),
                    $"{RecipeErrors.Quote(finding)}: expected ignore, zeros, ones, multi-class, self-trained, or a "
                        + $"range as in 'ones 0.55-0.85', found {RecipeErrors.Quote(policy)}."
                );
            policies[finding] = policy;
        }
        return policies;
    }

    [GeneratedRegex(@"^(ignore|multi-class|self-trained|(zeros|ones)( +[0-9.]+-[0-9.]+)?)\z")]
    private static partial Regex Policy();
}
