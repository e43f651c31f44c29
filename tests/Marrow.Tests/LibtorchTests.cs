using System.Runtime.InteropServices;
using Marrow.Computing;
using Marrow.Tasks;
using TorchSharp;

namespace Marrow.Tests;

public partial class LibtorchTests
{
    [Fact]
    public void Torch_loads_and_computes()
    {
        using var x = torch.ones(3, 4);
        Assert.Equal(12f, x.sum().item<float>());
    }

    [Fact]
    public void The_mended_copy_differs_from_the_original_in_one_field_only()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The library is mended on Linux only.");
        var original = File.ReadAllBytes(LibtorchLoader.FindLibrary(LibtorchLoader.LibraryName)!);
        var mended = LibtorchLoader.Mend(original);
        var field = LibtorchLoader.FindVersionFlags(original, LibtorchLoader.WantedVersion);

        Assert.Equal(original.Length, mended.Length);
        Assert.All(Enumerable.Range(0, original.Length).Where(i => original[i] != mended[i]), i =>
            Assert.InRange(i, field, field + 1));
        Assert.Equal(0, BitConverter.ToUInt16(original, field));
        Assert.Equal(2, BitConverter.ToUInt16(mended, field));
    }

    [Fact]
    public void A_file_that_is_no_library_is_refused() =>
        Assert.Throws<InvalidDataException>(() => LibtorchLoader.Mend(new byte[100]));

    [Theory]
    [InlineData(torch.ScalarType.Float32, 200, 64, 3)]
    [InlineData(torch.ScalarType.Float32, 101, 33, 4)]
    [InlineData(torch.ScalarType.Float64, 37, 256, 29)]
    [InlineData(torch.ScalarType.Float64, 200, 1024, 1)]
    public void A_product_has_the_same_bits_wherever_its_operands_lie(
        torch.ScalarType type,
        int rows,
        int inner,
        int columns)
    {
        // As a linear layer multiplies. Without MKL_CBWR most offsets differ on an AMD processor.
        using var scope = torch.NewDisposeScope();
        var left = torch.sin(torch.arange(rows * inner, dtype: type)).reshape(rows, inner);
        var right = torch.cos(torch.arange(inner * columns, dtype: type)).reshape(columns, inner);
        var expected = left.matmul(right.t());
        for (var offset = 1; offset < 16; offset++)
            Assert.True(At(left, offset).matmul(At(right, 16 - offset).t()).Equals(expected), $"offset {offset}");

        static torch.Tensor At(torch.Tensor x, int offset) =>
            torch.zeros(x.numel() + 16, dtype: x.dtype).narrow(0, offset, x.numel()).view(x.shape).copy_(x);
    }

    [Fact]
    public void A_variable_for_native_code_keeps_the_value_that_a_user_gave_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "setenv is the C library's of Linux.");
        var name = $"MARROW_{Guid.NewGuid():N}";
        Assert.Equal(0, EqualSums.SetUnlessSet(name, "user's"));
        Assert.Equal(0, EqualSums.SetUnlessSet(name, "ours"));
        Assert.Equal("user's", Marshal.PtrToStringUTF8(GetEnvironment(name)));
    }

    [Fact]
    public unsafe void No_convolution_is_left_to_NNPACK_once_there_is_a_model()
    {
        using var model = ModelCatalogue.Create(new() { Architecture = "densenet-mini", Outputs = 1 });
        var context = (delegate* unmanaged<nint>)LibtorchExports.Find("_ZN2at13globalContextEv");
        var enabled = (delegate* unmanaged<nint, byte>)LibtorchExports.Find("_ZNK2at7Context17userEnabledNNPACKEv");
        Assert.SkipWhen(context == null || enabled == null, "This libtorch does not export them.");
        Assert.Equal(0, enabled(context()));
    }

    [Fact]
    public void The_threads_of_libtorch_sleep_soon_unless_a_user_says_how_they_wait()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64,
            "libgomp is libtorch's on Linux.");
        var own = Environment.GetEnvironmentVariable("GOMP_SPINCOUNT");
        var policy = Environment.GetEnvironmentVariable("OMP_WAIT_POLICY");
        Assert.Equal(
            own ?? (policy is null ? WaitPolicy.Count : null),
            Marshal.PtrToStringUTF8(GetEnvironment("GOMP_SPINCOUNT")));
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint GetEnvironment(string name);
}
