using System.Text.Json;
using Marrow.Imaging;
using static Marrow.Tests.HostileRun;

namespace Marrow.Tests.Hostile;

/// <summary>Bad images, absent ones and odd folders as the commands meet them.</summary>
[Collection(nameof(HostileRun))]
public sealed class ImagesEndToEndTests(HostileRun run)
{
    private string[] Predict(string image, string output) =>
        ["predict", image, "--hub", run.Hub, "--out", output, "--checkpoint", "cobb-densenet-mini.spines", "--json"];

    /// <summary>Good films, and one of each kind of bad ones; the number of good ones.</summary>
    private int Films(string folder)
    {
        Directory.CreateDirectory(folder);
        var good = Directory.GetFiles(Path.Combine(run.Spines, "data", "training"))[..2];
        foreach (var (path, i) in good.Select((path, i) => (path, i)))
            File.Copy(path, Path.Combine(folder, $"good{i}.jpg"));
        var jpeg = File.ReadAllBytes(good[0]);
        File.WriteAllBytes(Path.Combine(folder, "cut.jpg"), jpeg[..(jpeg.Length / 2)]);
        File.WriteAllBytes(Path.Combine(folder, "empty.png"), []);
        File.WriteAllText(Path.Combine(folder, "text.png"), "not an image");
        File.WriteAllBytes(Path.Combine(folder, "dot.png"), TestPng.Encode(1, 1, 8, 0, false, (_, _, _) => 7));
        File.WriteAllBytes(
            Path.Combine(folder, "giant.png"),
            TestPng.Join(("IHDR", TestPng.Header(10000, 10000, 8, 0, false)), ("IDAT", []), ("IEND", [])));
        ImageWriter.WritePng8(Path.Combine(folder, "flipped.png"), 40, 90, new byte[3600]);
        Flip(Path.Combine(folder, "flipped.png"), 60);
        Directory.CreateDirectory(Path.Combine(folder, "folder.png"));
        return good.Length;
    }

    [Fact]
    public void Bad_images_among_good_ones_fail_by_name_and_spoil_nothing()
    {
        var (films, output) = (run.New("films"), run.New("out"));
        var good = Films(films);
        var (code, text, error) = Call(Predict(films, output));

        Assert.Equal(1, code);
        var predictions = Json(text)
            .GetProperty("predictions")
            .EnumerateArray()
            .ToDictionary(
                p => Path.GetFileName(p.GetProperty("file").GetString()!),
                p => p.GetProperty("status").GetString());
        string[] bad = ["cut.jpg", "dot.png", "empty.png", "flipped.png", "giant.png", "text.png"];
        Assert.Equal(bad, predictions.Where(p => p.Value == "failed").Select(p => p.Key).Order(StringComparer.Ordinal));
        Assert.Equal(good + bad.Length, predictions.Count);
        Assert.All(bad, name => Assert.Contains($"warning: {Path.Combine(films, name)}: expected ", error));
        Assert.DoesNotContain("   at ", error);
        var rows = File.ReadAllLines(Path.Combine(output, "predictions.csv"));
        Assert.Equal(1 + predictions.Count, rows.Length);
        Assert.Equal(bad.Length, rows.Count(r => r.EndsWith(",failed", StringComparison.Ordinal)));
        Assert.Equal(good, Directory.GetFiles(output, "*.overlay.png").Length);
    }

