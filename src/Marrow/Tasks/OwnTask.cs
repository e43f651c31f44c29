using Marrow.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>
/// A task that a program adds to Marrow by <see cref="TaskCatalogue.Add"/>: what is learnt from columns of numbers or
/// classes with a head, a loss and a reading of one's own, as a grade, a count or a time. Recipes name it under task,
/// with the architecture "NAME-BACKBONE"; data, backbone, warm start, training, checkpoint and predictions are as for
/// any other task.
/// </summary>
/// <param name="name">Lower-case letters, digits, '-' and '_': "grade".</param>
/// <param name="purpose">For cards: "grading the arthrosis of knees".</param>
/// <param name="limits">What its models must not be used for, as a sentence for cards.</param>
public abstract class OwnTask(string name, string purpose, string limits)
{
    public string Name { get; } = name;

    public string Purpose { get; } = purpose;

    public string Limits { get; } = limits;

    /// <summary>The kind of CSV that it learns from: "numbers", "classes" or "findings".</summary>
    public virtual string LabelKind => "numbers";

    /// <summary>
    /// The metrics that can choose the best weights, the main one first: "mae", "rmse", "pearson" and "r2" of the
    /// values that <see cref="Decode"/> gives, which are always measured, and those that <see cref="Measure"/> adds.
    /// </summary>
    public virtual IReadOnlyList<string> Metrics => ["mae", "rmse", "pearson", "r2"];

    /// <summary>
    /// The layers behind the backbone: [N, channels, H / 32, W / 32] -> [N, any number], with random weights.
    /// </summary>
    /// <param name="channels">Of the backbone's last map.</param>
    /// <param name="outputs">Columns of labels, or classes.</param>
    protected internal abstract Module<Tensor, Tensor> CreateHead(int channels, int outputs);

    /// <summary>What is minimised: a float32 scalar.</summary>
    /// <param name="output">The head's, [N, any number], float32, on the device that computes.</param>
    /// <param name="samples">[N].</param>
    protected internal abstract Tensor Loss(Tensor output, IReadOnlyList<OwnSample> samples);

    /// <summary>
    /// What the head's output for one image means: a value for each column of labels, in its unit. Predictions and
    /// measurements both are of these.
    /// </summary>
    protected internal abstract IReadOnlyList<double> Decode(IReadOnlyList<float> output);

    /// <summary>Metrics of one's own, beside those of numbers; none by default.</summary>
    /// <param name="values">[N]: of each sample what <see cref="Decode"/> gave.</param>
    protected internal virtual IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<OwnSample> samples, IReadOnlyList<IReadOnlyList<double>> values, BootstrapOptions bootstrap) =>
        [];
}

/// <summary>An image as an <see cref="OwnTask"/> sees it.</summary>
public sealed class OwnSample
{
    internal OwnSample(string id, string patient, IReadOnlyList<double> values) =>
        (Id, Patient, Values) = (id, patient, values);

    /// <summary>The image's path below the data set's folder.</summary>
    public string Id { get; }

    public string Patient { get; }

    /// <summary>
    /// What is known of it, by column: numbers in their units, or 1 and 0 of classes; NaN where a cell is blank.
    /// </summary>
    public IReadOnlyList<double> Values { get; }
}
