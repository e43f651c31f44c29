using TorchSharp;

namespace Marrow.Computing;

/// <summary>
/// Mixed precision on the processor or a CUDA device: inside a region, convolutions and matrix products compute in
/// bfloat16 while weights stay float32 (libtorch's autocast, which TorchSharp does not wrap). The state belongs to the
/// thread; leave the region before the backward pass, which repeats each operation's own precision.
/// </summary>
internal static unsafe class Autocast
{
    private const sbyte BFloat16 = 15; // c10::ScalarType

    private static readonly delegate* unmanaged<sbyte, byte, void> SetEnabled = (delegate* unmanaged<sbyte, byte, void>)
        LibtorchExports.Find("_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb");

    private static readonly delegate* unmanaged<sbyte, sbyte, void> SetType = (delegate* unmanaged<sbyte, sbyte, void>)
        LibtorchExports.Find("_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE");

    private static readonly delegate* unmanaged<void> ClearCache =
        (delegate* unmanaged<void>)LibtorchExports.Find("_ZN2at8autocast11clear_cacheEv");

    private static readonly delegate* unmanaged<int> IncrementNesting =
        (delegate* unmanaged<int>)LibtorchExports.Find("_ZN2at8autocast17increment_nestingEv");

    private static readonly delegate* unmanaged<int> DecrementNesting =
        (delegate* unmanaged<int>)LibtorchExports.Find("_ZN2at8autocast17decrement_nestingEv");

    /// <summary>False where this libtorch's symbols are not found; everything then computes in float32.</summary>
    public static bool IsAvailable =>
        SetEnabled != null
        && SetType != null
        && ClearCache != null
        && IncrementNesting != null
        && DecrementNesting != null;

    /// <summary>Starts a region that ends with Dispose, on the same thread.</summary>
    /// <param name="device">
    /// Whose operations compute in bfloat16; libtorch has autocast for the processor and for CUDA.
    /// </param>
    public static Region Enter(bool enabled, DeviceType device = DeviceType.CPU) =>
        new(enabled && IsAvailable && device is (DeviceType.CPU or DeviceType.CUDA), device);

    internal readonly ref struct Region
    {
        private readonly bool _enabled;
        private readonly sbyte _device; // c10::DeviceType, whose numbers TorchSharp's are

        internal Region(bool enabled, DeviceType device)
        {
            (_enabled, _device) = (enabled, (sbyte)device);
            if (!enabled)
                return;
            SetType(_device, BFloat16);
            SetEnabled(_device, 1);
            IncrementNesting();
        }

        public void Dispose()
        {
            if (!_enabled)
                return;
            if (DecrementNesting() == 0)
                ClearCache(); // The cached bfloat16 weights are those before the optimizer's step.
            SetEnabled(_device, 0);
        }
    }
}
