using Marrow.Findings;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Reports;

namespace Marrow.Samples;

/// <summary>What a hub's checkpoint says of an image, as values, as JSON and as a picture.</summary>
public static class Predict
{
    public static void Run(string hubFolder, string name, string imagePath, string resultFolder)
    {
        // <sample>
        using var predictor = PredictorSet.Open(new LocalHub(hubFolder), name); // without a name: the whole hub
        var (finding, radiograph) = predictor.Predict(imagePath);

        Console.WriteLine($"{finding.File}: {finding.Status} {string.Join(' ', finding.Warnings)}");
        foreach (var value in finding.Part<ClassesPart>()?.Values ?? [])
            Console.WriteLine($"{value.Name} {value.Value:F3}");
        Console.WriteLine(FindingJson.Write(finding)); // the document that docs/finding.schema.json describes

        var files = new FindingFiles(resultFolder, predictor.Columns); // NAME.json, NAME.overlay.png, predictions.csv
        files.Add(finding, radiograph);
        files.WriteCsv();
        // </sample>
    }
}
