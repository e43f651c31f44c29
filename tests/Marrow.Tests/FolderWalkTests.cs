namespace Marrow.Tests;

public sealed class FolderWalkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private void Add(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        File.WriteAllText(_folder[name], name);
    }

    private string[] Found() =>
        [
            .. FolderWalk
                .Files(_folder["in"])
                .Files.Select(f => Path.GetRelativePath(_folder["in"], f).Replace('\\', '/')),
        ];

    [Fact]
    public void Files_of_all_folders_come_in_the_order_of_their_names()
    {
        Add("in/b/2.png");
        Add("in/a/1.png");
        Add("in/c.png");

        Assert.Equal(["a/1.png", "b/2.png", "c.png"], Found());
    }

    [Fact]
    public void A_folder_that_links_to_itself_gives_each_file_once()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links take rights on Windows.");
        Add("in/a.png");
        Add("in/sub/b.png");
        Directory.CreateSymbolicLink(_folder["in/again"], ".");
        Directory.CreateSymbolicLink(_folder["in/sub/up"], "..");
        Directory.CreateSymbolicLink(_folder["in/sub/over"], _folder["in/sub"]);

        Assert.Equal(["a.png", "sub/b.png"], Found());
    }

    [Fact]
    public void Links_lead_to_files_elsewhere_and_a_files_own_name_goes_before_a_link_to_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links take rights on Windows.");
        Add("in/z.png");
        Add("elsewhere/e.png");
        Add("single.png");
        File.CreateSymbolicLink(_folder["in/a.png"], "z.png");
        File.CreateSymbolicLink(_folder["in/s.png"], _folder["single.png"]);
        Directory.CreateSymbolicLink(_folder["in/out"], "../elsewhere");

        Assert.Equal(["out/e.png", "s.png", "z.png"], Found());
    }

    [Fact]
    public void Links_that_lead_nowhere_or_in_a_circle_are_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links take rights on Windows.");
        Add("in/a.png");
        File.CreateSymbolicLink(_folder["in/gone.png"], "nowhere.png");
        File.CreateSymbolicLink(_folder["in/one"], "two");
        File.CreateSymbolicLink(_folder["in/two"], "one");

        var contents = FolderWalk.Files(_folder["in"]);

        Assert.Equal([_folder["in/a.png"]], contents.Files);
        Assert.Equal(
            [_folder["in/gone.png"], _folder["in/one"], _folder["in/two"]],
            contents.Missed.Select(m => m.Path).Order());
        Assert.All(contents.Missed, m => Assert.Equal("a link that leads nowhere", m.Reason));
    }

    [Fact]
    public void A_folder_that_cannot_be_read_is_told()
    {
        Assert.SkipWhen(
            OperatingSystem.IsWindows() || Environment.UserName == "root",
            "Permissions do not hold for the administrator.");
        if (OperatingSystem.IsWindows())
            return; // Skipped above; the analyzer of platforms does not know that.
        Add("in/a.png");
        Add("in/closed/b.png");
        File.SetUnixFileMode(_folder["in/closed"], UnixFileMode.None);
        try
        {
            var contents = FolderWalk.Files(_folder["in"]);

            Assert.Equal([_folder["in/a.png"]], contents.Files);
            Assert.StartsWith(
                "a folder that can't be read",
                Assert.Single(contents.Missed).Reason,
                StringComparison.Ordinal);
        }
        finally
        {
            File.SetUnixFileMode(
                _folder["in/closed"],
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
