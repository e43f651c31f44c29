using Marrow.Computing;
using static TorchSharp.torch.nn;

namespace Marrow.Modules;

/// <summary>
/// A module whose children have the names given to <c>register_module</c> and no others: TorchSharp would register
/// every field once more under the field's own name, and state dicts would hold each tensor twice.
/// </summary>
public abstract class KeyedModule<TInput, TOutput> : Module<TInput, TOutput>
{
    private protected KeyedModule(string name) : base(name) => Nnpack.SwitchOff();

    protected sealed override void RegisterComponents()
    {
    }
}
