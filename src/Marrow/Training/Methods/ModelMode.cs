using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Training.Methods;

/// <summary>
/// A model between its modes. Unlabelled images pass its batch norms in two ways. The plain ones are answered in
/// evaluation mode, as the finished model would: by running statistics, each image by itself. The augmented ones are
/// normed as training does, by their own batch, but leave no trace in the running statistics: those serve images like the
/// labelled ones, and an unlabelled folder may hold others, changed more than any film is.
/// </summary>
internal sealed class ModelMode : IDisposable
{
    private readonly Module _model;
    private readonly (Tensor Running, Tensor Kept)[] _statistics;

    public ModelMode(Module model)
    {
        _model = model;
        var running = model.modules().OfType<BatchNorm2d>().SelectMany(norm => new[] { norm.running_mean, norm.running_var, norm.num_batches_tracked }).OfType<Tensor>();
        _statistics = [.. running.Select(tensor => (tensor, tensor.detach().clone().DetachFromDisposeScope()))];
    }

    /// <summary>Acts with the model in evaluation mode, and puts each module back into its own.</summary>
    public T Evaluating<T>(Func<T> act)
    {
        var resting = _model.modules().Where(module => !module.training).ToList();
        _model.eval();
        try
        {
            using var noGrad = no_grad();
            return act();
        }
        finally
        {
            _model.train();
            foreach (var module in resting)
                module.eval();
        }
    }

    /// <summary>Acts, and puts the running statistics of batch norms back.</summary>
    public T KeepingStatistics<T>(Func<T> act)
    {
        using (no_grad())
        {
            foreach (var (running, kept) in _statistics)
                kept.copy_(running);
        }
        try
        {
            return act();
        }
        finally
        {
            using var noGrad = no_grad();
            foreach (var (running, kept) in _statistics)
                running.copy_(kept);
        }
    }

    public void Dispose()
    {
        foreach (var (_, kept) in _statistics)
            kept.Dispose();
    }
}
