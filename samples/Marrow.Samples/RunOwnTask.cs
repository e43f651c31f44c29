using Marrow.Backbones;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Samples;

/// <summary>Trains a task and a backbone of one's own by a recipe, and asks the checkpoint about a film.</summary>
public static class RunOwnTask
{
    public static IReadOnlyList<StageResult> Run(string dataFolder, string outFolder, string hubFolder)
    {
        var recipePath = Path.Combine(AppContext.BaseDirectory, "steps.yaml");
        // <sample>
        TaskCatalogue.Add(new Steps());
        BackboneCatalogue.Add("plain", channels => new PlainBackbone(channels));
        var request = new RunRequest
        {
            Recipe = RecipeReader.Read(recipePath, overrides: []), // task: steps, model: steps-plain
            DataFolders = new Dictionary<string, string> { ["own"] = dataFolder },
            OutFolder = outFolder,
            HubFolder = hubFolder,
            Resolve = new LocalHub(hubFolder).Resolve,
        };
        var results = Runner.Run(request, told => Console.WriteLine($"step {told.Step} of {told.Steps}"));
        foreach (var metric in results[0].Metrics)
            Console.WriteLine($"{metric.Name} {metric.Value:F2} [{metric.Low:F2}, {metric.High:F2}] {metric.Unit}");
        // </sample>
        using var predictor = PredictorSet.Open(new LocalHub(hubFolder), "steps-plain.own");
        var (finding, _) = predictor.Predict(Path.Combine(dataFolder, "images", "0001.jpg"));
        foreach (var value in finding.Part<NumbersPart>()!.Values)
            Console.WriteLine($"{finding.File}: {value.Name} {value.Value:F1} {value.Unit}");
        return results;
    }
}
