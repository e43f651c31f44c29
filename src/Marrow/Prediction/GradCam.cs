// Grad-CAM (Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV
// 2017, equations 1 and 2), on the last map of a backbone. Data flow: image -> backbone as in prediction -> last map
// [1, F, h, w] -> head -> one answer -> its gradient on the map -> mean over the map: a weight for each channel ->
// weighted sum of the channels, where it is positive -> heat [h, w]. Behind the last map lies the head alone, so no
// gradient passes the backbone, and its norms are those of evaluation whichever kernels compute them.

using Marrow.Computing;
using Marrow.Tasks;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>The last map of one image, and the heat that an answer has on it.</summary>
internal sealed class GradCam : IDisposable
{
    private readonly IExplainedTask _task;
    private readonly Compute _compute;
    private readonly Tensor _map; // [1, F, h, w], float32, a leaf whose gradients are asked for

    /// <param name="image">
    /// A normalised image [1, C, H, W] in the memory layout of <paramref name="compute"/>; the model is in evaluation
    /// mode.
    /// </param>
    public GradCam(IExplainedTask task, Tensor image, Compute compute)
    {
        (_task, _compute) = (task, compute);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        _map = compute.Forward(() => task.Features.forward(image)).to(float32).detach().DetachFromDisposeScope();
        _map.requires_grad_(true);
    }

    /// <summary>The number of cells in a row of the map.</summary>
    public int Columns => (int)_map.shape[3];

    /// <summary>Returns the heat of each cell for one output, [h * w], 0 or more.</summary>
    public IReadOnlyList<double> Heat(int output)
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        var answer = _compute.Forward(() => _task.Answer(_map, output)).sum();
        var gradient = autograd.grad([answer], [_map])[0];
        using var noGrad = no_grad();
        var weights = gradient.mean([2, 3], keepdim: true); // [1, F, 1, 1]
        return [.. (weights * _map).sum(1).relu().Values<float>().Select(heat => (double)heat)];
    }

    public void Dispose() => _map.Dispose();
}
