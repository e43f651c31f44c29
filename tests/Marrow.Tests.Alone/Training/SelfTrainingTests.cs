using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Phantoms;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

public sealed class SelfTrainingTests : IDisposable
{
    private const string Recipe = """
        name: two-rounds
        seed: 3
        heldOut: 0.2
        stages:
          - name: ignore
            task: classify
            model: densenet-mini
            tag: ignore
            data: {name: chests, format: chexpert, blank: masked, uncertain: {default: ignore}, validation: 0.2}
            input: {width: 32, height: 32}
            train: {steps: 4, batch: 8, lr: 1.0e-3}
          - name: soft
            task: classify
            model: densenet-mini
            tag: soft
            data: {name: chests, format: chexpert, blank: masked, uncertain: {default: self-trained, Edema: ignore}, softLabelsFrom: ignore, validation: 0.2}
            input: {width: 32, height: 32}
            train: {steps: 2, batch: 8, lr: 1.0e-3}
        """;

    private readonly TemporaryFolder _folder = new();

    public SelfTrainingTests() => PhantomWriter.WriteChest(_folder["chests"], 60, 5, new() { Width = 64, Height = 64 });

    public void Dispose() => _folder.Dispose();

    private RunRequest Request(string recipe = Recipe) => new()
    {
        Recipe = RecipeReader.Parse(recipe, "r.yaml", []),
        DataFolders = new Dictionary<string, string> { ["chests"] = _folder["chests"] },
        OutFolder = _folder["out"],
        HubFolder = _folder["hub"],
        Resolve = name => throw new MarrowException($"{name}: no hub here."),
    };

    [Fact]
    public void Uncertain_labels_become_probabilities_and_certain_ones_stay()
    {
        var request = Request();
        var said = new List<string>();
        var results = Runner.Run(request, e => said.Add(e.Message ?? ""), TestContext.Current.CancellationToken);
        var path = Path.Combine(_folder["out"], "soft", "soft-labels.csv");
        var soft = CsvTable.Read(path, hasHeader: true);
        var raw = CsvTable.Read(Path.Combine(_folder["chests"], "train.csv"), hasHeader: true);

        // The stage's own training samples, made again from the checkpoint that the run left.
        var stage = request.Recipe.Stages[1];
        var data = StageSamples.Read(request.Recipe, stage, _folder["chests"]);
        using var first = Checkpoint.Load(results[0].Folder);
        var learnt = Apply(request, stage, data, first, Path.Combine(_folder["out"], "soft"));

        var (certain, uncertain, blank) = (0, 0, 0);
        foreach (var sample in learnt.Training)
        {
            var row = Assert.Single(raw.Rows, r => r.Fields[0].EndsWith(sample.Id, StringComparison.Ordinal));
            var probabilities = soft.Rows.FirstOrDefault(r => r.Fields[0] == sample.Id);
            for (var f = 0; f < CheXpert.Findings.Length; f++)
            {
                var cell = raw.Number(row, raw.Column(CheXpert.Findings[f]), blank: true);
                var isUncertain = cell == -1 && CheXpert.Findings[f] != "Edema";
                var expected = isUncertain ? soft.Number(probabilities, f + 1) : cell == -1 ? double.NaN : cell;
                Assert.Equal((float)expected, sample.Labels[f]);
                (certain, uncertain, blank) = (
                    certain + (cell is 0 or 1 ? 1 : 0),
                    uncertain + (isUncertain ? 1 : 0),
                    blank + (double.IsNaN(cell) ? 1 : 0));
                if (isUncertain)
                    Assert.InRange(sample.Labels[f], 0.001f, 0.999f);
            }
        }
        Assert.True(certain > 50 && uncertain > 4 && blank > 50, $"{certain}, {uncertain}, {blank}");
        Assert.Contains(said, m =>
            m.StartsWith(
                $"{uncertain} uncertain labels are now the probabilities of densenet-mini.ignore",
                StringComparison.Ordinal));

        // What chooses and what measures knows no soft labels, and no other image has any.
        Assert.All(learnt.Validation.Concat(learnt.HeldOut), s =>
            Assert.All(s.Labels, l => Assert.True(l is 0 or 1 or float.NaN)));
        var training = learnt.Training.Select(s => s.Id).ToHashSet();
        Assert.All(soft.Rows, r => Assert.Contains(r.Fields[0], training));

        using var second = Checkpoint.Load(results[1].Folder);
        Assert.Equal(
            (first.Name, first.Digest, "labels"),
            Assert.Single(second.Parents.Checkpoints) is var p ? (p.Name, p.Digest, p.Role) : default);
        Assert.Null(Assert.Single(second.Parents.Datasets).Use!.Options.SoftLabels);
    }

