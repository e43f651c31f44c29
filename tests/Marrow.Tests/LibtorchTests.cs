using Marrow.Native;
using TorchSharp;

namespace Marrow.Tests;

public class LibtorchTests
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
        Assert.All(Enumerable.Range(0, original.Length).Where(i => original[i] != mended[i]), i => Assert.InRange(i, field, field + 1));
        Assert.Equal(0, BitConverter.ToUInt16(original, field));
        Assert.Equal(2, BitConverter.ToUInt16(mended, field));
    }

    [Fact]
    public void A_file_that_is_no_library_is_refused() =>
        Assert.Throws<InvalidDataException>(() => LibtorchLoader.Mend(new byte[100]));
}
