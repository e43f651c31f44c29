using System.Globalization;
using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// Cells of findings (1, 0, -1 "uncertain", blank "not mentioned") to labels, each finding by its own policy (CheXpert,
/// section 3.1; label smoothing: Pham et al. 2019, section 3.3). The classes are the findings in their order, followed
/// by ":negative" and ":uncertain" for each finding read as three classes.
/// </summary>
internal sealed class LabelPolicy
{
    private enum Uncertain { Ignore, Value, MultiClass, SelfTrained }

    private readonly record struct Rule(Uncertain Kind, double Low = 0, double High = 0);

    /// <summary>What the option "blank" can be.</summary>
    public static readonly string[] Blanks = ["zeros", "masked"];

    private const double MaxProbability = 1;
    private readonly IReadOnlyList<string> _findings;
    private readonly Rule[] _rules;
    private readonly float _blank;
    private readonly Dictionary<string, float[]> _softLabels;

    public IReadOnlyList<string> Classes { get; }
    public IReadOnlyList<ThreeClassFinding> ThreeClassFindings { get; }

    /// <param name="blank">The label of a blank cell, 0 or NaN.</param>
    /// <param name="softLabels">The labels for "self-trained", [findings] by image id.</param>
    public LabelPolicy(
        DatasetRequest request,
        IReadOnlyList<string> findings,
        float blank,
        Dictionary<string, float[]> softLabels)
    {
        (_findings, _blank, _softLabels) = (findings, blank, softLabels);
        var given = request.Options.Uncertain;
        foreach (var name in given.Keys)
        {
            if (name != "default" && !findings.Contains(name))
                throw MarrowException.Bad(
                    $"{request.Name}: option uncertain",
                    $"default or one of {string.Join(", ", findings)}",
                    $"\"{name}\"",
                    "Correct the finding's name.");
        }
        _rules =
        [
            .. findings.Select(f =>
                ParseRule(request, f, given.GetValueOrDefault(f) ?? given.GetValueOrDefault("default") ?? "ignore")),
        ];

        var classes = findings.ToList();
        var threeClass = new List<ThreeClassFinding>();
        for (var i = 0; i < findings.Count; i++)
        {
            if (_rules[i].Kind != Uncertain.MultiClass)
                continue;
            threeClass.Add(new ThreeClassFinding(i, classes.Count, classes.Count + 1));
            classes.AddRange([$"{findings[i]}:negative", $"{findings[i]}:uncertain"]);
        }
        (Classes, ThreeClassFindings) = (classes, threeClass);
    }

    /// <summary>
    /// Returns the labels of one image, [classes]. <paramref name="columns"/> are the columns of the findings. Throws
    /// <see cref="MarrowException"/> for any other value.
    /// </summary>
    public float[] Labels(CsvTable table, CsvRow row, IReadOnlyList<int> columns, string id)
    {
        var labels = new float[Classes.Count];
        for (var i = 0; i < _findings.Count; i++)
        {
            var cell = Cell(table, row, columns[i]);
            if (cell is not (-1 or (>= 0 and <= MaxProbability) or double.NaN))
                throw table.Bad(row, columns[i], "1, 0, -1, blank or a probability", "Correct the cell.");
            labels[i] = cell switch
            {
                double.NaN => _blank,
                -1 => UncertainLabel(i, id),
                _ => (float)cell,
            };
        }
        foreach (var (positive, negative, uncertain) in ThreeClassFindings)
        {
            var isUncertain = table.Number(row, columns[positive], blank: true) == -1;
            labels[uncertain] = isUncertain ? 1 : float.IsNaN(labels[positive]) ? float.NaN : 0;
            labels[negative] = isUncertain ? 0 : 1 - labels[positive];
        }
        return labels;
    }

    /// <summary>
    /// Returns true for a word that many tables use for 1 or 0. Such words are not read, so that no meaning has to be
    /// guessed.
    /// </summary>
    public static bool IsYesOrNo(string cell) => Words.Contains(cell, StringComparer.OrdinalIgnoreCase);