    [Fact]
    public void The_probabilities_are_those_of_the_first_model()
    {
        var request = Request();
        var stage = request.Recipe.Stages[1];
        var results = Runner.Run(
            new(request)
            {
                Recipe = request.Recipe.Only(["ignore"]),
            },
            _ => { },
            TestContext.Current.CancellationToken);
        using var first = Checkpoint.Load(results[0].Folder);
        var data = StageSamples.Read(request.Recipe, stage, _folder["chests"]);
        Directory.CreateDirectory(_folder["other"]);
        Apply(request, stage, data, first, _folder["other"]);
        var soft = CsvTable.Read(Path.Combine(_folder["other"], "soft-labels.csv"), hasHeader: true);

        var sample = data.Training.First(s => s.Id == soft.Rows[3].Fields[0]);
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var model = (Marrow.Tasks.Classify.Classifier)first.BuildModel();
        var image = Marrow.Inputs.Preprocessor.ToTensor(
            [Marrow.Inputs.Preprocessor.Load(sample.ImagePath, first.Config.Input)],
            first.Config.Input);
        var expected = model.forward(image).sigmoid().data<float>().ToArray();
        for (var f = 0; f < expected.Length; f++)
            Assert.Equal(expected[f], soft.Number(soft.Rows[3], f + 1), 0.02); // bf16 where the machine has it
    }

    [Theory]
    [InlineData(
        "uncertain: {default: self-trained, Edema: ignore}",
        "uncertain: {default: ones}",
        "no finding asks for it"
    )]
    [InlineData("softLabelsFrom: ignore", "softLabelsFrom: later", "'later' is no earlier stage")]
    [InlineData("softLabelsFrom: ignore", "softLabelsFrom: ignore, softLabels: s.csv", "softLabels gives them already")]
    [InlineData(
        "task: classify\n    model: densenet-mini\n    tag: soft",
        "task: regress-cobb\n    model: cobb-densenet-mini\n    tag: soft",
        "has no uncertain labels"
    )]
    public void A_recipe_that_makes_no_sense_is_refused(string from, string to, string message)
    {
        Assert.Contains(from, Recipe);
        Assert.Contains(
            message,
            Assert.Throws<MarrowException>(() => Request(Recipe.Replace(from, to, StringComparison.Ordinal))).Message);
    }

    [Fact]
    public void A_first_model_of_other_findings_is_refused()
    {
        using var model = Drafts.Model();
        using var other = Drafts.Of(model).Save(_folder["hub"]);
        var recipe = RecipeReader.Parse(Recipe, "r.yaml", []);
        var data = StageSamples.Read(recipe, recipe.Stages[1], _folder["chests"]);
        var message = Assert
            .Throws<MarrowException>(() =>
                Apply(new(Request()) { Recipe = recipe }, recipe.Stages[1], data, other, _folder.Path))
            .Message;
        Assert.Contains("a checkpoint that knows No Finding", message);
    }

    [Fact]
    public void A_stage_left_out_is_then_a_checkpoint() =>
        Assert.Equal("densenet-mini.ignore", Request().Recipe.Only(["soft"]).Stages[0].Data.SoftLabelsFrom);

    private static StageSamples Apply(
        RunRequest request,
        Stage stage,
        StageSamples data,
        Checkpoint first,
        string folder)
    {
        var done = new Dictionary<string, StageResult>();
        using var context = new StageContext(
            request,
            stage,
            folder,
            done,
            _ => { },
            TestContext.Current.CancellationToken);
        return SelfTraining.Apply(data, first, context);
    }
}
