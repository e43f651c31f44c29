using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Marrow.Tests;

/// <summary>
/// What the compiled code says of devices: which calls of TorchSharp make a tensor without saying where, and which read
/// a tensor's memory, which lies on the processor only if it was brought there.
/// </summary>
internal static class CompiledDevices
{
    private const string Torch = "TorchSharp.torch",
        Tensor = "TorchSharp.torch/Tensor",
        Device = "TorchSharp.torch/Device";

    /// <summary>Those of <see cref="Tensor"/> that need it in the processor's memory.</summary>
    private static readonly string[] Readers = ["data", "item", "get_bytes", "set_bytes", "ToArray", "ReadCpuSingle"];

    /// <summary>
    /// True of a call that makes a tensor of nothing but numbers and shapes, on a device that its caller leaves open.
    /// </summary>
    public static bool LeavesDeviceOpen(Instruction call)
    {
        if (call.Operand is not MethodReference method || !MakesTensor(method))
            return false;
        for (var i = 0; i < method.Parameters.Count; i++)
        {
            if (method.Parameters[i].ParameterType.FullName == Device)
                return Pushed(call, method.Parameters.Count - 1 - i)?.OpCode == OpCodes.Ldnull;
        }
        return true; // no parameter to say it by
    }

    /// <summary>True of a call that reads or writes a tensor's memory from C#.</summary>
    public static bool ReadsMemory(Instruction call) =>
        call.Operand is MethodReference method
        && method.DeclaringType.FullName == Tensor
        && Readers.Contains(method.Name);

    /// <summary>True of an instruction that names the processor as a device.</summary>
    public static bool NamesProcessor(Instruction i) =>
        i.OpCode == OpCodes.Ldsfld && ((FieldReference)i.Operand).FullName == $"{Device} {Torch}::CPU";

    /// <summary>
    /// A static method of torch, or an extension, that gives a tensor and takes none from which it could have the
    /// device.
    /// </summary>
    private static bool MakesTensor(MethodReference method)
    {
        var declaring = method.DeclaringType.FullName;
        // of the processor's generator
        if (method.HasThis || method.ReturnType.FullName != Tensor || method.Name == "get_rng_state")
            return false;
        var isFactory =
            declaring == Torch
            || declaring == "TorchSharp.TensorExtensionMethods"
            || (declaring == Tensor && method.Name == "op_Implicit");
        return isFactory
            && !method.Parameters.Any(p => p.ParameterType.FullName.Contains(Tensor, StringComparison.Ordinal));
    }

    /// <summary>
    /// The instruction that pushes an argument, counted from the last one (0). Arguments after the device are constants
    /// and defaults, so that walking back over what each takes from the stack finds the end of the one that is asked
    /// for.
    /// </summary>
    private static Instruction? Pushed(Instruction call, int fromLast)
    {
        var at = call.Previous;
        for (; fromLast > 0 && at is not null; fromLast--)
            at = BeforeValue(at);
        return at;
    }

    /// <summary>
    /// The instruction before those that make the value which <paramref name="at"/> leaves on the stack.
    /// </summary>
    private static Instruction? BeforeValue(Instruction? at)
    {
        var wanted = 1;
        for (; at is not null && wanted > 0; at = at.Previous)
            wanted += Taken(at) - Given(at);
        return at;
    }

    private static int Given(Instruction i) => i.OpCode.StackBehaviourPush switch
    {
        StackBehaviour.Push0 => 0,
        StackBehaviour.Push1_push1 => 2,
        StackBehaviour.Varpush => i.Operand is MethodReference m && m.ReturnType.FullName == "System.Void" ? 0 : 1,
        _ => 1,
    };

    private static int Taken(Instruction i) =>
        i.OpCode.StackBehaviourPop switch
        {
            StackBehaviour.Pop0 => 0,
            StackBehaviour.Pop1 or StackBehaviour.Popi or StackBehaviour.Popref => 1,
            StackBehaviour.Varpop => i.Operand is MethodReference m
                ? m.Parameters.Count + (m.HasThis && i.OpCode != OpCodes.Newobj ? 1 : 0)
                : 0,
            StackBehaviour.Popi_popi_popi
            or StackBehaviour.Popref_popi_popi
            or StackBehaviour.Popref_popi_popi8
            or StackBehaviour.Popref_popi_popr4
            or StackBehaviour.Popref_popi_popr8
            or StackBehaviour.Popref_popi_popref => 3,
            _ => 2,
        };
}
