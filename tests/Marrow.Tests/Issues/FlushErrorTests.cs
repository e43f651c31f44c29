using Marrow.Hub;

namespace Marrow.Tests.Issues;

/// <summary>
/// An error of fsync was once dropped: the last good file was replaced by one that the disk never took.
/// </summary>
public sealed class FlushErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FlushErrorTests() => Directory.CreateDirectory(_folder["out"]);

    public void Dispose()
    {
        Disk.FlushFault.Value = null;
        _folder.Dispose();
    }

    private string State => Path.Combine(_folder["out"], "state");

    public static TheoryData<int, string, string> Errors => new()
    {
        { Posix.InputOutput, "EIO", "another disk" },
        { Posix.NoSpace, "ENOSPC", "free disk space" },
        { Posix.OverQuota, "EDQUOT", "quota" },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void The_earlier_file_stays_and_the_error_names_file_and_remedy(int error, string name, string remedy)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows tells the errors itself.");
        AtomicFile.WriteText(State, "good");
        Disk.FlushFault.Value = path => path.EndsWith(".tmp", StringComparison.Ordinal) ? error : 0;
        var message = Assert.Throws<MarrowException>(() => AtomicFile.WriteText(State, "better")).Message;
        Assert.StartsWith($"{State}: can't be written", message);
        Assert.All(new[] { name, remedy }, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.DoesNotContain(".marrow-", message, StringComparison.Ordinal);
        Assert.Equal("good", File.ReadAllText(State));
        Assert.Equal([State], Directory.GetFileSystemEntries(_folder["out"]));
    }

    [Fact]
    public void A_folder_that_is_not_flushed_after_the_rename_is_an_error_too()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows tells the errors itself.");
        Disk.FlushFault.Value = path => path == _folder["out"] ? Posix.InputOutput : 0;
        var message = Assert.Throws<MarrowException>(() => AtomicFile.WriteText(State, "new")).Message;
        Assert.Contains("power cut", message, StringComparison.Ordinal);
        Assert.Contains("EIO", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_system_that_knows_no_fsync_is_written_to()
    {
        Disk.FlushFault.Value = _ => Posix.Invalid;
        AtomicFile.WriteText(State, "new");
        Assert.Equal("new", File.ReadAllText(State));
    }

    [Fact]
    public void The_order_is_file_rename_folder_and_new_folders_are_entered_above()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows writes entries with the file.");
        var seen = new List<string>();
        var path = Path.Combine(_folder["out"], "a", "b", "file");
        Disk.FlushFault.Value = flushed =>
        {
            seen.Add(
                $"{(Path.GetExtension(flushed) == ".tmp" ? "file" : Path.GetRelativePath(_folder["out"], flushed))} "
                    + $"{(File.Exists(path) ? "after" : "before")}"
            );
            return 0;
        };
        AtomicFile.WriteText(path, "x");
        Assert.Equal([". before", "a before", "file before", "a/b after"], seen);
    }

    [Fact]
    public void A_checkpoint_that_the_disk_does_not_take_is_not_in_the_hub()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows tells the errors itself.");
        var hub = new LocalHub(_folder["hub"]);
        var source = FakeHub.Folder(_folder["source"], FakeHub.Add(_folder["source"], "a.one"));
        var staged = hub.CreateStagingFolder();
        foreach (var file in Directory.GetFiles(source))
            Disk.CopyFile(file, Path.Combine(staged, Path.GetFileName(file)));
        Disk.FlushFault.Value = path => path == staged ? Posix.InputOutput : 0;
        Assert.Contains("EIO", Assert.Throws<MarrowException>(() => hub.Add(staged)).Message, StringComparison.Ordinal);
        Assert.Empty(hub.List());
        Disk.FlushFault.Value = path => Path.GetFileName(path) == "README.md" ? Posix.NoSpace : 0;
        Assert.Throws<IOException>(() =>
            Disk.CopyFile(Path.Combine(source, "README.md"), Path.Combine(_folder["out"], "README.md")));
        Disk.FlushFault.Value = null;
        hub.Add(staged);
        Assert.True(hub.Verify().IsWhole);
    }

    [Fact]
    public void Errors_of_the_system_itself_are_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "fsync is of Unix.");
        using var file = new FileStream(State, FileMode.CreateNew);
        Assert.Equal(0, Posix.Flush(file.SafeFileHandle));
        Assert.Equal(0, Posix.FlushFolder(_folder["out"], out var isOpened));
        Assert.True(isOpened);
        Assert.Equal(Posix.NoEntry, Posix.FlushFolder(_folder["absent"], out isOpened));
        Assert.False(isOpened);
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(
            pipe.SafePipeHandle.DangerousGetHandle(),
            ownsHandle: false);
        Assert.Equal(Posix.Invalid, Posix.Flush(handle));
    }
}
