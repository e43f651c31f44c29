using Marrow.Computing;

namespace Marrow.Tests.Computing;

public class ThreadChoiceTests
{
    private static readonly ThreadFacts Two = new() { Cores = 2 };

    [Fact]
    public void Alone_every_core_gets_a_thread() =>
        Assert.Equal("2 threads: 2 cores", $"{ThreadChoice.Of(Two, inExperiment: false)}");

    [Theory]
    [InlineData(2, 0.2, 2)]
    [InlineData(2, 1.0, 1)]
    [InlineData(2, 2.0, 1)]
    [InlineData(16, 1.0, 15)]
    [InlineData(16, 15.9, 1)]
    public void What_others_keep_busy_is_left_to_them(int cores, double load, int expected) =>
        Assert.Equal(expected, ThreadChoice.Of(new() { Cores = cores, Load = load }, false).Count);

    [Theory]
    [InlineData(0.5, 1)]
    [InlineData(1.0, 1)]
    [InlineData(1.5, 1)]
    [InlineData(1.8, 2)]
    [InlineData(64, 8)]
    public void A_quota_is_not_rounded_up(double quota, int expected) =>
        Assert.Equal(expected, ThreadChoice.Of(new() { Cores = 8, Quota = quota }, false).Count);

    [Fact]
    public void What_others_use_of_the_same_quota_counts()
    {
        var choice = ThreadChoice.Of(new() { Cores = 64, Quota = 4, QuotaLoad = 2.1 }, false);
        Assert.Equal(2, choice.Count);
        Assert.Contains("others use 2.1 of a quota of 4.0 cores", choice.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_system_s_grant_counts() =>
        Assert.Equal(
            "4 threads: SLURM gave 4 of 64 cores",
            $"{ThreadChoice.Of(new() { Cores = 64, Granted = 4 }, false)}");

    [Fact]
    public void Processes_that_start_at_once_divide_the_cores()
    {
        Assert.Equal(1, ThreadChoice.Of(Two with { Peers = new(Starting: 1, 0, 0) }, false).Count);
        Assert.Equal(1, ThreadChoice.Of(Two with { Load = 1.3, Peers = new(Starting: 1, 0, 0) }, false).Count);
        Assert.Equal(8, ThreadChoice.Of(new() { Cores = 16, Load = 1, Peers = new(Starting: 1, 0, 0) }, false).Count);
    }

    [Fact]
    public void Threads_that_another_has_chosen_count_even_before_they_work() =>
        Assert.Equal(1, ThreadChoice.Of(Two with { Peers = new(0, Threads: 2, 0) }, false).Count);

    [Fact]
    public void Experiments_that_share_a_machine_get_one_thread_a_run()
    {
        var shared = new ThreadFacts { Cores = 64, Peers = new(0, Threads: 1, Experiments: 1) };
        Assert.Equal(
            "1 thread: another experiment runs on this machine",
            $"{ThreadChoice.Of(shared, inExperiment: true)}");
        Assert.Equal(63, ThreadChoice.Of(shared, inExperiment: false).Count);
        Assert.Equal(64, ThreadChoice.Of(new() { Cores = 64 }, inExperiment: true).Count);
    }

    [Theory]
    [InlineData("4", 4)]
    [InlineData("4,2", 4)]
    [InlineData(" 3 ", 3)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("many", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void The_variable_is_read_as_OpenMP_reads_it(string? text, int? expected) =>
        Assert.Equal(expected, ProcessThreads.FromEnvironment(text));

    [Theory]
    [InlineData(null, "8", null, null, null)]
    [InlineData("7", "8", "4", "16", 8)]
    [InlineData("7", null, "4", "16", 1)]
    [InlineData("7", null, null, "16", 16)]
    public void SLURM_says_what_it_gave(string? job, string? perTask, string? tasks, string? onNode, int? expected) =>
        Assert.Equal(expected, ProcessThreads.Granted(name => name switch
        {
            "SLURM_JOB_ID" => job,
            "SLURM_CPUS_PER_TASK" => perTask,
            "SLURM_NTASKS" => tasks,
            "SLURM_CPUS_ON_NODE" => onNode,
            _ => null,
        }));

    [Fact]
    public void An_option_wins_over_everything()
    {
        var threads = new ProcessThreads(wanted: 1);
        Assert.Equal("1 thread: --threads", $"{threads.Choose()}");
        Assert.True(threads.IsExplicit);
    }
}
