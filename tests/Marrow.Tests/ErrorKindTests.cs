using Marrow.Cli;
using Marrow.Hub;
using Marrow.Imaging;

namespace Marrow.Tests;

public sealed class ErrorKindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_factory_writes_the_same_sentence_and_has_its_kind()
    {
        (ErrorKind Kind, Func<string, string, string, string, Exception?, MarrowException> Make)[] factories =
        [
            (ErrorKind.BadInput, MarrowException.Bad), (ErrorKind.NotFound, MarrowException.NotFound),
            (ErrorKind.Conflict, MarrowException.Conflict), (ErrorKind.Damaged, MarrowException.Damaged),
            (ErrorKind.Unsupported, MarrowException.Unsupported), (ErrorKind.Refused, MarrowException.Refused),
            (ErrorKind.Unavailable, MarrowException.Unavailable),
        ];
        Assert.Equal(Enum.GetValues<ErrorKind>(), factories.Select(f => f.Kind));
        foreach (var (kind, make) in factories)
        {
            var error = make("a.png", "one thing", "another", "Do this.", null);
            Assert.Equal((kind, "a.png: expected one thing, found another. Do this."), (error.Kind, error.Message));
        }
    }

    [Fact]
    public void An_error_that_tells_more_of_another_is_of_its_kind()
    {
        var cause = MarrowException.Damaged("a", "b", "c", "D.");
        Assert.Equal(ErrorKind.Damaged, new MarrowException("More.", cause).Kind);
        Assert.Equal(ErrorKind.Damaged, MarrowException.Bad("a", "b", "c", "D.", cause).Kind);
        Assert.Equal(ErrorKind.NotFound, new MarrowException("More.", new FileNotFoundException()).Kind);
        Assert.Equal(ErrorKind.Unavailable, new MarrowException("More.", new IOException()).Kind);
        Assert.Equal(ErrorKind.BadInput, new MarrowException("More.", new FormatException()).Kind);
        Assert.Equal(ErrorKind.Refused, new MarrowException(ErrorKind.Refused, "More.", cause).Kind);
    }

    [Fact]
    public void What_a_program_asks_for_fails_by_kind()
    {
        var hub = new LocalHub(_folder["hub"]);
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<MarrowException>(() => hub.Find("a.none")).Kind);
        Assert.Equal(
            ErrorKind.NotFound,
            Assert.Throws<MarrowException>(() => RadiographReader.Read(_folder["none.png"])).Kind);
        var manifest = FakeHub.Add(hub.Folder, "a.one");
        var path = Path.Combine(FakeHub.Folder(hub.Folder, manifest), "checkpoint.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("a.one", "a.two", StringComparison.Ordinal));
        Assert.Equal(ErrorKind.Damaged, Assert.Throws<MarrowException>(() => hub.Find("a.one")).Kind);
    }

    [Theory]
    [InlineData("hub", "show", "a.none")]
    [InlineData("predict", "absent.png")]
    public void The_command_line_fails_alike_whatever_the_kind(params string[] command)
    {
        var error = new StringWriter();
        string[] arguments = [.. command, "--hub", _folder["hub"]];
        Assert.Equal(
            ExitCode.Failed,
            CommandLine.Run(arguments, new StringWriter(), error, TestContext.Current.CancellationToken));
        Assert.StartsWith("error: ", error.ToString(), StringComparison.Ordinal);
    }
}
