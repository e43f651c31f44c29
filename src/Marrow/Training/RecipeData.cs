using System.Text.RegularExpressions;
using Marrow.Datasets;

namespace Marrow.Training;

/// <summary>
/// The section "data:" -> <see cref="StageData"/>. The options of the data set stand beside its name and format; the
/// comments of <see cref="DatasetOptions"/> say what each means and which format has it.
/// </summary>
internal static partial class RecipeData
{
    public static StageData Read(RecipeSection stage, double heldOut)
    {
        var node = stage.Require("data", "data: {name: spineweb16, format: spineweb16}");
        if (node is null)
            return new StageData { Name = "", Format = "" };
        var s = new RecipeSection(node, "data", stage.Errors);
        var format = s.Require("format", "format: spineweb16") is null
            ? ""
            : s.Choice("format", "", [.. DatasetCatalogue.Formats.Keys.Select(f => (f, f))]);
        var data = new StageData
        {
            Format = format,
            Name = RecipeReader.Name(s, "name", s.Text("name")) ?? format,
            Options = Options(s),
            Limit = s.Int("limit", 0, 0, int.MaxValue),
            HeldOut = s.Number("heldOut", heldOut, 0, 0.9),
            Validation = s.Number("validation", 0.1, 0, 0.5),
        };
        s.Finish();
        return data;
    }

    // Which option belongs to which format is the data set's to say; a value no format takes is found here.
    private static DatasetOptions Options(RecipeSection s) => new()
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
        Kind = Word(s, "kind", "classes", "findings", "numbers"),
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

    private static Dictionary<string, string> Uncertain(RecipeSection s)
    {
        var policies = new Dictionary<string, string>();
        foreach (var finding in s.RemainingKeys)
        {
            if (s.Text(finding) is not { } policy)
                continue;
            if (!Policy().IsMatch(policy))
                s.Errors.Add(s.At(finding), $"{RecipeErrors.Quote(finding)}: expected ignore, zeros, ones, multi-class, self-trained, or a range as in 'ones 0.55-0.85', found {RecipeErrors.Quote(policy)}.");
            policies[finding] = policy;
        }
        return policies;
    }

    [GeneratedRegex(@"^(ignore|multi-class|self-trained|(zeros|ones)( +[0-9.]+-[0-9.]+)?)\z")]
    private static partial Regex Policy();
}
