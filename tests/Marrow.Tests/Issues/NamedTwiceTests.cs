using Marrow.Cli;
using Marrow.Datasets;
using Marrow.Training.Recipes;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Issues;

/// <summary>A list that names something twice is a slip of the pen, on the command line and in a recipe.</summary>
public sealed class NamedTwiceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("hub", "import", "x.pth", "--name", "densenet121.x", "--classes", "a,b,a")]
    [InlineData("hub", "import", "x.pth", "--name", "densenet121.x", "--classes", "a, ,b")]
    [InlineData("hub", "rank", "--data", "a=.", "--format", "csv", "--task", "classify", "--checkpoints", "a,b,a")]
    [InlineData("data", "check", "csv", ".", "--set", "labelColumns=a,a")]
    [InlineData("data", "check", "csv", ".", "--set", "maskClasses=a,a")]
    public void A_list_on_the_command_line_names_each_once(params string[] line)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.Equal(2, CommandLine.Run(line, output, error, CancellationToken.None));
        Assert.Matches("named twice|an empty", error.ToString());
    }

    [Fact]
    public void A_list_of_a_recipe_names_each_once()
    {
        WriteText(
            _folder["r.yaml"],
            "name: r",
            "stages:",
            "  - name: s",
            "    task: classify",
            "    model: densenet-mini",
            "    data: {format: csv, labelColumns: [a, b, a]}",
            "  - name: t",
            "    task: detect-vertebrae",
            "    model: retinanet-densenet-mini",
            "    data: {format: spineweb16}",
            "    detector: {anchorScales: [1, 2, 1.0]}");
        var message = Assert.Throws<MarrowException>(() => RecipeReader.Read(_folder["r.yaml"], [])).Message;
        Assert.Contains("labelColumns: 'a' is named twice", message, StringComparison.Ordinal);
        Assert.Contains("anchorScales: 1 is named twice", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_that_differ_by_case_alone_are_one_column()
    {
        WriteImage(_folder["a.png"], 1, 20, 20);
        WriteText(_folder["labels.csv"], "path,edema", "a.png,1");
        Assert.Contains(
            "twice",
            Assert
                .Throws<MarrowException>(() =>
                    DatasetCatalogue.Open(Request("csv", _folder.Path, new() { LabelColumns = ["edema", "Edema"] })))
                .Message,
            StringComparison.Ordinal);
    }
}
