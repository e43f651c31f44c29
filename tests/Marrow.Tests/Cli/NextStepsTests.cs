using Marrow.Cli;

namespace Marrow.Tests.Cli;

/// <summary>What "marrow" alone says to do next, by what lies in the folder.</summary>
public sealed class NextStepsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("labels.csv", "marrow data check csv .")]
    [InlineData("films.csv", "marrow data check csv . --set csv=films.csv")]
    public void A_table_is_checked_before_anything_is_trained(string table, string command)
    {
        File.WriteAllText(_folder[table], "path,label\n");

        Assert.Equal(command, NextSteps.In(_folder.Path)[0].Command);
    }

    [Fact]
    public void Of_two_tables_neither_is_taken_for_the_labels()
    {
        File.WriteAllText(_folder["a.csv"], "");
        File.WriteAllText(_folder["b.csv"], "");

        Assert.DoesNotContain(
            NextSteps.In(_folder.Path), step => step.Command.Contains("check", StringComparison.Ordinal));
    }

    [Fact]
    public void A_run_that_was_stopped_comes_first_and_one_that_is_finished_not_at_all()
    {
        Run("stopped", "first");
        Run("whole", "first", "second");
        Directory.CreateDirectory(_folder["runs/other"]);

        var steps = NextSteps.In(_folder.Path);

        Assert.Equal("marrow run two.yaml --data films=DIR --out runs/stopped --resume", steps[0].Command);
        Assert.DoesNotContain(steps, step => step.Command.Contains("whole", StringComparison.Ordinal));
    }

    [Fact]
    public void A_description_that_cannot_be_read_is_passed_over()
    {
        Run("broken");
        File.WriteAllText(_folder["runs/broken/run.json"], "{");

        Assert.Single(NextSteps.In(_folder.Path));
    }

    [Theory]
    [InlineData("hub")]
    [InlineData("data")]
    public void A_command_that_holds_others_lists_them_when_none_is_named(string group)
    {
        var (output, error) = (new StringWriter(), new StringWriter());

        Assert.Equal(2, CommandLine.Run([group], output, error, TestContext.Current.CancellationToken));
        Assert.Equal("", output.ToString());
        Assert.Contains("Commands:", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_of_usage_shows_how_the_command_is_used()
    {
        var (output, error) = (new StringWriter(), new StringWriter());

        Assert.Equal(2, CommandLine.Run(["predict"], output, error, TestContext.Current.CancellationToken));
        Assert.Contains("\nFor example: marrow predict scan.jpg", error.ToString(), StringComparison.Ordinal);
    }

    private void Run(string name, params string[] finished)
    {
        var run = Directory.CreateDirectory(_folder["runs/" + name]).FullName;
        File.WriteAllText(Path.Combine(run, "recipe.yaml"), "name: two\n");
        File.WriteAllText(
            Path.Combine(run, "run.json"),
            """
            {"recipe": "two", "overrides": [], "stages": ["first", "second"],
             "command": "marrow run two.yaml --data films=DIR", "marrowVersion": "0.1.0"}
            """);
        foreach (var stage in finished)
        {
            Directory.CreateDirectory(Path.Combine(run, stage));
            File.WriteAllText(Path.Combine(run, stage, "result.json"), "{}");
        }
    }
}
