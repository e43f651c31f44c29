using System.Text;
using static Marrow.Tests.SpecialFiles;

namespace Marrow.Tests.Issues;

public sealed class InputFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string In(string name) => Path.Combine(_folder.Path, name);

    [Theory]
    [InlineData("pipe")]
    [InlineData("device")]
    [InlineData("socket")]
    [InlineData("folder")]
    public void What_is_no_regular_file_is_named_and_never_waited_for(string kind)
    {
        var path = In("x");
        using var socket = kind == "socket" ? Socket(path) : null;
        _ = kind switch
        {
            "pipe" => Pipe(path),
            "device" => Endless(path),
            "folder" => Directory.CreateDirectory(path).FullName,
            _ => path,
        };
        var link = File.CreateSymbolicLink(In("link"), path).FullName;
        foreach (var name in (string[])[path, link])
        {
            Action[] ways =
            [
                () => InputFile.Open(name, InputFile.AnySize).Dispose(),
                () => InputFile.OpenHandle(name, 10).Dispose(),
                () => InputFile.ReadAllBytes(name, 10),
                () => InputFile.ReadAllText(name, 10),
                () => InputFile.OpenText(name, 10, Encoding.UTF8).Dispose(),
                () => Disk.CopyFile(name, In("copy")),
            ];
            foreach (var way in ways)
            {
                var e = Assert.Throws<MarrowException>(() => Within(() => { way(); return 0; }));
                Assert.StartsWith($"{name}: expected a file, found a {kind}", e.Message);
            }
        }
        Assert.False(File.Exists(In("copy")));
    }

    [Fact]
    public void A_log_is_not_opened_for_adding_where_a_pipe_or_a_device_stands()
    {
        Assert.Contains(
            "a pipe",
            Assert.Throws<MarrowException>(() => PlainFile.TryOpen(Pipe(In("pipe")), alone: false)).Message);
        Assert.Contains(
            "a link",
            Assert.Throws<MarrowException>(() => PlainFile.TryOpen(Endless(In("zero")), alone: false)).Message);
        using var made = PlainFile.TryOpen(In("log"), alone: false)!;
        made.WriteByte(1);
        Assert.Equal(1, made.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(100_000)]
    public void A_file_is_read_whole_up_to_its_bound_and_refused_one_byte_past_it(int bytes)
    {
        var content = Enumerable.Range(0, bytes).Select(i => (byte)(i % 251)).ToArray();
        File.WriteAllBytes(In("x"), content);
        Assert.Equal(content, InputFile.ReadAllBytes(In("x"), bytes));
        Assert.Equal(content, InputFile.ReadAllBytes(In("x"), bytes + 7));
        using (var stream = InputFile.Open(In("x"), bytes))
        {
            var read = new byte[bytes];
            stream.ReadExactly(read);
            Assert.Equal(content, read);
            Assert.Equal((-1, bytes), (stream.ReadByte(), stream.Length));
        }
        Disk.CopyFile(In("x"), In("copy"));
        Assert.Equal(content, File.ReadAllBytes(In("copy")));
        if (bytes > 0)
            Assert.Contains(
                $"at most {bytes - 1} bytes, found {bytes}.",
                Assert.Throws<MarrowException>(() => InputFile.ReadAllBytes(In("x"), bytes - 1)).Message);
    }

    [Fact]
    public void A_file_that_reports_no_length_is_read_to_its_end_or_its_bound()
    {
        const string Unmeasured = "/proc/self/maps";
        Assert.SkipUnless(File.Exists(Unmeasured), "There is no /proc here.");
        Assert.True(InputFile.ReadAllBytes(Unmeasured, 64 << 20).Length > 1000);
        Assert.Contains(
            "at most 100 bytes, found more.",
            Assert.Throws<MarrowException>(() => InputFile.ReadAllBytes(Unmeasured, 100)).Message);
        using var text = InputFile.OpenText(Unmeasured, 100, Encoding.UTF8);
        Assert.Contains("at most 100 bytes, found more.", Assert.Throws<MarrowException>(text.ReadToEnd).Message);
    }

    [Fact]
    public void Other_failures_are_those_of_the_usual_calls()
    {
        File.WriteAllText(In("file"), "x");
        Assert.Throws<FileNotFoundException>(() => InputFile.Open(In("absent"), 1));
        Assert.Throws<DirectoryNotFoundException>(() => InputFile.Open(In("absent/x"), 1));
        Assert.Throws<DirectoryNotFoundException>(() => InputFile.Open(In("file/x"), 1));
        Assert.ThrowsAny<ArgumentException>(() => InputFile.Open("", 1));
        Assert.ThrowsAny<ArgumentException>(() => InputFile.Open("a\0b", 1));
        Assert.ThrowsAny<IOException>(() => InputFile.Open(In(new string('x', 300)), 1));
        File.CreateSymbolicLink(In("a"), In("b"));
        File.CreateSymbolicLink(In("b"), In("a"));
        Assert.ThrowsAny<IOException>(() => InputFile.Open(In("a"), 1));
    }

    [Fact]
    public void Relative_paths_and_names_of_any_script_are_opened()
    {
        File.WriteAllText(In("Röntgen 脊柱 \u202E.csv"), "a");
        Assert.Equal("a", InputFile.ReadAllText(In("Röntgen 脊柱 \u202E.csv"), 10));
        Assert.Equal(
            "a",
            InputFile.ReadAllText(Path.GetRelativePath(Environment.CurrentDirectory, In("Röntgen 脊柱 \u202E.csv")), 10));
    }

    public void Dispose() => _folder.Dispose();
}
