using Marrow.Computing;
using Marrow.Training.Recipes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Marrow.Training.Loop;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) and SGD with momentum over groups of parameters. All state is in named
/// tensors, so that a run's state file holds it whole. AdamW runs libtorch's fused kernel where it is exported (one
/// call a group in place of a dozen a parameter) and the same arithmetic in TorchSharp calls elsewhere.
/// </summary>
internal sealed unsafe class Optimizer : IDisposable
{
    // The defaults of torch.optim.AdamW.
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    private readonly OptimizerKind _kind;
    private readonly double _momentum;
    private readonly (ParameterGroup Group, Slot[] Slots)[] _groups;

    /// <param name="groups">
    /// Disjoint groups. Frozen parameters belong to one as well, and are skipped while they have no gradient.
    /// </param>
    public Optimizer(OptimizerKind kind, double momentum, IReadOnlyList<ParameterGroup> groups)
    {
        _kind = kind;
        _momentum = momentum;
        using var noGrad = no_grad();
        _groups =
        [
            .. groups.Select(group => (group, group.Parameters.Select(p => NewSlot(p.Name, p.Value)).ToArray())),
        ];

        Slot NewSlot(string name, Parameter parameter) =>
            new(
                name,
                parameter,
                zeros_like(parameter).DetachFromDisposeScope(),
                kind == OptimizerKind.AdamW ? zeros_like(parameter).DetachFromDisposeScope() : null,
                zeros([], float32, parameter.device).DetachFromDisposeScope());
    }

    private IEnumerable<Slot> Slots => _groups.SelectMany(g => g.Slots);

    /// <summary>Returns every tensor on which the next step depends, by name.</summary>
    public IEnumerable<(string Name, Tensor Value)> State()
    {
        foreach (var slot in Slots)
        {
            yield return ($"first.{slot.Name}", slot.First);
            if (slot.Second is not null)
                yield return ($"second.{slot.Name}", slot.Second);
            yield return ($"steps.{slot.Name}", slot.Steps);
        }
    }

    /// <summary>
    /// Returns the L2 norm of all gradients as one vector. When it exceeds <paramref name="maxNorm"/>, all gradients
    /// are scaled down to it (Pascanu et al. 2013); 0 means no limit. TorchSharp's clip_grad_norm_ would multiply all
    /// gradients even without need.
    /// </summary>
    public double ClipGradients(double maxNorm)
    {
        const double epsilon = 1e-6; // torch.nn.utils.clip_grad_norm_'s
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var gradients = Slots
            .Where(s => s.Parameter.requires_grad)
            .Select(s => s.Parameter.grad)
            .OfType<Tensor>()
            .ToArray();
        if (gradients.Length == 0)
            return 0;
        var norm = (double)stack(gradients.Select(g => g.norm())).norm().Value<float>();
        if (maxNorm > 0 && norm > maxNorm)
        {
            foreach (var gradient in gradients)
                gradient.mul_(Scalars.Of(maxNorm / (norm + epsilon)));
        }
        return norm;
    }

    /// <summary>
    /// One update with each group's own learning rate, <paramref name="learningRate"/> times its factor.
    /// </summary>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (group, slots) in _groups)
        {
            var active = new List<(Slot Slot, Tensor Gradient)>(slots.Length);
            foreach (var slot in slots)
            {
                if (slot.Parameter.requires_grad && slot.Parameter.grad is { } gradient)
                    active.Add((slot, gradient));
            }
            if (active.Count == 0)
                continue;
            var rate = learningRate * group.LearningRateFactor;
            foreach (var (slot, _) in active)
                slot.Steps.Increase(1);
            if (_kind == OptimizerKind.Sgd)
                active.ForEach(a => SgdStep(a.Slot, a.Gradient, rate, group.WeightDecay));
            else if (FusedAdamW.IsAvailable)
                FusedAdamW.Step(
                    [
                        .. active.Select(a =>
                            (
                                a.Slot.Parameter,
                                SameLayout(a.Gradient, a.Slot.Parameter),
                                a.Slot.First,
                                a.Slot.Second!,
                                a.Slot.Steps)),
                    ],
                    rate, Beta1, Beta2, group.WeightDecay, Epsilon);
            else
                active.ForEach(a => AdamWStep(a.Slot, a.Gradient, rate, group.WeightDecay));
        }
    }

    public void ZeroGradients()
    {
        foreach (var slot in Slots)
        {
            using var gradient = slot.Parameter.grad;
            if (gradient is not null)
                slot.Parameter.grad = null;
        }
    }

    public void Dispose()
    {
        foreach (var slot in Slots)
        {
            slot.First.Dispose();
            slot.Second?.Dispose();
            slot.Steps.Dispose();
        }
    }

    private void SgdStep(Slot slot, Tensor gradient, double rate, double weightDecay)
    {
        slot.First.mul_(Scalars.Of(_momentum))
            .add_(gradient.add(slot.Parameter, Scalars.Of(weightDecay)), Scalars.Of(1.0));
        slot.Parameter.add_(slot.First, Scalars.Of(-rate));
    }

    internal static void AdamWStep(Slot slot, Tensor gradient, double rate, double weightDecay)
    {
        var steps = slot.Steps.Value<float>();
        slot.Parameter.mul_(Scalars.Of(1 - rate * weightDecay));
        slot.First.mul_(Scalars.Of(Beta1)).add_(gradient, Scalars.Of(1 - Beta1));
        slot.Second!.mul_(Scalars.Of(Beta2)).addcmul_(gradient, gradient, Scalars.Of(1 - Beta2));
        var correction1 = 1 - Math.Pow(Beta1, steps);
        var correction2 = 1 - Math.Pow(Beta2, steps);
        var denominator = slot.Second.sqrt().div_(Scalars.Of(Math.Sqrt(correction2))).Increase(Epsilon);
        slot.Parameter.addcdiv_(slot.First, denominator, Scalars.Of(-rate / correction1));
    }

    /// <summary>
    /// Returns the gradient with the memory layout of its parameter, which the fused kernel requires.
    /// </summary>
    private static Tensor SameLayout(Tensor gradient, Tensor parameter) =>
        gradient.stride().AsSpan().SequenceEqual(parameter.stride()) ? gradient : empty_like(parameter).copy_(gradient);

    internal sealed record Slot(string Name, Parameter Parameter, Tensor First, Tensor? Second, Tensor Steps);
}

