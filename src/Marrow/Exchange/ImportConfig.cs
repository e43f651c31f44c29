using System.Globalization;
using Marrow.Computing;
using Marrow.Tasks;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Exchange;

/// <summary>
/// Builds the config of imported weights: their classes, their input and what each output means. What the file does not
/// say and nobody has given is chosen here, and a warning says so.
/// </summary>
internal static class ImportConfig
{
    /// <summary>
    /// Returns the config and a sentence for each thing that was chosen. Throws <see cref="MarrowException"/> when the
    /// names that the user gave are not as many as the outputs, and for a softmax over a single output.
    /// </summary>
    public static (CheckpointConfig Config, IReadOnlyList<string> Warnings) Of(
        ImportRequest request, ImportSource source, string architecture, int outputs, WeightFile file)
    {
        var (map, warnings) = (source.Map, new List<string>());
        var channels = map.GreyFactor is null ? source.Channels : 1;
        var thresholds = Thresholds(file, source.Entries);
        if (source.IsGuessed)
            warnings.Add(
                $"Nothing in the file tells its source: the input is that of {map.Name}. Give --map where you know it, "
                    + "and --width and --height where the model was trained at another size.");
        var classes = request.Classes ?? source.NamesOf(outputs);
        if (request.Classes is not null && classes.Count != outputs)
            throw MarrowException.Bad(
                file.Path,
                string.Create(CultureInfo.InvariantCulture, $"a name for each of its {outputs} outputs"),
                $"{classes.Count} names in --classes",
                "Give them in order: --classes A,B,C.");
        var isNamedByMap = request.Classes is null && classes.Count == outputs;
        if (classes.Count != outputs)
        {
            classes = [.. Enumerable.Range(0, outputs).Select(Numbered)];
            warnings.Add(
                $"The file does not name its {outputs} outputs: they are called {classes[0]} to {classes[^1]}. Give "
                    + "their names in order by --classes A,B,C.");
        }
        // A softmax over one output is 1 for every image.
        if (request.ExclusiveClasses == true && outputs == 1)
            throw MarrowException.Bad(
                file.Path,
                "two or more outputs, of which exactly one holds",
                "one",
                "Leave --exclusive out: a single output holds or not.");
        var isExclusive = request.ExclusiveClasses ?? (map.ExclusiveClasses && outputs > 1);
        if (request.ExclusiveClasses is null && outputs > 1 && !isNamedByMap)
            warnings.Add(
                "The file does not say whether exactly one class holds: "
                    + (isExclusive
                        ? $"a softmax over all is taken, as {map.Name} has it. Give --exclusive false where each "
                            + "class holds by itself."
                        : $"a sigmoid of each is taken, as {map.Name} has it. Give --exclusive where exactly one "
                            + "class holds."));
        var input = map.Input(channels);
        var config = new CheckpointConfig
        {
            Model = new() { Architecture = architecture, Channels = channels, Outputs = outputs },
            Task = ModelCatalogue.TaskOf(architecture),
            Classes = classes,
            ExclusiveClasses = isExclusive,
            Input = input with { Width = request.Width ?? input.Width, Height = request.Height ?? input.Height },
            Outputs = [.. classes.Select((name, i) => map.IsWithoutHead ? Feature(name) : Output(name, i, thresholds))],
        };
        return (config, warnings);
    }

    private static string Numbered(int output) => $"class{output.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>
    /// Returns torchxrayvision's operating points, one for each output; null when the file has none. NaN stands for an
    /// output that was never trained.
    /// </summary>
    private static float[]? Thresholds(WeightFile file, IReadOnlyDictionary<string, WeightEntry> entries)
    {
        if (!entries.TryGetValue("op_threshs", out var entry) || entry.Elements > int.MaxValue)
            return null;
        using var scope = NewDisposeScope();
        return file.Read(entry.Name).to(ScalarType.Float32).Values<float>();
    }

    private static OutputMeaning Feature(string name) =>
        new(
            name,
            "number",
            "A feature of the backbone, averaged over the image; it stands for no finding.",
            Trained: false);

    private static OutputMeaning Output(string name, int i, float[]? thresholds) =>
        thresholds is null || i >= thresholds.Length
            ? new(name, "probability", $"{name} is present.")
            : float.IsNaN(thresholds[i])
                ? new(
                    name,
                    "probability",
                    $"{name} is present; torchxrayvision has no operating point for it.",
                    Trained: false)
            : new(
                name,
                "probability",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} is present; torchxrayvision's operating point is {thresholds[i]:G6}."));
}
