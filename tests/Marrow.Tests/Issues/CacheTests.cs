using Marrow.Cli;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Inputs;

namespace Marrow.Tests.Issues;

/// <summary>
/// A cache that could not be written once ended every command with a stack trace; one that others made was trusted.
/// </summary>
public sealed class CacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _notices = [];

    public void Dispose()
    {
        UserCache.Place.Value = null;
        _folder.Dispose();
    }

    private string Root => _folder["cache/marrow"];

    private void Place(string? root, bool isNamed = false) => UserCache.Place.Value = (root, isNamed);

    private IReadOnlyList<Sample> Images()
    {
        Directory.CreateDirectory(_folder["images"]);
        return [.. Enumerable.Range(0, 3).Select(i =>
        {
            var path = Path.Combine(_folder["images"], $"{i}.png");
            if (!File.Exists(path))
                ImageWriter.WritePng8(path, 32, 32, [.. Enumerable.Range(0, 1024).Select(k => (byte)(k * (i + 1)))]);
            return new Sample(id: $"{i}", patient: $"{i}", imagePath: path);
        })];
    }

    private static UnixFileMode Mode(string folder) =>
        OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException() : File.GetUnixFileMode(folder);

    private static void SetMode(string folder, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();
        File.SetUnixFileMode(folder, mode);
    }

    private bool Pack()
    {
        using var listening = Notices.To(_notices.Add);
        using var cache = PackedCache.Open(Images(), new InputContract { Width = 32, Height = 32 });
        Assert.Equal(1024, cache.Pixels(2).Length);
        Assert.Contains((byte)255, cache.Pixels(2).ToArray());
        return cache.WasBuilt;
    }

    private string TheNotice(params string[] parts)
    {
        var notice = Assert.Single(_notices);
        Assert.All(parts.Append(UserCache.Variable), part => Assert.Contains(part, notice, StringComparison.Ordinal));
        return notice;
    }

    [Fact]
    public void Folders_are_made_for_this_user_alone_when_something_is_kept()
    {
        Place(Root);
        Assert.Null(UserCache.Existing(UserCache.Packed));
        Assert.False(Directory.Exists(_folder["cache"]));
        Assert.True(Pack());
        Assert.False(Pack());
        Assert.Empty(_notices);
        if (!OperatingSystem.IsWindows())
        {
            Assert.All(new[] { Root, Path.Combine(Root, "packed") }, folder =>
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, Mode(folder)));
        }
    }

    [Fact]
    public void What_earlier_versions_left_half_packed_goes_after_a_day()
    {
        Place(Root);
        Directory.CreateDirectory(Path.Combine(Root, "packed"));
        var digits = new string('a', 32);
        string Make(string name, bool old)
        {
            var path = Path.Combine(Root, "packed", name);
            File.WriteAllText(path, "half");
            if (old)
                File.SetLastWriteTimeUtc(path, FakeHub.LongAgo);
            return path;
        }
        string[] kept =
        [
            Make($"{digits}.packed.11.2.tmp", old: false),
            Make("mine.11.2.tmp", old: true),
            Make($"{digits}.packed", old: true),
        ];
        var gone = Make($"{digits}.packed.12.2.tmp", old: true);
        Pack();
        Assert.False(File.Exists(gone));
        Assert.All(kept, path => Assert.True(File.Exists(path), path));
    }

    [Fact]
    public void Without_a_home_images_are_packed_elsewhere_with_one_notice()
    {
        Place(null);
        Assert.True(Pack());
        Assert.True(Pack());
        Assert.Equal(2, _notices.Count); // one a command
        Assert.Contains("no home folder", _notices[0], StringComparison.Ordinal);
        Assert.All(UserCache.Describe(), folder =>
            Assert.Contains("no home folder", folder.Problem!, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_in_the_caches_place_is_told_and_gone_around()
    {
        File.WriteAllText(_folder["cache"], "");
        Place(Root);
        Assert.True(Pack());
        TheNotice(Root, "temporary folder");
        using (Notices.To(_notices.Add))
            Assert.Contains(
                "--cache",
                Assert.Throws<MarrowException>(() => UserCache.Require(UserCache.FineTune, "--cache")).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_in_the_caches_place_is_not_followed()
    {
        Directory.CreateDirectory(_folder["home"]);
        Directory.CreateDirectory(_folder["cache"]);
        Directory.CreateSymbolicLink(Root, _folder["home"]);
        Place(Root);
        Assert.Null(UserCache.Existing(UserCache.Packed));
        Assert.True(Pack());
        TheNotice("is a link");
        Assert.Empty(Directory.GetFileSystemEntries(_folder["home"]));
        File.Delete(Root);
        Directory.CreateDirectory(Root);
        Directory.CreateSymbolicLink(Path.Combine(Root, "packed"), _folder["home"]);
        Assert.True(Pack());
        Assert.Contains(UserCache.Describe(), folder => folder is { Name: "packed", Problem: not null });
        Assert.Empty(Directory.GetFileSystemEntries(_folder["home"]));
    }

    [Fact]
    public void A_folder_that_others_could_enter_is_closed_and_one_of_another_user_is_not_used()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Modes are of Unix.");
        var open =
            UnixFileMode.UserRead
            | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead
            | UnixFileMode.GroupWrite
            | UnixFileMode.GroupExecute;
        Directory.CreateDirectory(_folder["cache"]);
        Directory.CreateDirectory(Root);
        SetMode(Root, open);
        Place(Root);
        Assert.True(Pack());
        Assert.Empty(_notices);
        Assert.Equal(
            open & ~(UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute),
            Mode(Root));
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can give a folder away.");
        using (var chown = System.Diagnostics.Process.Start("chown", ["65534", Root]))
            chown.WaitForExit();
        Assert.True(Pack());
        TheNotice("belongs to another user");
        using (var chown = System.Diagnostics.Process.Start("chown", ["0", Root]))
            chown.WaitForExit();
        using (
            var chown = System.Diagnostics.Process.Start(
                "chown",
                ["65534", Directory.GetFiles(Path.Combine(Root, "packed")).Single()]))
            chown.WaitForExit();
        Assert.True(Pack()); // A file that another user left is made anew.
        Assert.False(Pack());
    }

    [Fact]
    public void A_place_in_which_anybody_may_rename_is_not_used_unless_the_user_names_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Modes are of Unix.");
        Directory.CreateDirectory(_folder["cache"]);
        SetMode(_folder["cache"], (UnixFileMode)0x1FF);
        Place(Root);
        Assert.True(Pack());
        TheNotice("anybody may rename");
        Place(_folder["cache"], isNamed: true);
        Assert.True(Pack());
        Assert.False(Pack());
        Assert.Single(_notices);
    }

    [Fact]
    public void A_large_hub_is_listed_without_an_index_and_with_a_notice()
    {
        for (var i = 0; i < 100; i++)
            FakeHub.Add(_folder["hub"], "a.one", i);
        File.WriteAllText(_folder["cache"], "");
        Place(Root);
        using (Notices.To(_notices.Add))
        {
            Assert.Equal(100, new LocalHub(_folder["hub"]).List().Count);
            Assert.Equal(100, new LocalHub(_folder["hub"]).List().Count);
        }
        TheNotice("hubs", "listed more slowly");
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.Equal(
            0,
            CommandLine.Run(["hub", "list", "--hub", _folder["hub"], "--json"], output, error, CancellationToken.None));
        Assert.Single(error.ToString().Split("warning: ")[1..]);
        Assert.StartsWith("{", output.ToString());
    }

    [Fact]
    public void A_native_library_is_loaded_from_memory_that_nobody_else_can_reach()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems load the original.");
        Assert.Null(LibtorchLoader.Problem);
        Assert.NotEqual(
            0,
            PrivateLibrary.LoadFromMemory("copy.so", File.ReadAllBytes(LibtorchLoader.FindLibrary("libSkiaSharp.so")!))
        );
        Assert.Equal(0, PrivateLibrary.LoadFromMemory("none.so", new byte[100]));
        Assert.Throws<DllNotFoundException>(() => PrivateLibrary.Load("none.so", new byte[100]));
        Assert.DoesNotContain(File.ReadLines("/proc/self/maps"), line =>
            line.Contains("cache/marrow/native", StringComparison.Ordinal));
    }
}
