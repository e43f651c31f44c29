using System.Globalization;
using System.Text.Json.Serialization;

namespace Marrow.Checkpoints;

/// <summary>
/// The measurement with one amount of labels: the child's error, and that of the same model from scratch.
/// </summary>
internal sealed record WorthPoint
{
    [JsonConstructor]
    internal WorthPoint(int images, double child, double scratch, double labelFactor, int bound) =>
        (Images, Child, Scratch, LabelFactor, Bound) = (images, child, scratch, labelFactor, bound);

    /// <summary>The number of labelled images that both models were trained on.</summary>
    public int Images { get; }

    /// <summary>The metric of the child that started from the parent's weights, as the mean over the seeds.</summary>
    public double Child { get; }

    /// <summary>The metric of the same model that started from random weights, as the mean over the seeds.</summary>
    public double Scratch { get; }

    /// <summary>
    /// How many times as many labels the model from scratch needs to reach the child's error. When <see cref="Bound"/>
    /// is not 0, the true factor lies beyond this number.
    /// </summary>
    public double LabelFactor { get; }

    /// <summary>
    /// Says how to read <see cref="LabelFactor"/>: 0 when it is the factor itself, 1 when the true factor is larger, -1
    /// when it is smaller.
    /// </summary>
    public int Bound { get; }
}

/// <summary>What a parent was worth to its child, as an experiment measured it.</summary>
public sealed class ParentWorth
{
    [JsonConstructor]
    internal ParentWorth(
        string experiment, string metric, string method, IReadOnlyList<WorthPoint> points, int seeds, int heldOut,
        DateOnly date, string command) =>
        (
            Experiment, Metric, Method, Points, Seeds, HeldOut, Date, Command) = (
            experiment, metric, method, points, seeds, heldOut, date, command);

    /// <summary>The most characters that <see cref="Command"/> may have.</summary>
    internal const int LongestCommand = 4000;

    private const int LongestText = 200, MostPoints = 1000, MostSeeds = 100;

    /// <summary>The name of the experiment. The key in manifests is "study", which was its first name.</summary>
    [JsonPropertyName("study")]
    [JsonInclude] internal string Experiment { get; }

    /// <summary>The name of the metric, such as "smape".</summary>
    [JsonInclude] internal string Metric { get; }

    /// <summary>The unit: "%", "deg", "px" or that of the labels; "" for a plain number.</summary>
    [JsonInclude] internal string Unit { get; init; } = "";

    /// <summary>The method by which the child was trained, such as "supervised" or "teacher".</summary>
    [JsonInclude] internal string Method { get; }

    /// <summary>The measured points, ordered from few labels to many.</summary>
    [JsonInclude] internal IReadOnlyList<WorthPoint> Points { get; }

    /// <summary>The number of runs behind each point.</summary>
    [JsonInclude] internal int Seeds { get; }

    /// <summary>The number of images on which the metric was measured.</summary>
    [JsonInclude] internal int HeldOut { get; }

    [JsonInclude] internal DateOnly Date { get; }

    /// <summary>The command line that measures it again.</summary>
    public string Command { get; }

    /// <summary>
    /// Describes the points in words, such as "with 24 images smape 14.2 % instead of 19.8 from scratch, which needs
    /// 3.3 times the labels for it; with 48 ...".
    /// </summary>
    public string Describe()
    {
        var points = Points.Select(
            (p, i) =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"with {p.Images} images "
                        + $"{(i == 0 ? $"{Metric} " : "")}{NumberText.Significant(p.Child)}{(i == 0 ? Suffix : "")} "
                        + $"instead of {NumberText.Significant(p.Scratch)}{(i == 0 ? " from scratch" : "")} "
                        + $"({Labels(p)})"
                ));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{string.Join("; ", points)}. Experiment {Experiment}, {Method}, {NumberText.Count(Seeds, "seed")}, "
                + $"{HeldOut} held-out images, {Date:yyyy-MM-dd}"
        );
    }

    /// <summary>Throws <see cref="MarrowException"/> for values that no experiment writes.</summary>
    internal void Validate(string path)
    {
        string[] texts = [Experiment, Metric, Unit, Method];
        if (texts.Any(t => t.Length > LongestText) || Command.Length > LongestCommand)
            throw Bad(
                $"texts of at most {LongestText} characters and a command of at most {LongestCommand}",
                "longer ones");
        if (Points.Count is 0 or > MostPoints || Seeds is < 1 or > MostSeeds || HeldOut < 1)
            throw Bad(
                $"1 to {MostPoints} points, 1 to {MostSeeds} seeds and a held-out image or more",
                $"{Points.Count}, {Seeds} and {HeldOut}");
        if (
            Points.FirstOrDefault(p =>
                p.Images < 1
                || !double.IsFinite(p.Child)
                || !double.IsFinite(p.Scratch)
                || !double.IsFinite(p.LabelFactor)
                || p.LabelFactor < 0
                || p.Bound is < -1 or > 1
            ) is
            { } odd)
            throw Bad("a worth of finite numbers", odd.ToString());

        MarrowException Bad(string expected, string found) =>
            MarrowException.Damaged(
                path,
                expected,
                found,
                "The checkpoint is damaged or was changed: fetch or save it again.");
    }

    private string Suffix => Unit.Length > 0 ? " " + Unit : "";

    private static string Labels(WorthPoint point) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(point.Bound > 0 ? "more than " : point.Bound < 0 ? "less than " : "")}{point.LabelFactor:0.0} times "
                + $"the labels"
        );
}
