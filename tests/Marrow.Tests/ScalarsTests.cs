using Marrow.Native;
using Mono.Cecil;
using static TorchSharp.torch;

namespace Marrow.Tests;

public class ScalarsTests
{
    [Fact]
    public void A_number_lives_until_libtorch_has_read_it_however_often_garbage_is_collected()
    {
        // TorchSharp's own "x * 0.5" fails here after some thousand products.
        const int collections = 400;
        var done = 0;
        var collector = new Thread(() =>
        {
            while (Volatile.Read(ref done) < collections)
            {
                GC.Collect(0);
                Interlocked.Increment(ref done);
                Thread.Yield();
            }
        });
        collector.Start();
        using var x = ones(4);
        while (Volatile.Read(ref done) < collections)
        {
            using var scope = NewDisposeScope();
            var y = (x * Scalars.Of(0.5)).Plus(x).Plus(0.25);
            Assert.Equal(1.75f, y[0].item<float>());
        }
        collector.Join();
    }

    [Fact]
    public void Nothing_of_TorchSharp_that_makes_scalars_by_itself_is_called()
    {
        using var torchSharp = ModuleDefinition.ReadModule(typeof(TorchSharp.torch).Assembly.Location);
        using var marrow = ModuleDefinition.ReadModule(typeof(MarrowException).Assembly.Location);
        var methods = Methods(torchSharp).ToList();
        var makers = methods.Where(m => Calls(m).Any(c => c.DeclaringType.FullName == "TorchSharp.Scalar" && c.Name == "op_Implicit")).Select(m => m.FullName).ToHashSet();
        while (methods.Where(m => !makers.Contains(m.FullName) && Calls(m).Any(c => makers.Contains(c.FullName))).ToList() is { Count: > 0 } more)
            makers.UnionWith(more.Select(m => m.FullName));
        Assert.Contains(makers, name => name.Contains("op_Addition(TorchSharp.torch/Tensor,TorchSharp.torch/Tensor)", StringComparison.Ordinal));
        Assert.Empty(Methods(marrow).SelectMany(m => Calls(m).Where(c => makers.Contains(c.FullName)).Select(c => $"{m.FullName} calls {c.FullName}")));

        static IEnumerable<MethodDefinition> Methods(ModuleDefinition module) => module.GetTypes().SelectMany(t => t.Methods).Where(m => m.HasBody);
        static IEnumerable<MethodReference> Calls(MethodDefinition method) => method.Body.Instructions.Select(i => i.Operand).OfType<MethodReference>();
    }

    [Fact]
    public void Whole_numbers_keep_whole_tensors_whole()
    {
        using var scope = NewDisposeScope();
        var counts = zeros(1, int64);
        counts.add_(Scalars.Of(1L), Scalars.Of(1L));
        Assert.Equal(1, counts.item<long>());
        Assert.Equal(0.5f, (ones(1) * Scalars.Of(0.5)).item<float>());
    }
}
