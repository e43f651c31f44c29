using Marrow.Training.Runs;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Marrow.Tests;

/// <summary>
/// Held against the compiled code: every tensor is made on a device that is named, and read on the processor alone.
/// </summary>
public class DeviceArchitectureTests
{
    /// <summary>
    /// They make tensors in the processor's memory themselves and fill them, or read files into them.
    /// </summary>
    private static readonly string[] OwnMemory =
    [
        "Marrow.Computing.HostValues", // the one way for everything else
        "Marrow.Inputs.MaskPack", // a new tensor is filled with masks
        "Marrow.Inputs.Preprocessor", // a new tensor is filled with images
        "Marrow.Weights.WeightFile", // files of weights are read into new tensors,
        "Marrow.Weights.Safetensors", // and written from copies that were brought to the processor
        "Marrow.Weights.Onnx.OnnxWeights", // numbers of 16 bits are unpacked into new tensors
        "Marrow.Weights.TensorDigest", // as above
        "Marrow.Exchange.PyTorchWriter", // as above
        "Marrow.Exchange.ExportedWeights", // as above, and fills what it makes there from a file's notes
        "Marrow.Checkpoints.Transfer.WarmStart", // asks for the device first
        "Marrow.Checkpoints.Transfer.CheckpointDiff", // reads files of weights, or copies brought to the processor
        "Marrow.Training.Loop.RunState", // hashes copies that were brought to the processor
        "Marrow.Training.Methods.CollapseWatch", // keeps plain numbers in a tensor, so that the run's state holds them
        "Marrow.Training.Ranking.FeatureCache", // features were brought to the processor when they were computed
    ];

    /// <summary>What is made on the processor by name; everything else is made where the work is.</summary>
    private static readonly string[] OnProcessor =
    [
        "Marrow.Checkpoints.GoldenSample", // is computed there, to be the same everywhere
        "Marrow.Computing.Compute", // brings models back
        "Marrow.Computing.Cpu.BlockMaps", // kernels for the processor alone
        "Marrow.Computing.Cpu.ChannelAffine",
        "Marrow.Computing.Cpu.FusedNorm",
        "Marrow.Exchange.ExportedWeights", // the numbers in a file's notes become tensors there
        "Marrow.Exchange.Importer", // files are converted there
        "Marrow.Exchange.ImportSource",
        // batches are made there by the loader's threads, and brought to the device as a whole
        "Marrow.Inputs.MaskPack",
        "Marrow.Inputs.Preprocessor",
        "Marrow.Tasks.Cobb.CobbOnnx", // graphs are made there, of models that were brought back
        "Marrow.Tasks.Points.PointsOnnx",
        "Marrow.Tasks.RetinaNetOnnx",
        // a model's buffers are made with its weights, before it is brought to its device
        "Marrow.Tasks.Numbers.NumberRegressor",
        "Marrow.Tasks.Pretrain.PretrainTask", // draws from the processor's generator, whose state is part of a run's
        "Marrow.Tasks.Strip.StripNet", // as the regressor's
        "Marrow.Training.Methods.CollapseWatch", // plain numbers
        "Marrow.Training.Ranking.Algebra", // scores are computed there, from features that were brought there
        "Marrow.Training.Ranking.Logistic",
        "Marrow.Weights.Onnx.OnnxWeights", // files are read there
        "Marrow.Weights.PyTorch.PyTorchWeights",
        "Marrow.Weights.Safetensors",
        "Marrow.Computing.LibtorchCheck", // tries the processor's own convolution
    ];

    [Fact]
    public void Only_what_has_a_reason_makes_tensors_on_the_processor_by_name() =>
        Assert.Equal(
            OnProcessor.Order(),
            Instructions
                .Value.Where(i => CompiledDevices.NamesProcessor(i.Call))
                .Select(i => Outermost(i.Method).FullName)
                .Distinct()
                .Order());

    [Fact]
    public void Every_tensor_that_is_made_says_on_which_device() =>
        Assert.Empty(Instructions.Value.Where(c => CompiledDevices.LeavesDeviceOpen(c.Call)).Select(Describe));

    [Fact]
    public void Only_what_made_a_tensor_in_the_processors_memory_reads_it_there()
    {
        var readers = Instructions.Value.Where(c => CompiledDevices.ReadsMemory(c.Call)).ToList();
        Assert.Empty(readers.Where(c => !OwnMemory.Contains(Outermost(c.Method).FullName)).Select(Describe));
        // none is named in vain
        Assert.Equal(OwnMemory.Order(), readers.Select(c => Outermost(c.Method).FullName).Distinct().Order());
    }

    /// <summary>So that the two rules above are not empty because they see nothing.</summary>
    [Fact]
    public void The_rules_see_a_call_that_leaves_the_device_open_and_one_that_says_it()
    {
        var calls = InstructionsOf(ModuleDefinition.ReadModule(typeof(DeviceArchitectureTests).Assembly.Location))
            .Where(c => c.Method.DeclaringType.Name == nameof(Examples)).ToList();
        Assert.Equal(
            [nameof(Examples.Implicit), nameof(Examples.Open), nameof(Examples.OpenWithGradients)],
            calls.Where(c => CompiledDevices.LeavesDeviceOpen(c.Call)).Select(c => c.Method.Name).Distinct().Order());
        Assert.Equal(
            [nameof(Examples.Read)],
            calls.Where(c => CompiledDevices.ReadsMemory(c.Call)).Select(c => c.Method.Name).Distinct());
    }

    private static class Examples
    {
        public static TorchSharp.torch.Tensor Open() => TorchSharp.torch.zeros(2, 3);
        public static TorchSharp.torch.Tensor OpenWithGradients(bool learns) =>
            TorchSharp.torch.tensor([1f], requires_grad: learns);
        public static TorchSharp.torch.Tensor Implicit() => 1f;
        public static TorchSharp.torch.Tensor Said(TorchSharp.torch.Tensor like, bool learns) =>
            TorchSharp.torch.tensor([1f], [1], device: like.device, requires_grad: learns);
        public static TorchSharp.torch.Tensor OnCpu() => TorchSharp.torch.ones(2, 3, device: TorchSharp.torch.CPU);
        public static TorchSharp.torch.Tensor Like(TorchSharp.torch.Tensor x) => TorchSharp.torch.zeros_like(x);
        public static float Read(TorchSharp.torch.Tensor x) => x.item<float>();
    }

    private static readonly Lazy<IReadOnlyList<(MethodDefinition Method, Instruction Call)>> Instructions = new(() =>
    [
        .. ((Type[])[typeof(MarrowException), typeof(Runner), typeof(Marrow.Cli.CommandLine)])
            .SelectMany(type => InstructionsOf(ModuleDefinition.ReadModule(type.Assembly.Location))),
    ]);

    private static IEnumerable<(MethodDefinition Method, Instruction Call)> InstructionsOf(ModuleDefinition module) =>
        from type in module.GetAllTypes()
        from method in type.Methods
        where method.HasBody
        from instruction in method.Body.Instructions
        select (method, instruction);

    private static TypeDefinition Outermost(MethodDefinition method)
    {
        var type = method.DeclaringType;
        while (type.DeclaringType is not null)
            type = type.DeclaringType;
        return type;
    }

    private static string Describe((MethodDefinition Method, Instruction Call) call) =>
        $"{call.Method.FullName} calls {call.Call.Operand}";
}
