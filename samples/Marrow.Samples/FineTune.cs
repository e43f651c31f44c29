using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Samples;

/// <summary>From a folder of films and a CSV of their labels to a checkpoint that was fine-tuned on them.</summary>
public static class FineTune
{
    public static StageResult Run(string hubFolder, string filmFolder, string outFolder)
    {
        var recipePath = Path.Combine(AppContext.BaseDirectory, "fine-tune.yaml");
        var ownHub = Path.Combine(outFolder, "hub");
        // <sample>
        var request = new RunRequest
        {
            Recipe = RecipeReader.Read(recipePath, overrides: []), // init: resnet16-mlnet.cxr-pediatric
            DataFolders = new Dictionary<string, string> { ["own"] = filmFolder }, // labels.csv and the films it names
            OutFolder = outFolder,
            HubFolder = ownHub, // for what is made
            Resolve = new LocalHub(hubFolder).Resolve, // for what it starts from
        };
        var tuned = Runner.Run(request, told => Console.WriteLine($"step {told.Step} of {told.Steps}")).Single();
        Console.WriteLine($"{tuned.Receipt?.BackboneCoverage:P0} of the backbone's numbers were learnt before.");
        foreach (var metric in tuned.Metrics)
            Console.WriteLine($"{metric.Name} {metric.Value:F2} [{metric.Low:F2}, {metric.High:F2}] {metric.Unit}");

        using var predictor = PredictorSet.Open(new LocalHub(ownHub), tuned.Checkpoint);
        // </sample>
        return tuned;
    }
}
