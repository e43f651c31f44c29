using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Issues;

/// <summary>
/// What a run refuses, a check of the same data says, and what the check finds no fault in, a run takes.
/// </summary>
public sealed class CheckAndRunTests : IDisposable
{
    private const int Films = 8, Side = 40;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private sealed record Case(string Task, string Data, Action<CheckAndRunTests> Spoil);

    private static readonly Dictionary<string, Case> Faulty = new()
    {
        ["masks of 0 and 254"] = new("segment", "format: csv, maskColumn: mask", t => t.Mask(3, 254)),
        ["masks of more classes than are named"] = new(
            "segment",
            "format: csv, maskColumn: mask, maskClasses: [a, b]",
            t => t.Mask(3, 3)),
        ["a mask of another size"] = new("segment", "format: csv, maskColumn: mask", t => t.Mask(3, 1, Side + 1)),
        ["a mask that is not there"] = new("segment", "format: csv, maskColumn: mask", t =>
            File.Delete(t._folder["masks/3.png"])),
        ["a folder's mask of 0 and 254"] = new("segment", "format: images, masks: masks", t => t.Mask(3, 254)),
        ["a folder of masks with other names"] = new("segment", "format: images, masks: none", t =>
            Directory.CreateDirectory(t._folder["none"])),
        ["points as shares"] = new("points", "format: csv, kind: points", t =>
            t.Cells(("eye_x", i => "0.5"), ("eye_y", i => "0.25"), ("ear_x", i => "0.75"), ("ear_y", i => "1"))),
        ["one row of shares"] = new("points", "format: csv, kind: points", t =>
            t.Cells(
                ("eye_x", i => i == 2 ? "0.5" : "20"),
                ("ear_y", i => i == 2 ? "0.5" : "20"),
                ("eye_y", i => i == 2 ? "0.5" : "20"),
                ("ear_x", i => i == 2 ? "0.5" : "20"))),
        ["a point outside"] = new("points", "format: csv, kind: points", t =>
            t.Cells(("eye_x", i => i == 2 ? "41" : "20"))),
        ["half a point"] = new("points", "format: csv, kind: points", t => t.Cells(("eye_x", i => i == 2 ? "" : "20"))),
        ["shares over 1"] = new("points", "format: csv, kind: points, coordinates: shares", _ => { }),
        ["a number in words"] = new("regress", "format: csv, labelColumns: [age]", t =>
            t.Cells(("age", i => i == 2 ? "old" : "20"))),
        ["no number at all"] = new("regress", "format: csv, labelColumns: [age]", t => t.Cells(("age", _ => ""))),
        ["no finding known"] = new("classify", "format: csv, kind: findings, labelColumns: [edema, age]", t =>
            t.Cells(("edema", _ => ""), ("age", _ => ""))),
        ["a finding of 2"] = new("classify", "format: csv, kind: findings, labelColumns: [edema, blank]", t =>
            t.Cells(("edema", i => i == 5 ? "2" : "0"))),
        ["one class"] = new("classify", "format: csv", t => t.Cells(("label", _ => "x"))),
        ["one patient"] = new("classify", "format: csv", t => t.Cells(("patient", _ => "p"))),
        ["every row missing"] = new("classify", "format: csv", t => t.Cells(("path", i => $"none/{i}.tif"))),
        ["a path out of the folder"] = new("classify", "format: csv", t =>
            t.Cells(("path", i => i == 4 ? "../x.png" : $"images/{i}.png"))),
        ["a truncated image"] = new("classify", "format: csv", t =>
            File.WriteAllBytes(t._folder["images/3.png"], File.ReadAllBytes(t._folder["images/3.png"])[..^40])),
        ["an image of 8 pixels"] = new("classify", "format: csv", t => WriteImage(t._folder["images/3.png"], 3, 8, 8)),
        ["an unknown column"] = new("classify", "format: csv, labelColumns: [nothing]", _ => { }),
    };

    private static readonly Dictionary<string, (string Task, string Data)> Sound = new()
    {
        ["masks"] = ("segment", "format: csv, maskColumn: mask"),
        ["a folder of masks"] = ("segment", "format: images, masks: masks"),
        ["points"] = ("points", "format: csv, kind: points"),
        ["numbers"] = ("regress", "format: csv, labelColumns: [age]"),
        ["findings"] = ("classify", "format: csv, kind: findings, labelColumns: [edema, blank]"),
        ["classes"] = ("classify", "format: csv"),
    };

    public static TheoryData<string> FaultyNames => [.. Faulty.Keys];

    public static TheoryData<string> SoundNames => [.. Sound.Keys];

    [Theory]
    [MemberData(nameof(FaultyNames))]
    public void What_a_run_refuses_a_check_says(string name)
    {
        var (task, data, spoil) = Faulty[name];
        Write();
        spoil(this);
        Assert.NotNull(Run(task, data));
        Assert.NotEmpty(Check(task, data));
    }