    [Fact]
    public void Mutated_images_are_predicted_or_fail_by_name()
    {
        var (films, output) = (run.New("mutated"), run.New("out"));
        Directory.CreateDirectory(films);
        var jpeg = File.ReadAllBytes(Directory.GetFiles(Path.Combine(run.Spines, "data", "training"))[0]);
        var random = new SeededRandom(5);
        for (var i = 0; i < 30; i++)
        {
            var bytes = jpeg.ToArray();
            for (var change = 0; change <= i % 4; change++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(Path.Combine(films, $"{i}.jpg"), bytes);
        }
        var (_, text, error) = Call(Predict(films, output));
        Assert.Equal(30, Json(text).GetProperty("predictions").GetArrayLength());
        Assert.DoesNotContain("unexpected", error);
    }

    [Fact]
    public void What_can_not_be_an_image_is_refused_before_anything_is_written()
    {
        var output = run.New("out");
        var empty = Directory.CreateDirectory(run.New("empty")).FullName;
        Refused(Call(Predict(Path.Combine(run.Folder, "absent.png"), output)), "absent.png", "nothing of that name");
        Refused(Call(Predict(empty, output)), empty, "a folder with images");
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void An_unreadable_image_fails_by_name()
    {
        Assert.SkipWhen(
            OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess,
            "Permissions do not bind root, and Windows has others.");
        var (films, output) = (run.New("locked"), run.New("out"));
        Films(films);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path.Combine(films, "good0.jpg"), UnixFileMode.None);
        var (code, _, error) = Call(Predict(films, output));
        Assert.Equal(1, code);
        Assert.Contains("good0.jpg: can't be opened", error);
    }

    [Fact]
    public void An_output_folder_that_is_a_file_stays_as_it_is()
    {
        var file = run.New("file");
        File.WriteAllText(file, "kept");
        Refused(Call(Predict(Path.Combine(run.Spines, "data"), file)), file, "can't be written");
        Assert.Equal("kept", File.ReadAllText(file));
    }

    [Fact]
    public void Images_of_wildly_different_sizes_without_a_spine_are_all_looked_at_and_none_is_measured()
    {
        var (films, output) = (run.New("sizes"), run.New("out"));
        Directory.CreateDirectory(films);
        foreach (var (width, height) in ((int, int)[])[(16, 16), (16, 4000), (4000, 16), (3000, 2000)])
            ImageWriter.WritePng8(
                Path.Combine(films, $"{width}x{height}.png"),
                width,
                height,
                [.. Enumerable.Range(0, width * height).Select(i => (byte)(i * 7))]);
        var (code, text, error) = Call(["predict", films, "--hub", run.Hub, "--out", output, "--json"]);
        Assert.Equal(1, code);
        Assert.DoesNotContain("unexpected", error);
        var predictions = Json(text).GetProperty("predictions").EnumerateArray().ToList();
        Assert.Equal(4, predictions.Count);
        Assert.All(predictions, p =>
            Assert.Equal(
                ("refused", JsonValueKind.Null, JsonValueKind.Null),
                (
                    p.GetProperty("status").GetString(),
                    p.GetProperty("cobbDegrees").ValueKind,
                    p.GetProperty("severity").ValueKind)));
        Assert.All(predictions, p =>
            Assert.StartsWith(
                "No whole spine was found",
                p.GetProperty("warnings")[0].GetString(),
                StringComparison.Ordinal));
    }

    [Fact]
    public void A_check_lists_bad_images_and_a_preview_and_a_run_name_them()
    {
        var data = run.Copy(run.Spines, "spines");
        var film = Directory.GetFiles(Path.Combine(data, "data", "training")).Order(StringComparer.Ordinal).First();
        File.WriteAllBytes(film, File.ReadAllBytes(film)[..700]);

        var (code, text, _) = Call("data", "check", "spineweb16", data, "--json");
        Assert.Equal(0, code);
        Assert.Contains(Json(text).GetProperty("faults").EnumerateArray(), f =>
            f.GetProperty("file").GetString() == $"data/training/{Path.GetFileName(film)}");

        var sheet = Path.Combine(run.New("sheet"), "sheet.png");
        var preview = Call("data", "preview", "spineweb16", data, "--out", sheet, "--json");
        Assert.DoesNotContain("unexpected", preview.Error);
        var evaluated = Call(
            "evaluate",
            "cobb-densenet-mini.spines",
            "--data",
            $"spines={data}",
            "--split",
            "all",
            "--hub",
            run.Hub,
            "--json");
        Refused(evaluated, Path.GetFileName(film), "can't be read");
    }
}