/// <summary>Parameters that share a factor of the learning rate and a weight decay.</summary>
internal sealed record ParameterGroup(
    string Name,
    double LearningRateFactor,
    double WeightDecay,
    IReadOnlyList<(string Name, Parameter Value)> Parameters);

/// <summary>
/// libtorch's fused AdamW, on the processor or a CUDA device, for float32 tensors of one layout each.
/// </summary>
internal static unsafe class FusedAdamW
{
    // at::_ops::_fused_adamw_::call(self, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps, lr, beta1, beta2,
    //     weight_decay, eps, amsgrad, maximize, grad_scale, found_inf)
    private static readonly delegate* unmanaged<ArrayRef, ArrayRef, ArrayRef, ArrayRef, ArrayRef, ArrayRef,
        double, double, double, double, double, byte, byte, OptionalTensor*, OptionalTensor*, void> Call =
        (delegate* unmanaged<ArrayRef, ArrayRef, ArrayRef, ArrayRef, ArrayRef, ArrayRef,
            double, double, double, double, double, byte, byte, OptionalTensor*, OptionalTensor*, void>)
        LibtorchExports.Find(
            "_ZN2at4_ops13_fused_adamw_4callEN3c108ArrayRefINS_6TensorEEES5_S5_S5_S5_S5_dddddbbRKSt8optionalIS4_ES9_");

    public static bool IsAvailable => Call != null;

    public static void Step(
        IReadOnlyList<(Parameter Parameter, Tensor Gradient, Tensor First, Tensor Second, Tensor Steps)> tensors,
        double rate, double beta1, double beta2, double weightDecay, double epsilon)
    {
        foreach (var (parameter, gradient, first, second, steps) in tensors)
        {
            if (parameter.dtype != float32 || gradient.dtype != float32 || !SameShape(parameter, gradient)
                || !SameShape(parameter, first) || !SameShape(parameter, second) || steps.numel() != 1
                || !AreOn(parameter.device, gradient, first, second, steps))
                throw new InvalidOperationException("Fused AdamW takes float32 tensors of one layout, on one device.");
        }

        // An at::Tensor is one pointer to its TensorImpl; TorchSharp's handle points to an at::Tensor.
        var n = tensors.Count;
        var pointers = new nint[5 * n];
        for (var i = 0; i < n; i++)
        {
            pointers[i] = *(nint*)tensors[i].Parameter.Handle;
            pointers[n + i] = *(nint*)tensors[i].Gradient.Handle;
            pointers[2 * n + i] = *(nint*)tensors[i].First.Handle;
            pointers[3 * n + i] = *(nint*)tensors[i].Second.Handle;
            pointers[4 * n + i] = *(nint*)tensors[i].Steps.Handle;
        }
        var none = default(OptionalTensor);
        fixed (nint* p = pointers)
        {
            Call(new(p, n), new(p + n, n), new(p + 2 * n, n), new(p + 3 * n, n), default, new(p + 4 * n, n),
                rate, beta1, beta2, weightDecay, epsilon, 0, 0, &none, &none);
        }
        GC.KeepAlive(tensors);
    }

    /// <summary>
    /// Returns true when all tensors are on the device, as its fused kernel needs them, including the count of steps.
    /// </summary>
    private static bool AreOn(Device device, params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var x in tensors)
        {
            if (x.device_type != device.type || x.device_index != device.index)
                return false;
        }
        return true;
    }

    private static bool SameShape(Tensor a, Tensor b) =>
        a.shape.AsSpan().SequenceEqual(b.shape) && a.stride().AsSpan().SequenceEqual(b.stride());

    private readonly record struct ArrayRef(nint Data, nint Length)
    {
        public ArrayRef(nint* data, int length)
            : this((nint)data, length)
        {
        }
    }

    private struct OptionalTensor
    {
#pragma warning disable CS0169, IDE0051 // Laid out for C++; all zero means "none".
        private nint _tensor;
        private byte _hasValue;
#pragma warning restore CS0169, IDE0051
    }
}
