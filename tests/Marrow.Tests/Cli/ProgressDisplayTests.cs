using Marrow.Cli;
using Spectre.Console.Testing;

namespace Marrow.Tests.Cli;

public class ProgressDisplayTests
{
    private const long MiB = 1 << 20;

    private static readonly Progress Transfer =
        new("spine", 12 * MiB, 32 * MiB, ProgressUnit.Bytes) { PerSecond = 8 * MiB };

    [Fact]
    public void The_numbers_of_bytes_tell_rate_and_time_left() =>
        Assert.Equal("12.0/32.0 MiB  8.0 MiB/s  left 0:02", ProgressDisplay.Numbers(Transfer));

    [Fact]
    public void Nothing_is_left_when_all_bytes_are_there() =>
        Assert.Equal("32.0/32.0 MiB  8.0 MiB/s", ProgressDisplay.Numbers(Transfer with { Done = 32 * MiB }));

    [Fact]
    public void Without_a_rate_no_time_is_told()
    {
        Assert.Null((Transfer with { PerSecond = null }).Left);
        Assert.Null((Transfer with { PerSecond = 0 }).Left);
        Assert.Equal("12.0/32.0 MiB", ProgressDisplay.Numbers(Transfer with { PerSecond = null }));
    }

    [Fact]
    public void Off_a_terminal_the_first_and_the_last_image_of_each_thing_are_told()
    {
        var lines = Shown(ProgressUnit.Images, live: false, show =>
        {
            foreach (var what in (string[])["a", "b"])
            {
                for (var done = 1; done <= 900; done++)
                    show(new(what, done, 900, ProgressUnit.Images));
            }
        }).TrimEnd().Split('\n');
        Assert.Equal(
            ["a: step 1/900", "a: step 900/900", "b: step 1/900", "b: step 900/900"],
            lines.Where(line => line.Split(' ')[^1] is "1/900" or "900/900"));
        Assert.InRange(lines.Length, 4, 10); // a slow machine adds some
    }

    [Fact]
    public void Off_a_terminal_a_short_transfer_prints_nothing() => Assert.Empty(
        Shown(ProgressUnit.Bytes, live: false, show => show(Transfer with { Done = Transfer.Total })));

    [Fact]
    public void On_a_terminal_each_checkpoint_has_a_bar_with_its_numbers()
    {
        var drawn = Shown(ProgressUnit.Bytes, live: true, show =>
        {
            show(Transfer with { What = "[parent]", Done = Transfer.Total });
            show(Transfer);
        });
        Assert.Contains("[parent]", drawn);
        Assert.Contains("100%", drawn);
        Assert.Contains("12.0/32.0 MiB", drawn);
    }

    private static string Shown(ProgressUnit unit, bool live, Action<Action<Progress>> work)
    {
        var console = new TestConsole().Width(160);
        if (live)
            console.Interactive();
        var result = ProgressDisplay.Show(new Output(console, TextWriter.Null, json: false, live), unit, show =>
        {
            work(show);
            return 7;
        });
        Assert.Equal(7, result);
        return console.Output;
    }
}
