using Marrow.Findings;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Reports;

namespace Marrow.Samples;

/// <summary>Which places of an image a checkpoint's answers come from.</summary>
public static class Explain
{
    public static void Run(string hubFolder, string name, string imagePath, string resultFolder)
    {
        // <sample>
        using var predictor = PredictorSet.Open(new LocalHub(hubFolder), name);
        var (finding, radiograph) = predictor.Explain(imagePath); // with names: of these classes or numbers

        foreach (var explanation in finding.Part<ExplanationsPart>()?.Explanations ?? [])
        {
            var heat = explanation.HeatPixels(); // of each pixel of the image; 255 is the strongest
            Console.WriteLine($"{explanation.Of.Name}: {explanation.Peak}, {heat.Count(h => h > 127)} px of half that");
        }

        // Beside the other files NAME.explain-1.png and NAME.heat-1.png.
        new FindingFiles(resultFolder, predictor.Columns).Add(finding, radiograph);
        // </sample>
    }
}