    [Theory]
    [MemberData(nameof(SoundNames))]
    public void What_a_check_finds_no_fault_in_a_run_takes(string name)
    {
        var (task, data) = Sound[name];
        Write();
        Assert.Empty(Check(task, data));
        Assert.Null(Run(task, data));
    }

    [Fact]
    public void Points_as_shares_are_read_when_it_is_said()
    {
        Write();
        Cells(("eye_x", _ => "0.5"), ("eye_y", _ => "0.25"), ("ear_x", _ => "1"), ("ear_y", _ => ""));
        Cells(("ear_x", _ => ""));
        var data = DatasetCatalogue.Open(
            Request("csv", _folder.Path, new() { Kind = "points", Coordinates = "shares" }));
        Assert.All(data.Samples, s => Assert.Equal(new Point2D(0.5 * Side, 0.25 * Side), s.Points[0]));
        Assert.All(data.Samples, s => Assert.True(double.IsNaN(s.Points[1].X)));
        Assert.Contains(
            "coordinates: shares",
            Assert
                .Throws<MarrowException>(() =>
                    DatasetCatalogue.Open(Request("csv", _folder.Path, new() { Kind = "points" })))
                .Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_names_the_mask_and_its_value()
    {
        Write();
        Mask(3, 254);
        var fault = Assert.Single(DataCheck.Run(Request("csv", _folder.Path, new() { MaskColumn = "mask" })).Faults);
        Assert.Equal(("bad-mask", "images/3.png"), (fault.Kind, fault.File));
        Assert.Contains("254", fault.Detail, StringComparison.Ordinal);
    }

    private void Write()
    {
        for (var i = 0; i < Films; i++)
        {
            WriteImage(_folder[$"images/{i}.png"], i, Side, Side);
            Mask(i, 1);
        }
        _columns = new()
        {
            ["path"] = i => $"images/{i}.png",
            ["patient"] = i => $"p{i}",
            ["label"] = i => i % 2 == 0 ? "x" : "y",
            ["age"] = i => $"{20 + i}",
            ["edema"] = i => $"{i % 2}",
            ["blank"] = _ => "0",
            ["mask"] = i => $"masks/{i}.png",
            ["eye_x"] = _ => "20",
            ["eye_y"] = _ => "20",
            ["ear_x"] = _ => "20",
            ["ear_y"] = _ => "20",
        };
        Cells();
    }

    private Dictionary<string, Func<int, string>> _columns = [];

    /// <summary>Columns with other cells; the table is written anew.</summary>
    private void Cells(params (string Column, Func<int, string> Cell)[] changes)
    {
        foreach (var (column, cell) in changes)
            _columns[column] = cell;
        WriteText(
            _folder["labels.csv"],
            [
                string.Join(',', _columns.Keys),
                .. Enumerable.Range(0, Films).Select(i => string.Join(',', _columns.Values.Select(text => text(i)))),
            ]);
    }

    private void Mask(int film, byte value, int side = Side) =>
        ImageWriter.WritePng8(
            _folder[$"masks/{film}.png"],
            side,
            side,
            [.. Enumerable.Range(0, side * side).Select(i => i % side < side / 2 + film ? value : (byte)0)]);

    private Stage Stage(string task, string data, out Recipe recipe)
    {
        var prefix = task == "classify" ? "" : task + "-";
        WriteText(
            _folder["recipe.yaml"],
            "name: r",
            "stages:",
            "  - name: s",
            $"    task: {task}",
            $"    model: {prefix}densenet-mini",
            $"    data: {{name: d, {data}, heldOut: 0.25, validation: 0.2}}",
            "    input: {width: 32, height: 32}",
            "    train: {batch: 2}");
        recipe = RecipeReader.Read(_folder["recipe.yaml"], []);
        return recipe.Stages[0];
    }

    /// <summary>The error of all that a run does before it trains; null without one.</summary>
    private string? Run(string task, string data)
    {
        try
        {
            var stage = Stage(task, data, out var recipe);
            var samples = StageSamples.Read(recipe, stage, _folder.Path);
            var input = stage.Input.ToContract();
            using var cache = samples.Pack(input, progress: null, TestContext.Current.CancellationToken);
            if (task == "segment")
                MaskPack
                    .Open(
                        [.. samples.Training, .. samples.Validation, .. samples.HeldOut],
                        input,
                        samples.Dataset.MaskClasses.Count,
                        cancellation: TestContext.Current.CancellationToken)
                    .Dispose();
            return null;
        }
        catch (MarrowException e)
        {
            return e.Message;
        }
    }

    /// <summary>Its faults, or the error that it ends with.</summary>
    private List<string> Check(string task, string data)
    {
        try
        {
            var stage = Stage(task, data, out _);
            return
            [
                .. DataCheck
                    .Run(Request(stage.Data.Format, _folder.Path, stage.Data.Options))
                    .Faults.Select(f => f.Kind),
            ];
        }
        catch (MarrowException e)
        {
            return [e.Message];
        }
    }
}
