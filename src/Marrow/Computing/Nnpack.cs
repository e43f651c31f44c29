namespace Marrow.Computing;

/// <summary>
/// Switches NNPACK off in libtorch. It would take small float32 convolutions where one thread computes, and where it
/// does not know the processor's caches (virtual machines) it says so at each of them, thousands of lines on standard
/// error, and leaves them to libtorch's own code all the same. Without it they are libtorch's own everywhere.
/// </summary>
internal static unsafe class Nnpack
{
    private static readonly Lazy<bool> Off = new(() =>
    {
        // at::globalContext().setUserEnabledNNPACK(false)
        var context = (delegate* unmanaged<nint>)LibtorchExports.Find("_ZN2at13globalContextEv");
        var set = (delegate* unmanaged<nint, byte, void>)LibtorchExports.Find("_ZN2at7Context20setUserEnabledNNPACKEb");
        if (context == null || set == null)
            return false;
        set(context(), 0);
        return true;
    });

    /// <summary>To be called before the first convolution; false where this libtorch's symbols are not found.</summary>
    public static bool SwitchOff() => Off.Value;
}
