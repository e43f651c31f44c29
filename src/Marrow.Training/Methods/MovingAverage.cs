using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Training.Methods;

/// <summary>
/// An exponential moving average of a model's floating-point parameters and buffers. Its decay starts low and rises to
/// the one asked for, min(decay, (1 + n) / (10 + n)) after n updates (as TensorFlow's), so that the random first
/// weights are forgotten.
/// </summary>
internal sealed class MovingAverage : IDisposable
{
    private readonly double _decay;
    private readonly bool _owned;
    private readonly List<(string Name, Tensor Live, Tensor Average)> _tensors = [];

    /// <param name="carrier">
    /// A model of the same make that carries the average at all times; null: tensors of its own do.
    /// </param>
    public MovingAverage(Module model, double decay, Module? carrier = null)
    {
        (_decay, _owned) = (decay, carrier is null);
        using var noGrad = no_grad();
        var carried = carrier?.state_dict();
        foreach (var (name, tensor) in model.state_dict())
        {
            if (!tensor.is_floating_point())
                continue;
            var average = carried is null ? tensor.detach().clone().DetachFromDisposeScope() : carried[name];
            if (carried is not null)
                average.copy_(tensor);
            _tensors.Add((name, tensor, average));
        }
    }

    public IEnumerable<(string Name, Tensor Value)> State() => _tensors.Select(t => (t.Name, t.Average));

    /// <param name="updates">How many have gone before.</param>
    public void Update(int updates)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var weight = tensor(1 - Math.Min(_decay, (1.0 + updates) / (10.0 + updates)), device: _tensors[0].Live.device);
        foreach (var (_, live, average) in _tensors)
            average.lerp_(live, weight);
    }

    /// <summary>The model carries the average until the result is disposed, then its own values again.</summary>
    public IDisposable Use()
    {
        Exchange();
        return new Restore(this);
    }

    public void Dispose()
    {
        if (!_owned)
            return;
        foreach (var (_, _, average) in _tensors)
            average.Dispose();
    }

    private void Exchange()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (_, live, average) in _tensors)
        {
            var copy = live.clone();
            live.copy_(average);
            average.copy_(copy);
        }
    }

    private sealed class Restore(MovingAverage average) : IDisposable
    {
        public void Dispose() => average.Exchange();
    }
}
