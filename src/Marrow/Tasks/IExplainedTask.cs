using Marrow.Backbones;
using static TorchSharp.torch;

namespace Marrow.Tasks;

/// <summary>
/// A task whose model answers from the last map of its backbone alone, so that an answer's gradient on that map says
/// which places of the image it comes from.
/// </summary>
internal interface IExplainedTask
{
    /// <summary>The backbone whose last map the answers come from.</summary>
    Backbone Features { get; }

    /// <summary>Whether an output is one that predictions report, so that it can be asked for.</summary>
    /// <param name="output">The index among the outputs that the checkpoint describes.</param>
    bool Explains(int output) => true;

    /// <summary>
    /// Returns what an output says of a map, one number: of a class its logit, before any softmax or sigmoid; of a
    /// number the number itself, in its unit. Called within <see cref="Computing.Compute.Forward"/>.
    /// </summary>
    /// <param name="map">[1, F, h, w].</param>
    /// <param name="output">The index among the outputs that the checkpoint describes.</param>
    Tensor Answer(Tensor map, int output);
}
