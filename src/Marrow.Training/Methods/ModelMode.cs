using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Training.Methods;

/// <summary>
/// A model between its modes. Unlabelled images pass its batch norms in two ways. The plain ones are answered in
/// evaluation mode, as the finished model would: by running statistics, each image by itself. The augmented ones are
/// normed as training does, by their own batch, but leave no trace in the running statistics: those serve images like
/// the labelled ones, and an unlabelled folder may hold others, changed more than any film is.
/// </summary>
internal sealed class ModelMode(Module model)
{
    private readonly BatchNorm2d[] _norms = [.. model.modules().OfType<BatchNorm2d>()];

    /// <summary>
    /// Acts with the model in evaluation mode, without gradients, and puts each module back into its own.
    /// </summary>
    public T Evaluating<T>(Func<T> act)
    {
        var resting = model.modules().Where(module => !module.training).ToList();
        model.eval();
        try
        {
            using var noGrad = no_grad();
            return act();
        }
        finally
        {
            model.train();
            foreach (var module in resting)
                module.eval();
        }
    }

    /// <summary>
    /// Acts, while the running statistics of batch norms stay as they are to the bit: they move by a share of 0. To put
    /// them back afterwards would not do, as the graph holds them until it is gone through backwards.
    /// </summary>
    public T KeepingStatistics<T>(Func<T> act)
    {
        var momenta = _norms.Select(norm => norm.momentum).ToArray();
        foreach (var norm in _norms)
            norm.momentum = 0;
        try
        {
            return act();
        }
        finally
        {
            foreach (var (norm, momentum) in _norms.Zip(momenta))
                norm.momentum = momentum;
        }
    }
}
