using Marrow.Native;
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
            var y = (x * Scalars.Of(0.5)).Plus(x);
            Assert.Equal(1.5f, y[0].item<float>());
        }
        collector.Join();
    }

    [Fact]
    public void Whole_numbers_keep_whole_tensors_whole()
    {
        using var scope = NewDisposeScope();
        var counts = zeros(1, int64);
        counts.add_(Scalars.Of(1L));
        Assert.Equal(1, counts.item<long>());
        Assert.Equal(0.5f, (ones(1) * Scalars.Of(0.5)).item<float>());
    }
}
