using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Tasks;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Says which places of an image a checkpoint's answers come from. Tasks whose models answer from the last map of their
/// backbone (<see cref="IExplainedTask"/>) are explained by <see cref="GradCam"/>; the others are not, and say what to
/// look at instead.
/// </summary>
internal sealed class Explainer
{
    /// <summary>How many numbers are explained when none is named.</summary>
    public const int MostNumbers = 3;

    private const double Positive = 0.5; // the probability from which a finding counts as present

    private readonly string _checkpoint;
    private readonly TaskModel _task;
    private readonly Compute _compute;
    private readonly Dictionary<string, int> _outputs; // by name

    /// <param name="checkpoint">The checkpoint's name, for messages.</param>
    /// <param name="task">The task of the checkpoint, built and arranged for <paramref name="compute"/>.</param>
    /// <param name="outputs">The outputs, as the checkpoint describes them.</param>
    public Explainer(string checkpoint, TaskModel task, IReadOnlyList<OutputMeaning> outputs, Compute compute)
    {
        (_checkpoint, _task, _compute) = (checkpoint, task, compute);
        _outputs = task is IExplainedTask explained
            ? outputs.Index()
                .Where(output => output.Item.Trained && explained.Explains(output.Index))
                .DistinctBy(output => output.Item.Name)
                .ToDictionary(output => output.Item.Name, output => output.Index, StringComparer.Ordinal)
            : [];
    }

    /// <summary>The names of the outputs that can be explained.</summary>
    public IReadOnlyList<string> Names => [.. _outputs.Keys];

    /// <summary>Throws <see cref="MarrowException"/> when these can't be explained.</summary>
    /// <param name="names">Names of outputs; empty for the default.</param>
    public void Require(IReadOnlyList<string> names)
    {
        if (_task is not IExplainedTask)
            throw MarrowException.Bad(
                _checkpoint,
                $"a checkpoint whose answers come from one map, for {string.Join(", ", ExplainedTasks)}, to explain",
                $"one for {_task.Name}",
                $"Ask for no explanation. {TaskCatalogue.Find(_task.Name)?.InsteadOfExplanation}".TrimEnd());
        if (names.FirstOrDefault(name => !_outputs.ContainsKey(name)) is { } unknown)
            throw MarrowException.Bad(
                _checkpoint,
                $"names of what to explain among {string.Join(", ", Names)}",
                $"'{unknown}'",
                "Correct it, or name none for the default.");
    }

    /// <summary>Explains answers for one image.</summary>
    /// <param name="image">A normalised image [1, C, H, W] in the memory layout of the way of computing.</param>
    /// <param name="toInput">The transform from the radiograph's original pixels to the image's pixels.</param>
    /// <param name="answers">What is said of the image: classes or numbers.</param>
    /// <param name="names">What is to be explained; empty for the default.</param>
    public ExplanationsPart Explain(
        Tensor image,
        AffineTransform toInput,
        Radiograph radiograph,
        FindingPart? answers,
        IReadOnlyList<string> names)
    {
        var task = (IExplainedTask)_task;
        var level = task.Features.Levels[^1];
        var grid = new HeatGrid(
            toInput, (int)image.shape[3], (int)image.shape[2], level.Stride, level.FirstCenter);
        using var cam = new GradCam(task, image, _compute);
        var explained = names.Count == 0
            ? Usual(answers)
            : names.Select(name => ValuesOf(answers).FirstOrDefault(v => v.Name == name)).OfType<FoundValue>();
        return new(
        [
            .. explained
                .Where(value => _outputs.ContainsKey(value.Name))
                .Select(value => new Explanation(value, new HeatMap(
                    cam.Heat(_outputs[value.Name]),
                    cam.Columns,
                    grid,
                    radiograph.OriginalWidth,
                    radiograph.OriginalHeight))),
        ]);
    }

    /// <summary>
    /// Returns what is explained when nothing is named: the most probable class; of findings that may hold together
    /// those that do, or the most probable one; the first few numbers.
    /// </summary>
    internal static IReadOnlyList<FoundValue> Usual(FindingPart? answers)
    {
        var known = ValuesOf(answers).Where(v => v.Value is not null);
        if (answers is not ClassesPart { Class: var best })
            return [.. known.Take(MostNumbers)];
        FoundValue[] likeliest = [.. known.OrderByDescending(v => v.Value)];
        FoundValue[] present = best is null ? [.. likeliest.Where(v => v.Value >= Positive)] : [];
        return present.Length > 0 ? present : [.. likeliest.Take(1)];
    }

    private static IReadOnlyList<FoundValue> ValuesOf(FindingPart? answers) => answers switch
    {
        ClassesPart classes => classes.Values,
        NumbersPart numbers => numbers.Values,
        _ => [],
    };

    private static IEnumerable<string> ExplainedTasks =>
        TaskCatalogue.Names(task => task.ModelType.IsAssignableTo(typeof(IExplainedTask)));
}
