using Marrow.Computing;
using Marrow.Tasks;
using Mono.Cecil;
using TorchSharp.Modules;
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
        using var marrow = ModuleDefinition.ReadModule(typeof(MarrowException).Assembly.Location);
        var makers = MakersOfScalars.Value;
        Assert.Contains(makers, name =>
            name.Contains("op_Addition(TorchSharp.torch/Tensor,TorchSharp.torch/Tensor)", StringComparison.Ordinal));
        Assert.Empty(
            Methods(marrow)
                .Where(m => m.DeclaringType.FullName != typeof(Scalars).FullName)
                .SelectMany(m =>
                    Calls(m).Where(c => makers.Contains(c.FullName)).Select(c => $"{m.FullName} calls {c.FullName}")));
    }

    [Fact]
    public void No_model_has_a_module_whose_forward_makes_scalars_by_itself_but_batch_norm()
    {
        // A call of a module's forward names the base class, so that the calls do not tell; batch norm's own is banned
        // by name.
        var makers = MakersOfScalars
            .Value.Where(name => name.Contains("::forward(", StringComparison.Ordinal))
            .ToList();
        // Each kind of model on the smallest backbone, and each backbone: the largest are of the same modules.
        var kinds = ModelCatalogue.Names.Where(name => name.EndsWith("densenet-mini", StringComparison.Ordinal));
        var modules = kinds.Union(Marrow.Backbones.BackboneCatalogue.Names).SelectMany(name =>
        {
            using var model = ModelCatalogue.Create(new() { Architecture = name, Outputs = 2 });
            return model.modules().Select(m => m.GetType()).ToList();
        }).ToHashSet();
        Assert.Contains(typeof(Conv2d), modules);
        Assert.Equal(
            [typeof(BatchNorm2d)],
            modules.Where(m =>
                Ancestors(m)
                    .Any(a => makers.Exists(name => name.Contains($" {a.FullName}::", StringComparison.Ordinal)))));

        static IEnumerable<Type> Ancestors(Type? type)
        {
            for (; type is not null; type = type.BaseType)
                yield return type;
        }
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

    /// <summary>
    /// TorchSharp's methods that make a scalar of a number, or take one from a tensor, or call one that does.
    /// </summary>
    private static readonly Lazy<HashSet<string>> MakersOfScalars = new(() =>
    {
        using var torchSharp = ModuleDefinition.ReadModule(typeof(TorchSharp.torch).Assembly.Location);
        var methods = Methods(torchSharp).Select(m => (m.FullName, Calls: Calls(m).ToList()))
            .Select(m => (m.FullName, m.Calls, Called: m.Calls.Select(c => c.FullName).ToHashSet())).ToList();
        var makers = methods
            .Where(m =>
                m.Calls.Exists(c =>
                    c.DeclaringType.FullName == "TorchSharp.Scalar" && c.Name is "op_Implicit" or ".ctor"
                    || c.Name == "ToScalar"))
            .Select(m => m.FullName).ToHashSet();
        while (
            methods.Where(m => !makers.Contains(m.FullName) && m.Called.Overlaps(makers)).ToList()
                is { Count: > 0 } more)
            makers.UnionWith(more.Select(m => m.FullName));
        return makers;
    });

    private static IEnumerable<MethodDefinition> Methods(ModuleDefinition module) =>
        module.GetTypes().SelectMany(t => t.Methods).Where(m => m.HasBody);

    private static IEnumerable<MethodReference> Calls(MethodDefinition method) =>
        method.Body.Instructions.Select(i => i.Operand).OfType<MethodReference>();
}
