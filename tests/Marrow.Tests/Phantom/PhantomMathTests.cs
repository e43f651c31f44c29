using CsCheck;
using Marrow.Imaging;
using Marrow.Phantoms;

namespace Marrow.Tests.Phantom;

public class PhantomMathTests
{
    [Fact]
    public void Exp_agrees_with_the_system() => Gen.Double[-50, 50].Sample(x =>
        Assert.Equal(1, PhantomMath.Exp(x) / Math.Exp(x), 1e-10));

    [Fact]
    public void Log_agrees_with_the_system() => Gen.Double[1e-9, 1e9].Sample(x =>
        Assert.Equal(Math.Log(x), PhantomMath.Log(x), 1e-9));

    [Fact]
    public void Sine_and_cosine_agree_with_the_system() => Gen.Double[-13, 13].Sample(x =>
    {
        var (sin, cos) = PhantomMath.SinCos(x);
        Assert.Equal(Math.Sin(x), sin, 1e-9);
        Assert.Equal(Math.Cos(x), cos, 1e-9);
    });

    [Fact]
    public void The_normal_numbers_have_mean_0_deviation_1_and_few_outliers()
    {
        var random = new SeededRandom(3);
        var values = Enumerable.Range(0, 100_000).Select(_ => PhantomMath.Normal(random)).ToArray();
        Assert.Equal(0, values.Average(), 0.02);
        Assert.Equal(1, Math.Sqrt(values.Average(v => v * v)), 0.02);
        Assert.InRange(values.Count(v => Math.Abs(v) > 1.96) / 100_000.0, 0.04, 0.06);
    }
}
