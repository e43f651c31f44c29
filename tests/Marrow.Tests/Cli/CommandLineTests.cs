using System.Diagnostics;
using System.Text.Json;
using Marrow.Cli;
using Marrow.Cli.Commands;
using Marrow.Datasets;
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
            ImageWriter.WritePng8(
                Path.Combine(folder, $"{i}.png"),
                40,
                50,
                [.. Enumerable.Range(0, 2000).Select(k => (byte)(k * (i + 1)))]);
        File.WriteAllText(Path.Combine(folder, "labels.csv"), "path,label\n0.png,a\n1.png,b\n2.png,a\n");
        return folder;
    }

    private static (int Code, string Output, string Error) Call(params string[] args) =>
        Call(CancellationToken.None, args);

    private static (int Code, string Output, string Error) Call(CancellationToken cancellation, params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (CommandLine.Run(args, output, error, cancellation), output.ToString(), error.ToString());
    }

    /// <summary>The real program, in a process of its own.</summary>
    private static (int Code, string Output, string Error) Start(params string[] args)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll");
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [program, .. args])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    [Fact]
    public void The_former_name_of_experiment_goes_on_and_tells_the_new_one()
    {
        string[] rest = ["absent.yaml", "--starts", "scratch"];
        var (now, before) = (Call(["experiment", .. rest]), Call(["study", .. rest]));
        var told =
            "warning: marrow study is called marrow experiment now; the former name will go with the next release.";
        Assert.Equal((now.Code, now.Output, told + Environment.NewLine + now.Error), before);
        Assert.DoesNotContain("study", Call("--help").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "expected --starts, to compare starts, or --folds")]
    [InlineData("--folds 5 --starts scratch", "--starts: an experiment compares")]
    [InlineData("--folds 5 --seeds 3", "--seeds: an experiment compares")]
    public void An_experiment_compares_starts_or_is_a_cross_validation(string options, string expected)
    {
        var recipe = Path.Combine(Repository.Root(), "recipes", "spine-two-stage.yaml");
        var called = Call(["experiment", recipe, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Contains(expected, called.Error, StringComparison.Ordinal);
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
    [InlineData("data phantom mura folder")]
    [InlineData("data phantom spineweb16 folder --count 0")]
    [InlineData("hub")]
    [InlineData("run")]
    [InlineData("run recipes/spine.yaml --data")]
    [InlineData("predict")]
    [InlineData("evaluate x")]
    [InlineData("evaluate x --data a=b --data c=d")]
    [InlineData("evaluate x --data a=b --split some")]
    [InlineData("hub rank --task classify")]
    [InlineData("hub rank --data a=b")]
    [InlineData("hub rank --data a=b --data c=d --task classify")]
    [InlineData("hub rank --data a=b --task classify --size 192")]
    [InlineData("hub rank --data a=b --task classify --size 8x9000")]
    [InlineData("hub rank --data a=b --task classify --folds 2")]
    [InlineData("hub rank --data a=b --task classify --fine-tune some")]
    [InlineData("hub rank --data a=b --task classify --set labelColumn=x")]
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
        var (code, _, error) = Call(
            new CancellationToken(canceled: true),
            "data",
            "preview",
            "csv",
            DataSet(),
            "--out",
            sheet);
        Assert.Equal(ExitCode.Cancelled, code);
        // A command that takes a moment to end says before that it is about to.
        Assert.Equal("cancelled", error.Replace("Stopping.", "").Trim());
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
        Assert.StartsWith(root, Call().Output);
        var (code, help, error) = Call("data", "preview", "--help");
        Assert.Equal(ExitCode.Done, code);
        Assert.Contains("Examples:", help);
        Assert.Contains("marrow data preview spineweb16", help);
        Assert.Empty(error);
    }

    [Fact]
    public void Settings_have_the_keys_of_a_recipe()
    {
        var options = DataOptions.ReadOptions([
            "blank=zeros",
            "uncertain.Edema=ones",
            "uncertain.default=zeros",
            "labelColumns=a, b",
            "csv=x=y.csv",
            "mmPerPixel=0.3",
        ]);
        Assert.Equal("zeros", options.Blank);
        Assert.Equal("ones", options.Uncertain["Edema"]);
        Assert.Equal("zeros", options.Uncertain["default"]);
        Assert.Equal(["a", "b"], options.LabelColumns);
        Assert.Equal("x=y.csv", options.Csv);
        Assert.Equal(0.3, options.MmPerPixel);
    }

    [Theory, InlineData("0,3"), InlineData(""), InlineData("NaN"), InlineData("wide")]
    public void A_setting_that_is_a_number_is_told_from_other_words(string value) =>
        Assert.Equal(
            $"--set mmPerPixel={value}: expected a number, found '{value}'.",
            Assert.Throws<UsageException>(() => DataOptions.ReadOptions([$"mmPerPixel={value}"])).Message);

    [Fact]
    public void Every_option_of_a_data_set_can_be_set()
    {
        foreach (var property in typeof(DatasetOptions).GetProperties())
        {
            var isMap = typeof(IReadOnlyDictionary<string, string>).IsAssignableFrom(property.PropertyType);
            var key = JsonNamingPolicy.CamelCase.ConvertName(property.Name) + (isMap ? ".a" : "");
            var options = DataOptions.ReadOptions([$"{key}=1"]);
            var document = JsonSerializer.SerializeToElement(options, MarrowJson.Options);
            var set = document.GetProperty(JsonNamingPolicy.CamelCase.ConvertName(property.Name));
            Assert.Equal("1", set.ValueKind switch
            {
                JsonValueKind.Object => set.GetProperty("a").GetString(),
                JsonValueKind.Array => Assert.Single(set.EnumerateArray()).GetString(),
                JsonValueKind.String => set.GetString(),
                _ => set.GetRawText(),
            });
        }
    }

    [Fact]
    public void Phantoms_are_made_once_and_not_written_over()
    {
        var folder = Path.Combine(_folder, "phantoms");
        var (code, output, _) = Call(
            "data",
            "phantom",
            "spineweb16",
            folder,
            "--count",
            "2",
            "--width",
            "96",
            "--height",
            "256",
            "--json");
        Assert.Equal(ExitCode.Done, code);
        using var document = JsonDocument.Parse(output);
        Assert.Equal(2, document.RootElement.GetProperty("count").GetInt32());
        Assert.Equal(2, Directory.GetFiles(Path.Combine(folder, "data", "training")).Length);

        var (again, _, error) = Call("data", "phantom", "spineweb16", folder, "--count", "2");
        Assert.Equal(ExitCode.Failed, again);
        Assert.Contains("expected an empty or absent folder", error);
    }

    [Fact]
    public void A_check_tells_what_is_wrong_and_does_not_fail()
    {
        var folder = DataSet();
        File.WriteAllBytes(Path.Combine(folder, "1.png"), File.ReadAllBytes(Path.Combine(folder, "1.png"))[..^20]);
        var (code, output, _) = Call("data", "check", "csv", folder, "--json");
        Assert.Equal(ExitCode.Done, code);
        using var document = JsonDocument.Parse(output);
        Assert.Equal(3, document.RootElement.GetProperty("samples").GetInt32());
        Assert.Equal(2, document.RootElement.GetProperty("imagesReadable").GetInt32());
        Assert.Equal("1.png", document.RootElement.GetProperty("faults")[0].GetProperty("file").GetString());

        Assert.Contains("1.png", Call("data", "check", "csv", folder).Output);
    }

    [Fact]
    public void Terminated_the_program_stops_soon_with_130()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are POSIX's.");
        var folder = Path.Combine(_folder, "many");
        var program = Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll");
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [program, "data", "phantom", "chexpert", folder, "--count", "100000"])
            {
                RedirectStandardError = true,
            }
        )!;
        while (!Directory.Exists(folder) && !process.HasExited)
            Thread.Sleep(20);
        Process.Start("kill", ["-TERM", process.Id.ToString()])!.WaitForExit();

        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)));
        Assert.Equal(ExitCode.Cancelled, process.ExitCode);
        // On a busy machine it first says that it stops.
        Assert.EndsWith("cancelled", process.StandardError.ReadToEnd().Trim());
        Assert.False(File.Exists(Path.Combine(folder, "train.csv")));
    }

    [Fact]
    public void Folders_give_their_images_in_order_and_files_are_taken_as_named()
    {
        var folder = DataSet();
        Assert.Equal(["0.png", "1.png", "2.png"], ImageInputs.Of([folder]).Images.Select(Path.GetFileName));
        Assert.Equal([Path.Combine(folder, "labels.csv")], ImageInputs.Of([Path.Combine(folder, "labels.csv")]).Images);
        Assert.Throws<MarrowException>(() => ImageInputs.Of([Path.Combine(folder, "absent.png")]));
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName;
        Assert.Throws<MarrowException>(() => ImageInputs.Of([empty]));
    }

    [Fact]
    public void Predicting_without_any_checkpoint_says_how_to_get_one()
    {
        var (code, _, error) = Call("predict", DataSet(), "--hub", _folder, "--out", Path.Combine(_folder, "out"));
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("marrow run", error);
        Assert.False(Directory.Exists(Path.Combine(_folder, "out")));
    }

    [Fact]
    public void A_data_folder_is_given_by_name_and_once()
    {
        Assert.Equal("b=c", DataFolders.Read(["a=b=c"])["a"]);
        Assert.Throws<UsageException>(() => DataFolders.Read(["a"]));
        Assert.Throws<UsageException>(() => DataFolders.Read(["=a"]));
        Assert.Throws<UsageException>(() => DataFolders.Read(["a="]));
        Assert.Throws<UsageException>(() => DataFolders.Read(["a=b", "a=c"]));
    }

    [Fact]
    public void A_hub_is_what_was_named_or_what_came_with_the_program()
    {
        var program = Path.Combine(_folder, "src", "bin");
        Directory.CreateDirectory(program);
        Assert.Equal("hub", HubFolder.Find(null, null, _folder, program));
        Directory.CreateDirectory(Path.Combine(_folder, "hub"));
        Assert.Equal(Path.Combine(_folder, "hub"), HubFolder.Find(null, null, program, program));
        Assert.Equal("hub", HubFolder.Find(null, null, _folder, "/"));
        Assert.Equal("/elsewhere", HubFolder.Find(null, "/elsewhere", _folder, program));
        Assert.Equal(program, HubFolder.Find(program, "/elsewhere", _folder, program));
        Assert.Throws<MarrowException>(() => HubFolder.Find(Path.Combine(_folder, "absent"), null, _folder, program));
    }

    [Fact]
    public void An_empty_hub_is_said_to_be_empty()
    {
        Assert.Contains("no checkpoint", Call("hub", "list", "--hub", _folder).Output);
        using var document = JsonDocument.Parse(Call("hub", "list", "--hub", _folder, "--json").Output);
        Assert.Equal(0, document.RootElement.GetProperty("checkpoints").GetArrayLength());
        var (code, _, error) = Call("hub", "show", "densenet121.absent", "--hub", _folder);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("densenet121.absent", error);
    }

    [Fact]
    public void Every_mistake_of_a_recipe_is_shown_and_nothing_is_written()
    {
        var recipe = Path.Combine(_folder, "bad.yaml");
        File.WriteAllText(
            recipe,
            "name: bad\nstages:\n  - {name: a, task: clasify, model: densenet121}\n  - {name: a, tusk: 1}\n");
        var (code, output, error) = Call("run", recipe, "--out", Path.Combine(_folder, "run"));
        Assert.Equal(ExitCode.Failed, code);
        Assert.Empty(output);
        Assert.Contains("bad.yaml:3:", error);
        Assert.Contains("bad.yaml:4:", error);
        Assert.False(Directory.Exists(Path.Combine(_folder, "run")));
    }

    [Fact]
    public void A_file_that_begins_with_an_at_sign_is_a_file()
    {
        var (code, _, error) = Call("data", "preview", "csv", "@absent");
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("@absent", error);
    }
}
