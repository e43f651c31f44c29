using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Modules;

/// <summary>A module without computation, which only gives its children their keys.</summary>
internal sealed class ModuleFolder : KeyedModule<Tensor, Tensor>
{
    public ModuleFolder(IEnumerable<(string Key, Module Module)> children) : base(nameof(ModuleFolder))
    {
        foreach (var (key, module) in children)
            register_module(key, module);
    }

    public override Tensor forward(Tensor input) => throw new NotSupportedException("A list of modules.");
}
