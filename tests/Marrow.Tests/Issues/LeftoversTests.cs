using System.Diagnostics;

namespace Marrow.Tests.Issues;

/// <summary>What a kill left behind, as large as a run's state, once stayed for ever.</summary>
public sealed class LeftoversTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _out;

    public LeftoversTests() => _out = Directory.CreateDirectory(_folder["out"]).FullName;

    public void Dispose() => _folder.Dispose();

    /// <summary>The number of a process that has ended.</summary>
    private static int Dead()
    {
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", "--version") { RedirectStandardOutput = true }
        )!;
        process.WaitForExit();
        return process.Id;
    }

    private string Make(string name, bool old = false)
    {
        var path = Path.Combine(_out, name);
        File.WriteAllText(path, "half");
        if (old)
            File.SetLastWriteTimeUtc(path, FakeHub.LongAgo);
        return path;
    }

    private static string NameOf(int process) =>
        Leftovers.NewName().Replace($"-{Environment.ProcessId}-", $"-{process}-", StringComparison.Ordinal);

    private static string Elsewhere(string name) => $".marrow-00000000-{name.Split('-', 3)[2]}";

    [Fact]
    public void Those_of_dead_writers_go_and_those_of_living_and_foreign_ones_stay()
    {
        var dead = NameOf(Dead());
        string[] gone =
        [
            Make(dead),
            Make(Elsewhere(NameOf(7)), old: true),
            Make(NameOf(Environment.ProcessId + 1_000_000), old: true),
        ];
        string[] kept =
        [
            Make(Leftovers.NewName()), // this very process, at work
            Make(NameOf(Process.GetProcessById(1) is { } first ? first.Id : 1)),
            Make(Elsewhere(NameOf(7))), // another machine, a moment ago
            Make("thesis.tmp", old: true),
            Make(".marrow.tmp", old: true),
            Make($"{dead}.bak", old: true),
            Make($"x{dead}", old: true),
            Make("report.2024.12.tmp", old: true),
        ];
        AtomicFile.WriteText(Path.Combine(_out, "state"), "whole");
        Assert.DoesNotContain(gone, File.Exists);
        Assert.All(kept, path => Assert.True(File.Exists(path), path));
    }

    [Fact]
    public void Earlier_versions_leftovers_of_the_file_that_is_written_go_after_a_day()
    {
        string[] gone = [Make("state.safetensors.4711.12.tmp", old: true)];
        string[] kept = [Make("state.safetensors.4712.12.tmp"), Make("other.safetensors.4711.12.tmp", old: true)];
        AtomicFile.WriteText(Path.Combine(_out, "state.safetensors"), "whole");
        Assert.DoesNotContain(gone, File.Exists);
        Assert.All(kept, path => Assert.True(File.Exists(path), path));
    }

    [Fact]
    public void A_link_with_our_name_is_left_alone_and_a_folder_goes_whole()
    {
        var target = Path.Combine(Directory.CreateDirectory(_folder["home"]).FullName, "thesis.tex");
        File.WriteAllText(target, "three years");
        var process = Dead();
        var link = Path.Combine(_out, NameOf(process));
        Directory.CreateSymbolicLink(link, _folder["home"]);
        var folder = Directory.CreateDirectory(Path.Combine(_out, NameOf(process))).FullName;
        Directory.CreateSymbolicLink(Path.Combine(folder, "inner"), _folder["home"]);
        Leftovers.Sweep(_out);
        Assert.True(Path.Exists(link));
        Assert.False(Path.Exists(folder));
        Assert.Equal("three years", File.ReadAllText(target));
    }

    [Fact]
    public void What_a_killed_process_was_bringing_into_a_hub_goes_with_the_next_addition()
    {
        var incoming = Path.Combine(_folder["hub"], ".incoming");
        var half = Directory.CreateDirectory(Path.Combine(incoming, NameOf(Dead()))).FullName;
        var foreign = Directory.CreateDirectory(Path.Combine(incoming, "mine.tmp")).FullName;
        File.WriteAllText(Path.Combine(half, "model.safetensors"), "half");
        var hub = new Marrow.Hub.LocalHub(_folder["hub"]);
        var staged = hub.CreateStagingFolder();
        Assert.True(Directory.Exists(staged));
        Assert.False(Directory.Exists(half));
        Assert.True(Directory.Exists(foreign));
    }

    [Fact]
    public void Names_are_short_random_and_never_met_twice()
    {
        var names = Enumerable.Range(0, 1000).Select(_ => Leftovers.NewName()).ToList();
        Assert.Equal(1000, names.Distinct().Count());
        Assert.All(names, name => Assert.True(name.Length <= 50 && Leftovers.IsOne(name), name));
        var longest = Path.Combine(_out, new string('x', 250));
        AtomicFile.WriteText(longest, "whole");
        Assert.Equal("whole", File.ReadAllText(longest));
    }

    [Fact]
    public void Two_that_write_one_file_at_once_each_write_it_whole()
    {
        var path = Path.Combine(_out, "shared");
        Parallel.For(0, 40, i => AtomicFile.WriteText(path, new string((char)('a' + i % 26), 10_000)));
        Assert.Single(File.ReadAllText(path).Distinct());
        Assert.Equal([path], Directory.GetFileSystemEntries(_out));
    }

    [Fact]
    public void A_link_at_the_files_own_place_is_replaced_and_not_written_through()
    {
        var target = Make("precious");
        var link = Path.Combine(_out, "link");
        File.CreateSymbolicLink(link, target);
        AtomicFile.WriteText(link, "new");
        Assert.Equal(("half", "new"), (File.ReadAllText(target), File.ReadAllText(link)));
        Assert.Null(new FileInfo(link).LinkTarget);
    }
}
