using Marrow.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>
/// A task that a program adds to Marrow by <see cref="TaskCatalogue.Add"/>. Its labels are columns of numbers or
/// classes, such as a grade, a count or a time, and it brings its own head, loss and decoding. Recipes name it as their
/// task, with the architecture "NAME-BACKBONE". Data, backbone, warm start, training, checkpoints and predictions work
/// as for any other task.
/// </summary>
/// <param name="name">The task's name, of lower-case letters, digits, '-' and '_', such as "grade".</param>
/// <param name="purpose">What the task does, for model cards, such as "grading the arthrosis of knees".</param>
/// <param name="limits">A sentence for model cards that says what its models must not be used for.</param>
public abstract class OwnTask(string name, string purpose, string limits)
{
    /// <summary>The task's name, which recipes use, such as "grade".</summary>
    public string Name { get; } = name;

    /// <summary>What the task does, for model cards.</summary>
    public string Purpose { get; } = purpose;

    /// <summary>A sentence for model cards that says what the task's models must not be used for.</summary>
    public string Limits { get; } = limits;

    /// <summary>The kind of CSV whose labels the task learns: "numbers", "classes" or "findings".</summary>
    public virtual string LabelKind => "numbers";

    /// <summary>
    /// The metrics that can choose the best weights, the main one first. "mae", "rmse", "pearson" and "r2" of the
    /// values that <see cref="Decode"/> returns are always measured; <see cref="Measure"/> can add others.
    /// </summary>
    public virtual IReadOnlyList<string> Metrics => ["mae", "rmse", "pearson", "r2"];

    /// <summary>
    /// Creates the layers behind the backbone, with random weights. They map [N, channels, H / 32, W / 32] to [N, any
    /// number].
    /// </summary>
    /// <param name="channels">The number of channels of the backbone's last map.</param>
    /// <param name="outputs">The number of columns of labels, or of classes.</param>
    protected internal abstract Module<Tensor, Tensor> CreateHead(int channels, int outputs);

    /// <summary>Returns the loss that training minimises, as a float32 scalar.</summary>
    /// <param name="output">The output of the head, [N, any number] in float32, on the device that computes.</param>
    /// <param name="samples">The N samples of the batch, in the order of the output.</param>
    protected internal abstract Tensor Loss(Tensor output, IReadOnlyList<OwnSample> samples);

    /// <summary>
    /// Converts the head's output for one image to its meaning: one value for each column of labels, in that column's
    /// unit. Predictions show these values, and metrics are computed from them.
    /// </summary>
    protected internal abstract IReadOnlyList<double> Decode(IReadOnlyList<float> output);

    /// <summary>
    /// Returns what of the head's output stands for a column when a prediction is explained: its gradient says which
    /// places of the image raise it. A head that has as many outputs as there are columns of labels needs no answer
    /// here: each column is explained by the output of its own place. For any other, return what grows with the value.
    /// </summary>
    /// <param name="output">The output of the head for one image, [1, any number] in float32.</param>
    /// <param name="column">The column of labels, from 0.</param>
    /// <returns>
    /// A single number, computed from <paramref name="output"/> by operations that have a gradient; null, the default,
    /// for the output of the column's own place.
    /// </returns>
    protected internal virtual Tensor? Explained(Tensor output, int column) => null;

    /// <summary>
    /// Returns the task's own metrics, which are reported beside those of its numbers. By default there are none.
    /// </summary>
    /// <param name="values">For each sample what <see cref="Decode"/> returned.</param>
    protected internal virtual IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<OwnSample> samples, IReadOnlyList<IReadOnlyList<double>> values, BootstrapOptions bootstrap) =>
        [];
}

/// <summary>A labelled image, as an <see cref="OwnTask"/> gets it.</summary>
public sealed class OwnSample
{
    internal OwnSample(string id, string patient, IReadOnlyList<double> values) =>
        (Id, Patient, Values) = (id, patient, values);

    /// <summary>The path of the image below the data set's folder.</summary>
    public string Id { get; }

    /// <summary>The patient whom the image shows.</summary>
    public string Patient { get; }

    /// <summary>
    /// The labels, one for each column: a number in its unit, or 1 or 0 for a class. NaN where a cell is blank.
    /// </summary>
    public IReadOnlyList<double> Values { get; }
}
