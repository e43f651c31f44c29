using Marrow.Computing;

namespace Marrow.Tests.Computing;

/// <summary>Files as Linux has them, below a folder of the test's own.</summary>
public sealed class ProcessorsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("marrow-proc-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("0-3,8", new[] { 0, 1, 2, 3, 8 })]
    [InlineData(" 5\n", new[] { 5 })]
    [InlineData("3-1", new int[0])]
    [InlineData("0-99999999", new int[0])]
    [InlineData("many", new int[0])]
    public void A_list_of_processors_is_read(string text, int[] expected) =>
        Assert.Equal(expected, Processors.ParseList(text));

    [Fact]
    public void The_processors_are_those_that_the_process_may_run_on()
    {
        Write("proc/self/status", "Name:\tmarrow\nCpus_allowed:\t0a\nCpus_allowed_list:\t1,3\nMems_allowed:\t1\n");
        Assert.Equal([1, 3], new Processors(_root).Allowed());
    }

    [Fact]
    public void Without_any_file_there_are_as_many_as_the_runtime_counts_and_no_quota()
    {
        Assert.Equal(Environment.ProcessorCount, new Processors(_root).Allowed().Count);
        Assert.Null(new Processors(_root).Quota());
        Assert.Equal(0, new Processors(_root).Busy([0]));
    }

    [Fact]
    public void The_quota_is_the_least_of_a_group_and_those_above_it()
    {
        Write("proc/self/cgroup", "0::/user/job/step\n");
        Write("proc/self/mountinfo", "40 30 0:37 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n");
        Write("sys/fs/cgroup/user/job/step/cpu.max", "max 100000\n");
        Write("sys/fs/cgroup/user/job/cpu.max", "150000 100000\n");
        Write("sys/fs/cgroup/user/cpu.max", "800000 100000\n");
        var quota = new Processors(_root).Quota();
        Assert.Equal(1.5, quota!.Cores);
        Assert.EndsWith("user/job", quota.Group, StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_sees_its_own_group_at_the_top()
    {
        Write("proc/self/cgroup", "0::/docker/abc\n");
        Write("proc/self/mountinfo", "40 30 0:37 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
        Write("sys/fs/cgroup/cpu.max", "50000 100000\n");
        Assert.Equal(0.5, new Processors(_root).Quota()!.Cores);
    }

    [Theory]
    [InlineData("50000", 0.5)]
    [InlineData("-1", null)]
    public void The_first_version_of_control_groups_is_read_too(string quota, double? expected)
    {
        Write("proc/self/cgroup", "9:memory:/elsewhere\n3:cpu,cpuacct:/job\n0::/\n");
        Write(
            "proc/self/mountinfo",
            "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n40 30 0:37 / "
                + "/sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        );
        Write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", quota);
        Write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000");
        Assert.Equal(expected, new Processors(_root).Quota()?.Cores);
    }

    [Fact]
    public void Busy_is_what_is_neither_idle_nor_waiting_for_a_disk_on_these_processors()
    {
        Write(
            "proc/stat",
            "cpu  999 0 0 0 0 0 0 0 0 0\ncpu0 100 20 30 5000 700 1 2 3 50 0\ncpu1 4000 0 0 0 0 0 0 0 0 0\nintr 1 2 3\n"
        );
        Assert.Equal(1.56, new Processors(_root).Busy([0]), 6);
        Assert.Equal(41.56, new Processors(_root).Busy([0, 1]), 6);
    }

    [Fact]
    public void What_others_use_is_what_is_busy_less_our_own() =>
        Assert.Equal(1.25, ProcessThreads.LoadBetween(new(10, 100, 5, null), new(12, 103, 5.5, null)), 6);

    [Fact]
    public void What_a_quota_s_group_has_used_is_counted()
    {
        Write("proc/self/cgroup", "0::/job\n");
        Write("proc/self/mountinfo", "40 30 0:37 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        Write("sys/fs/cgroup/job/cpu.max", "200000 100000\n");
        Write("sys/fs/cgroup/job/cpu.stat", "usage_usec 2500000\nuser_usec 1\n");
        var processors = new Processors(_root);
        Assert.Equal(2.5, processors.Times([0], processors.Quota()).Group);
    }

    [Fact]
    public void Other_processes_of_the_program_are_found_by_their_names()
    {
        Process(11, "marrow:2", "0-1");
        Process(12, "marrow:?", "0-1");
        Process(13, "experiment:1", "1");
        Process(14, "marrow:4", "2-3"); // on other processors
        Process(15, "marrow:x", "0-1");
        Process(16, "marrow-old", "0-1");
        Process(Environment.ProcessId, "marrow:8", "0-1");
        Write("proc/self/comm", "marrow:8");
        Assert.Equal(
            new Peers(Starting: 1, Threads: 3, Experiments: 1),
            MarrowProcesses.Find([0, 1], Path.Combine(_root, "proc")));
        Assert.Equal("experiment:?", MarrowProcesses.Name(null, inExperiment: true));
        Assert.InRange(MarrowProcesses.Name(4096, inExperiment: true).Length, 1, 15); // of a name in /proc
    }

    private void Process(int id, string name, string cores)
    {
        Write($"proc/{id}/comm", name + "\n");
        Write($"proc/{id}/status", $"Cpus_allowed_list:\t{cores}\n");
    }

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
