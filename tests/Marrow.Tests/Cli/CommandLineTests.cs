using System.Diagnostics;
using System.Text.Json;
using Marrow.Cli;
using Marrow.Cli.Commands;
using Marrow.Imaging;

namespace Marrow.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("marrow-cli").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A data set of the general CSV format.</summary>
    private string DataSet()
    {
        var folder = Path.Combine(_folder, "films");
        Directory.CreateDirectory(folder);
        for (var i = 0; i < 3; i++)
            ImageWriter.WritePng8(Path.Combine(folder, $"{i}.png"), 40, 50, [.. Enumerable.Range(0, 2000).Select(k => (byte)(k * (i + 1)))]);
        File.WriteAllText(Path.Combine(folder, "labels.csv"), "path,label\n0.png,a\n1.png,b\n2.png,a\n");
        return folder;
    }

    private static (int Code, string Output, string Error) Call(params string[] args) => Call(CancellationToken.None, args);

    private static (int Code, string Output, string Error) Call(CancellationToken cancellation, params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (CommandLine.Run(args, output, error, cancellation), output.ToString(), error.ToString());
    }

    /// <summary>The real program, in a process of its own.</summary>
    private static (int Code, string Output, string Error) Start(params string[] args)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("data")]
    [InlineData("data preview")]
    [InlineData("data preview csv /tmp --count 0")]
    [InlineData("data preview csv /tmp --count many")]
    [InlineData("data preview csv /tmp --set blank")]
    [InlineData("data preview csv /tmp --set blnk=zeros")]
    [InlineData("data preview csv /tmp --set uncertain=ones")]
    public void Wrong_usage_is_code_2_and_points_to_the_help(string line)
    {
        var (code, output, error) = Call(line.Split(' '));
        Assert.Equal(ExitCode.WrongUsage, code);
        Assert.Empty(output);
        Assert.StartsWith("error: ", error);
        Assert.Contains("--help", error);
    }

    [Fact]
    public void The_program_itself_ends_with_2_1_and_0()
    {
        var (wrong, _, _) = Start("data", "preview");
        var (missing, output, error) = Start("data", "preview", "csv", Path.Combine(_folder, "absent"));
        var (done, version, _) = Start("--version");

        Assert.Equal((ExitCode.WrongUsage, ExitCode.Failed, ExitCode.Done), (wrong, missing, done));
        Assert.StartsWith("marrow ", version);
        Assert.Empty(output);
        Assert.StartsWith("error: ", error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void An_unwritable_file_is_code_1_without_a_stack_trace()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "kept");
        var (code, _, error) = Call("data", "preview", "csv", DataSet(), "--out", Path.Combine(file, "sheet.png"));
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("can't be written", error);
        Assert.DoesNotContain("   at ", error);
        Assert.Equal("kept", File.ReadAllText(file));
    }

    [Fact]
    public void Verbose_adds_the_stack_trace()
    {
        var (code, _, error) = Call("data", "preview", "csv", Path.Combine(_folder, "absent"), "--verbose");
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("   at ", error);
    }

    [Fact]
    public void A_cancelled_command_is_code_130_and_writes_nothing()
    {
        var sheet = Path.Combine(_folder, "sheet.png");
        var (code, _, error) = Call(new CancellationToken(canceled: true), "data", "preview", "csv", DataSet(), "--out", sheet);
        Assert.Equal(ExitCode.Cancelled, code);
        Assert.Equal("cancelled", error.Trim());
        Assert.False(File.Exists(sheet));
    }

    [Fact]
    public void A_preview_writes_the_sheet_and_says_what_it_shows()
    {
        var sheet = Path.Combine(_folder, "sheet.png");
        var (code, output, _) = Call("data", "preview", "csv", DataSet(), "--out", sheet, "--count", "2", "--json");
        Assert.Equal(ExitCode.Done, code);
        using var document = JsonDocument.Parse(output);
        Assert.Equal(3, document.RootElement.GetProperty("count").GetInt32());
        Assert.Equal(2, document.RootElement.GetProperty("shown").GetArrayLength());
        Assert.Equal("PNG", System.Text.Encoding.ASCII.GetString(File.ReadAllBytes(sheet), 1, 3));
    }

    [Fact]
    public void Every_command_has_help_with_examples()
    {
        var (_, root, _) = Call("--help");
        Assert.Contains("data", root);
        Assert.Equal(root, Call().Output);
        var (code, help, error) = Call("data", "preview", "--help");
        Assert.Equal(ExitCode.Done, code);
        Assert.Contains("Examples:", help);
        Assert.Contains("marrow data preview spineweb16", help);
        Assert.Empty(error);
    }

    [Fact]
    public void Settings_have_the_keys_of_a_recipe()
    {
        var options = DataOptions.ReadOptions(["blank=zeros", "uncertain.Edema=ones", "uncertain.default=zeros", "labelColumns=a, b", "csv=x=y.csv"]);
        Assert.Equal("zeros", options.Blank);
        Assert.Equal("ones", options.Uncertain["Edema"]);
        Assert.Equal("zeros", options.Uncertain["default"]);
        Assert.Equal(["a", "b"], options.LabelColumns);
        Assert.Equal("x=y.csv", options.Csv);
    }

    [Fact]
    public void A_file_that_begins_with_an_at_sign_is_a_file()
    {
        var (code, _, error) = Call("data", "preview", "csv", "@absent");
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("@absent", error);
    }
}
