using static Marrow.Tests.HostileRun;
using static Marrow.Tests.SpecialFiles;

namespace Marrow.Tests.Issues;

/// <summary>
/// A pipe or a device in place of any file that a command reads is named; no command waits for it or reads on without
/// end.
/// </summary>
[Collection(nameof(HostileRun))]
public sealed class SpecialFilesEndToEndTests(HostileRun run)
{
    private const string Regressor = "cobb-densenet-mini.spines";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void In_a_checkpoint(bool isEndless)
    {
        var hub = run.Copy(run.Hub, "hub");
        var folder = Directory.GetDirectories(Path.Combine(hub, Regressor)).Single();
        var film = Directory.GetFiles(Path.Combine(run.Spines, "data", "training"))[0];
        foreach (var path in Directory.GetFiles(folder))
        {
            File.Move(path, path + ".kept");
            Put(path, isEndless);
            var kind = isEndless ? "a device" : "a pipe";
            Named(() => Call("hub", "show", Regressor, "--hub", hub, "--json"), path, kind);
            Named(
                () => Call("predict", film, "--checkpoint", Regressor, "--hub", hub, "--out", run.New("out"), "--json"),
                path,
                kind);
            Assert.Equal(1, Within(() => Call("hub", "verify", "--hub", hub, "--json")).Code);
            _ = Within(() => Call("hub", "list", "--hub", hub, "--json"));
            File.Delete(path);
            File.Move(path + ".kept", path);
        }
        Done(Call("hub", "show", Regressor, "--hub", hub, "--json"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void As_an_image_a_recipe_a_table_or_weights(bool isEndless)
    {
        var kind = isEndless ? "a device" : "a pipe";
        string New(string ending)
        {
            var path = run.New("special") + ending;
            Put(path, isEndless);
            return path;
        }

        var (image, recipe, weights) = (New(".png"), New(".yaml"), New(".pth"));
        var predicted = Within(() =>
            Call("predict", image, "--checkpoint", Regressor, "--hub", run.Hub, "--out", run.New("out")));
        Assert.Equal(1, predicted.Code);
        Assert.Contains($"{image}: expected a file, found {kind}", predicted.Error);
        Named(() => Call("run", recipe, "--out", run.New("out")), recipe, kind);
        Named(() => Call("hub", "import", weights, "--name", "x", "--hub", run.New("hub")), weights, kind);
        Named(() => Call("hub", "show", weights, "--hub", run.Hub), weights, kind);

        var data = run.Copy(run.Chests, "chests");
        var table = Path.Combine(data, "train.csv");
        File.Delete(table);
        Put(table, isEndless: false); // a link that leads out of the data set is refused as such
        Named(() => Call("data", "check", "chexpert", data, "--set", "blank=zeros"), table, "a pipe");
    }

    private static void Put(string path, bool isEndless) => _ = isEndless ? Endless(path) : Pipe(path);

    private static void Named(Func<(int Code, string Output, string Error)> command, string path, string kind)
    {
        var result = Within(command);
        Assert.NotEqual(0, result.Code);
        Assert.Contains($"{path}: expected a file, found {kind}", result.Error + result.Output);
    }
}
