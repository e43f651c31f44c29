using static TorchSharp.torch.nn;

namespace Marrow.Modules;

/// <summary>Small operations on any model.</summary>
internal static class ModelTools
{
    /// <summary>
    /// Batch norms whose name starts with <paramref name="prefix"/> use and keep their running statistics, and their
    /// parameters get no gradients. To be called again after each <c>model.train()</c>, which would undo the first
    /// part. Returns how many there are.
    /// </summary>
    public static int FreezeBatchNorm(Module model, string prefix = "")
    {
        var frozen = 0;
        foreach (var (name, module) in model.named_modules())
        {
            if (module is not TorchSharp.Modules.BatchNorm2d || !name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            module.eval();
            foreach (var parameter in module.parameters(recurse: false))
                parameter.requires_grad = false;
            frozen++;
        }
        return frozen;
    }

    /// <summary>Lets a parameter learn, or not, by its key.</summary>
    public static void SetTrainable(Module model, Func<string, bool> learns)
    {
        foreach (var (name, parameter) in model.named_parameters())
            parameter.requires_grad = learns(name);
    }
}