    private static readonly string[] Words =
    [
        "yes",
        "no",
        "y",
        "n",
        "true",
        "false",
        "positive",
        "negative",
        "present",
        "absent",
    ];

    private static double Cell(CsvTable table, CsvRow row, int column) =>
        IsYesOrNo(row.Fields[column])
            ? throw table.Bad(
                row,
                column,
                "1, 0, -1, blank or a probability",
                "Write 1 for yes and 0 for no in this column.")
            : table.Number(row, column, blank: true);

    private float UncertainLabel(int finding, string id)
    {
        var rule = _rules[finding];
        return rule.Kind switch
        {
            Uncertain.Value when rule.Low == rule.High => (float)rule.Low,
            Uncertain.Value => (float)SeededRandom.Fork(StableHash.Of(id), finding).Uniform(rule.Low, rule.High),
            Uncertain.MultiClass => 0,
            Uncertain.SelfTrained => _softLabels.TryGetValue(id, out var soft) ? soft[finding] : float.NaN,
            _ => float.NaN,
        };
    }

    private static Rule ParseRule(DatasetRequest request, string finding, string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        switch (words)
        {
            case ["ignore"]: return new Rule(Uncertain.Ignore);
            case ["zeros"]: return new Rule(Uncertain.Value, 0, 0);
            case ["ones"]: return new Rule(Uncertain.Value, 1, 1);
            case ["multi-class"]: return new Rule(Uncertain.MultiClass);
            case ["self-trained"]: return new Rule(Uncertain.SelfTrained);
            case ["zeros" or "ones", var range] when ParseRange(range) is { } bounds:
                return new Rule(Uncertain.Value, bounds.Low, bounds.High);
        }
        throw MarrowException.Bad($"{request.Name}: option uncertain, {finding}",
            "ignore, zeros, ones, multi-class, self-trained, or a range as in \"ones 0.55-0.85\"",
            $"\"{text}\"",
            "Correct it.");
    }

    private static (double Low, double High)? ParseRange(string text)
    {
        var ends = text.Split('-');
        return ends.Length == 2
            && double.TryParse(ends[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var low)
            && double.TryParse(ends[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var high)
            && low <= high && high <= MaxProbability ? (low, high) : null;
    }

    /// <summary>
    /// Converts the option's words to 0 or NaN. Throws <see cref="MarrowException"/> when the option is not given and
    /// has no default.
    /// </summary>
    public static float BlankValue(DatasetRequest request, string? whenNotGiven)
    {
        var blank = request.Options.Blank ?? whenNotGiven
            ?? throw MarrowException.Bad(
                $"{request.Name}: option blank",
                "\"zeros\" or \"masked\"",
                "nothing",
                "Say how findings that a report does not mention are read; it changes what is learnt.");
        return OptionCheck.OneOf(request, "blank", blank, Blanks) == Blanks[0] ? 0 : float.NaN;
    }

    /// <summary>
    /// Reads the file of the option softLabels, [findings] by image id; empty when the option is not given.
    /// </summary>
    public static Dictionary<string, float[]> ReadSoftLabels(
        DatasetRequest request,
        IReadOnlyList<string> findings,
        Func<string, CsvTable, CsvRow, int, string> toId)
    {
        var soft = new Dictionary<string, float[]>(StringComparer.Ordinal);
        if (request.Options.SoftLabels is null)
            return soft;
        var table = CsvTable.Read(
            DataPath.OfOption(request, "softLabels", request.Options.SoftLabels),
            hasHeader: true);
        var file = CsvFolder.FirstColumn(table, CsvFolder.FileColumns) is { } found and >= 0
            ? found
            : table.Column(CsvFolder.FileColumns[0]);
        var columns = findings.Select(table.Column).ToArray();
        foreach (var row in table.Rows)
        {
            var values = columns.Select(column => (float)table.Number(row, column)).ToArray();
            if (values.Any(v => v is < 0 or > 1))
                throw MarrowException.Bad(
                    $"{table.Path}, line {row.Line}",
                    "probabilities from 0 to 1",
                    "another number",
                    "Correct the line.");
            soft[toId(row.Fields[file], table, row, file)] = values;
        }
        return soft;
    }
}
