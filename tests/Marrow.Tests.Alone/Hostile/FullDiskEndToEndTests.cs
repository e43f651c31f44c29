using System.Diagnostics;
using static Marrow.Tests.HostileRun;

namespace Marrow.Tests.Hostile;

/// <summary>
/// A disk of 1 MiB that fills up while a command writes: what was there before stays, nothing half is left.
/// </summary>
[Collection(nameof(HostileRun))]
public sealed class FullDiskEndToEndTests(HostileRun run)
{
    private sealed class SmallDisk : IDisposable
    {
        private const int KiB = 1024;

        public SmallDisk(string folder)
        {
            Assert.SkipUnless(
                OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
                "Only root on Linux can mount a small disk.");
            Folder = Directory.CreateDirectory(folder).FullName;
            Assert.SkipUnless(
                Execute("mount", "-t", "tmpfs", "-o", $"size={KiB}k", "tmpfs", Folder),
                "A small disk can't be mounted here.");
        }

        public string Folder { get; }

        public string this[string name] => Path.Combine(Folder, name);

        /// <summary>Leaves so many bytes, in whole pages.</summary>
        public void Fill(int leave)
        {
            var free = new DriveInfo(Folder).AvailableFreeSpace;
            File.WriteAllBytes(this["filler"], new byte[free - leave]);
        }

        public void Dispose() => Execute("umount", "-l", Folder);

        private static bool Execute(string program, params string[] arguments)
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardError = true }
            )!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }

    private static void NothingHalf(string folder) =>
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories), p =>
            Path.GetExtension(p) is ".tmp" or ".probe");

    [Fact]
    public void A_prediction_keeps_what_it_has_written_and_what_was_there()
    {
        using var disk = new SmallDisk(run.New("disk"));
        File.WriteAllText(disk["earlier.txt"], "kept");
        string[] predict =
        [
            "predict",
            Path.Combine(run.Spines, "data"),
            "--hub",
            run.Hub,
            "--checkpoint",
            "cobb-densenet-mini.spines",
            "--out",
            disk["out"],
            "--json",
        ];
        disk.Fill(leave: 48 << 10);
        Refused(Call(predict), disk.Folder, "can't be written", "free disk space");
        Assert.Equal("kept", File.ReadAllText(disk["earlier.txt"]));
        NothingHalf(disk.Folder);
        foreach (var json in Directory.GetFiles(disk["out"], "*.json"))
            Json(File.ReadAllText(json));
    }

    [Fact]
    public void Phantoms_that_do_not_fit_are_an_error_and_what_is_there_is_whole()
    {
        using var disk = new SmallDisk(run.New("disk"));
        disk.Fill(leave: 64 << 10);
        Refused(
            Call(
                "data",
                "phantom",
                "chexpert",
                disk["chests"],
                "--count",
                "200",
                "--width",
                "96",
                "--height",
                "96",
                "--json"),
            disk.Folder,
            "can't be written");
        NothingHalf(disk.Folder);
        foreach (var image in Directory.GetFiles(disk["chests"], "*.jpg", SearchOption.AllDirectories))
            Marrow.Imaging.RadiographReader.Read(image);
        Assert.False(File.Exists(disk["chests/train.csv"]));
    }

    [Fact]
    public void A_preview_that_does_not_fit_leaves_the_earlier_one()
    {
        using var disk = new SmallDisk(run.New("disk"));
        // Only a sheet of Marrow's own would be replaced at all.
        using var pixel = new SkiaSharp.SKBitmap(1, 1);
        using var data = pixel.Encode(SkiaSharp.SKEncodedImageFormat.Png, 100);
        var earlier = Marrow.Imaging.ResultMark.Mark(data.Span, "marrow data preview");
        File.WriteAllBytes(disk["sheet.png"], earlier);
        disk.Fill(leave: 8 << 10);
        Refused(
            Call("data", "preview", "spineweb16", run.Spines, "--out", disk["sheet.png"], "--json"),
            "sheet.png",
            "can't be written");
        Assert.Equal(earlier, File.ReadAllBytes(disk["sheet.png"]));
        NothingHalf(disk.Folder);
    }

    [Theory]
    [InlineData("safetensors", 16)]
    [InlineData("pth", 16)]
    [InlineData("onnx", 16)]
    [InlineData("bundle", 16)]
    [InlineData("bundle", 900)] // full at a later file
    public void An_export_that_does_not_fit_leaves_nothing(string format, int leaveKiB)
    {
        using var disk = new SmallDisk(run.New("disk"));
        disk.Fill(leaveKiB << 10);
        Refused(
            Call(
                "hub",
                "export",
                "densenet-mini.chests",
                "--hub",
                run.Hub,
                "--format",
                format,
                "--out",
                disk["out"],
                "--json"),
            disk["out"],
            "can't be written",
            "free disk space");
        Assert.Equal(["filler"], Directory.GetFileSystemEntries(disk.Folder).Select(Path.GetFileName));
    }

    /// <summary>
    /// At each size another file is the one that does not fit: description, log, split, weights, state.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(400)]
    public void A_run_that_does_not_fit_says_so_and_leaves_nothing_half_written(int leaveKiB)
    {
        using var disk = new SmallDisk(run.New("disk"));
        disk.Fill(leaveKiB << 10);
        string[] start =
        [
            "run",
            run.Recipe,
            "--data",
            $"chests={run.Chests}",
            "--data",
            $"spines={run.Spines}",
            "--out",
            disk["out"],
            "--hub",
            run.New("hub"),
            "--json",
        ];
        Refused(Call(start), disk.Folder, "can't be written", "free disk space");
        NothingHalf(disk.Folder);
    }

    [Fact]
    public void A_hub_that_does_not_fit_a_checkpoint_holds_no_half_of_it_and_the_run_goes_on_elsewhere()
    {
        using var disk = new SmallDisk(run.New("disk"));
        Directory.CreateDirectory(disk["hub"]);
        disk.Fill(leave: 100 << 10);
        var output = Path.GetFileName(run.New("out"));
        Refused(run.Start(output, "--hub", disk["hub"], "--json"), disk["hub"], "can't be written");
        NothingHalf(disk.Folder);
        var (_, list, _) = Call("hub", "list", "--hub", disk["hub"], "--json");
        Assert.Equal(0, Json(list).GetProperty("checkpoints").GetArrayLength());
        Done(run.Start(output, "--resume", "--json"));
    }
}
