using Marrow.Cli;
using static Marrow.Tests.HostileRun;

namespace Marrow.Tests.Issues;

/// <summary>An option with nothing in it (a script's variable that is not set) once meant the default.</summary>
public sealed class EmptyValuesTests
{
    [Theory]
    [InlineData("hub", "list", "--hub", "")]
    [InlineData("hub", "list", "--hub=")]
    [InlineData("hub", "verify", "--hub=", "a.b")]
    [InlineData("hub", "list", "--hub", "  ")]
    [InlineData("hub", "verify", "--hub", "")]
    [InlineData("hub", "pull", "oci://127.0.0.1:1/a/b:c", "--hub", "")]
    [InlineData("hub", "import", "x.pth", "--name", "")]
    [InlineData("hub", "import", "x.pth", "--name", "a.b", "--hub", "")]
    [InlineData("hub", "import", "x.pth", "--name", "a.b", "--license", "")]
    [InlineData("hub", "import", "x.pth", "--name", "a.b", "--classes", "a,,b")]
    [InlineData("hub", "export", "a.b", "--out", "")]
    [InlineData("hub", "rank", "--data", "a=b", "--task", "classify", "--cache", "")]
    [InlineData("hub", "rank", "--data", "a=b", "--task", "classify", "--checkpoints", ",")]
    [InlineData("run", "absent.yaml", "--out", "")]
    [InlineData("run", "absent.yaml", "--data", "x=")]
    [InlineData("run", "absent.yaml", "--data", "x= ")]
    [InlineData("run", "absent.yaml", "--data", "=x")]
    [InlineData("run", "absent.yaml", "--set", "")]
    [InlineData("run", "absent.yaml", "--stages", "a, ")]
    [InlineData("run", "")]
    [InlineData("experiment", "absent.yaml", "--starts", "")]
    [InlineData("predict", "absent.png", "--checkpoint", "")]
    [InlineData("predict", "absent.png", "--out", "")]
    [InlineData("predict", "")]
    [InlineData("evaluate", "a.b", "--data", "x=y", "--format", "")]
    [InlineData("demo", "--out", "")]
    public void An_empty_value_is_wrong_usage_of_every_option_and_argument(params string[] line)
    {
        foreach (var args in new[] { line, [.. line, "--json"] })
        {
            var (code, output, error) = Call(args);
            Assert.Equal((ExitCode.WrongUsage, ""), (code, output));
            Explained(error);
            Assert.Contains("--help", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_option_that_takes_a_value_refuses_an_empty_one()
    {
        var tried = 0;
        foreach (var (path, command) in Commands([], CommandLine.Tree()))
        {
            foreach (
                var option in command.Options.Where(o =>
                    o.Arity.MaximumNumberOfValues > 0 && o.ValueType != typeof(bool)))
            {
                var (code, output, error) = Call([.. path, option.Name, ""]);
                Assert.True(
                    code == ExitCode.WrongUsage
                        && output == ""
                        && error.StartsWith("error: ", StringComparison.Ordinal),
                    $"{string.Join(' ', path)} {option.Name}: {code} {error}");
                tried++;
            }
        }
        Assert.True(tried > 50);
    }

    private static IEnumerable<(string[] Path, System.CommandLine.Command Command)> Commands(
        string[] path,
        System.CommandLine.Command command)
    {
        yield return (path, command);
        foreach (var inner in command.Subcommands.SelectMany(sub => Commands([.. path, sub.Name], sub)))
            yield return inner;
    }
}
