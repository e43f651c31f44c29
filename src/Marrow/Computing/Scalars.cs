using TorchSharp;
using static TorchSharp.torch;

namespace Marrow.Computing;

/// <summary>
/// Numbers for tensor arithmetic that live until libtorch has read them. TorchSharp makes a native scalar of each
/// number, hands over its address, and holds nothing while the call runs: a garbage collection just then frees it, and
/// libtorch throws, or computes with whatever lies there. So the last ones of each thread are held here, and the ways
/// to make one unseen, "tensor * 0.5" and even "a + b" (its alpha), are banned.
/// </summary>
internal static class Scalars
{
    private const int Held = 64; // one is read within its own call, and a call takes three at most

    [ThreadStatic]
    private static Scalar[]? _held;

    [ThreadStatic]
    private static int _next;

    public static Scalar Of(double value) => Hold(value.ToScalar());

    /// <summary>The scalar for tensors of integers.</summary>
    public static Scalar Of(long value) => Hold(value.ToScalar());

    /// <summary>The sum of both, a + b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, Of(1.0));

    /// <summary>The sum of both, a + b.</summary>
    public static Tensor Plus(this Tensor a, double b) => a.add(Of(b), Of(1.0));

    /// <summary>Adds b to a in place.</summary>
    public static Tensor Increase(this Tensor a, double b) => a.add_(Of(b), Of(1.0));

    private static Scalar Hold(Scalar scalar)
    {
        _next = (_next + 1) % Held;
        return (_held ??= new Scalar[Held])[_next] = scalar;
    }
}
