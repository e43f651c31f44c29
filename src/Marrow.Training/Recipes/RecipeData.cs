using System.Text.RegularExpressions;
using Marrow.Datasets;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>
/// The section "data:" -> <see cref="StageData"/>. The options of the data set stand beside its name and format; the
/// comments of <see cref="DatasetOptions"/> say what each means and which format has it.
/// </summary>
internal static partial class RecipeData
{
    /// <param name="reference">Reads a key that names an earlier stage or a checkpoint.</param>
    public static StageData Read(
        RecipeSection stage,
        double heldOut,
        string task,
        Func<RecipeSection, string, string?> reference)
    {
        var node = stage.Require("data", "data: {name: spineweb16, format: spineweb16}");
        if (node is null)
            return new StageData { Name = "", Format = "" };
        var s = new RecipeSection(node, "data", stage.Errors);
        var (name, format) = NameAndFormat(s, "format: spineweb16");
        var data = new StageData
        {
            Format = format,
            Name = name,
            Options = Options(s, format, task),
            SoftLabelsFrom = reference(s, "softLabelsFrom"),
            Limit = s.Int("limit", 0, 0, int.MaxValue),
            Fraction = s.Number("fraction", 1, 0.0001, 1),
            HeldOut = s.Number("heldOut", heldOut, 0, 0.9),
            Validation = s.Number("validation", 0.1, 0, 0.5),
        };
        if (s.Has("limit") && s.Has("fraction"))
            s.Errors.Add(
                s.At("fraction"),
                "fraction: limit says already how many patients to train on. Remove one of them.");
        if (data.SoftLabelsFrom is not null)
            CheckSelfTraining(s, data, task);
        s.Finish();
        RecipeLabels.Check(stage, task, data);
        return data;
    }

    /// <summary>"" each where it is missing or wrong.</summary>
    public static (string Name, string Format) NameAndFormat(RecipeSection s, string example)
    {
        var format = s.Require("format", example) is null
            ? ""
            : s.Choice("format", "", [.. DatasetCatalogue.Formats.Keys.Select(f => (f, f))]);
        return (RecipeReader.Name(s, "name", s.Text("name")) ?? format, format);
    }

    private static void CheckSelfTraining(RecipeSection s, StageData data, string task)
    {
        var fault =
            TaskCatalogue.Find(task) is { HasUncertainLabels: false }
                ? $"task {task} has no uncertain labels. Remove it"
            : data.Options.SoftLabels is not null ? "softLabels gives them already. Remove one of them"
            : !data.Options.Uncertain.Values.Contains("self-trained")
                ? "no finding asks for it. Set uncertain: {default: self-trained}"
            : null;
        if (fault is not null)
            s.Errors.Add(s.At("softLabelsFrom"), $"softLabelsFrom: {fault}.");
    }

    // Which option belongs to which format is the data set's to say; a value no format takes is found here.
    /// <param name="task">"" where none of the labels is read.</param>
    public static DatasetOptions Options(RecipeSection s, string format, string task) => new()
    {
        Split = s.Text("split"),
        Uncertain = Uncertain(s.SectionOrEmpty("uncertain")),
        Blank = Word(s, "blank", "zeros", "masked"),
        SoftLabels = s.Text("softLabels"),
        View = Word(s, "view", "frontal", "lateral", "all"),
        BodyPart = s.Text("bodyPart"),
        Faults = Word(s, "faults", "repair", "drop", "keep"),
        Landmarks = Word(s, "landmarks", "csv", "mat"),
        Csv = s.Text("csv"),
        FileColumn = s.Text("fileColumn"),
        PatientColumn = s.Text("patientColumn"),
        LabelColumns = s.Texts("labelColumns") ?? [],
        Kind = Word(s, "kind", CsvFolder.Kinds) ?? TaskLabels.KindOf(format, task),
        Units = Names(s.SectionOrEmpty("units")),
        MirrorPairs = s.Section("mirrorPairs") is { } pairs ? Names(pairs) : null,
        Coordinates = Word(s, "coordinates", "pixels", "shares"),
        Unlisted = Word(s, "unlisted", BoxSamples.Unlisted),
        BoxClass = s.Text("boxClass"),
        Annotations = s.Text("annotations"),
        ImageFolder = s.Text("imageFolder"),
        Area = Word(s, "area", "vertebrae", "spine"),
        MaskColumn = s.Text("maskColumn"),
        Masks = s.Text("masks"),
        MaskClasses = s.Texts("maskClasses") ?? [],
        License = s.Text("license"),
        Citation = s.Text("citation"),
        Version = s.Text("version"),
    };

    private static string? Word(RecipeSection s, string key, params string[] words) =>
        s.Choice<string?>(key, null, [.. words.Select(w => (w, (string?)w))]);

    private static Dictionary<string, string> Names(RecipeSection s) =>
        s
            .RemainingKeys.Select(key => (key, Text: s.Text(key)))
            .Where(p => p.Text is not null)
            .ToDictionary(p => p.key, p => p.Text!);

    private static Dictionary<string, string> Uncertain(RecipeSection s)
    {
        var policies = new Dictionary<string, string>();
        foreach (var finding in s.RemainingKeys)
        {
            if (s.Text(finding) is not { } policy)
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
