using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Marrow.Hub;
using Marrow.Phantoms;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Training.Demo;

/// <summary>
/// The whole recipe on synthetic radiographs: phantoms -> features from chests -> detector, warm and from scratch ->
/// regressor, warm and from scratch -> both compared on held-out films -> report. All by the readers, the runner and
/// the predictor that serve real radiographs.
/// </summary>
public static class DemoRun
{
    internal const string RecipeName = "recipes/demo.yaml";

    /// <summary>The stage that makes the phantoms, in events.</summary>
    internal const string PhantomStage = "phantoms";

    // About 2 mm a pixel of chest and spine alike: what is learned of one at a scale is there in the other.
    private static readonly PhantomOptions ChestFilms = new() { Width = 144, Height = 144, ValidationShare = 0 };
    private static readonly PhantomOptions SpineFilms = new() { Width = 160, Height = 432, RepeatedFilms = 0 };

    /// <summary>The text of recipes/demo.yaml as it was built in.</summary>
    internal static string RecipeText()
    {
        using var stream = typeof(DemoRun).Assembly.GetManifestResourceStream(RecipeName)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>
    /// Makes, trains, measures and writes the report. Throws <see cref="MarrowException"/> when the folder can't be
    /// used and <see cref="OperationCanceledException"/> when cancelled; called again, it then goes on.
    /// </summary>
    public static DemoResult Run(DemoRequest request, Action<RunEvent> report, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        var text = RecipeText();
        string[] overrides =
        [
            string.Create(CultureInfo.InvariantCulture, $"seed={request.Seed}"),
            .. request.Overrides,
        ];
        var recipe = RecipeReader.Parse(text, RecipeName, overrides);
        var folder = DemoFolder.Open(request, text);
        if (folder.Resumes)
            Say(report, $"going on with the demo in {folder.Root}");
        else if (folder.Root != request.OutFolder)
            Say(report, $"{request.OutFolder} holds another demo; this one goes to {folder.Root}");
        MakePhantoms(request, folder, report, cancellation);

        var stages = Runner.Run(new()
        {
            Recipe = recipe,
            DataFolders = new Dictionary<string, string> { ["chests"] = folder.Chests, ["spines"] = folder.Spines },
            OutFolder = folder.Run,
            HubFolder = folder.Hub,
            Resume = folder.Resumes,
            AllowChanged = [RunRequest.Threads],
            Command = request.Command,
            Resolve = new LocalHub(folder.Hub).Resolve,
        }, report, cancellation).ToDictionary(s => s.Stage);

        var films = HeldOutFilms.Measure(folder, stages, cancellation);
        IReadOnlyList<DemoComparison> comparisons =
        [
            films.Compare("detector", "the chest checkpoint", stages["landmarks"], stages["landmarks-scratch"]),
            films.Compare("regressor", "the detector's CNN", stages["cobb"], stages["cobb-scratch"]),
        ];
        var result = new DemoResult(
            folder: folder.Root,
            page: folder.Report,
            sentence: DemoSentence.Of(comparisons),
            seed: request.Seed,
            seconds: clock.Elapsed.TotalSeconds,
            peakMemoryGiB: Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 30),
            comparisons: comparisons,
            stages: [.. recipe.StageNames.Select(name => stages[name])]);
        DemoReport.Write(result, recipe, films, request);
        AtomicFile.WriteText(folder.Result, JsonSerializer.Serialize(DemoDocument.Of(result), MarrowJson.Options));
        return result;
    }

    private static void MakePhantoms(
        DemoRequest request,
        DemoFolder folder,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        const int parts = 2;
        Report(0, null);
        // The labels are written last: where they are, the films are.
        if (!File.Exists(Path.Combine(folder.Chests, "train.csv")))
            PhantomWriter.WriteChest(folder.Chests, request.Chests, request.Seed, ChestFilms, cancellation);
        Report(1, string.Create(CultureInfo.InvariantCulture, $"{request.Chests} chests in {folder.Chests}"));
        if (!File.Exists(Path.Combine(folder.Spines, "labels", "training", "filenames.csv")))
            PhantomWriter.WriteSpine(folder.Spines, request.Spines, request.Seed, SpineFilms, cancellation);
        Report(parts, string.Create(CultureInfo.InvariantCulture, $"{request.Spines} spines in {folder.Spines}"));

        void Report(int done, string? message) =>
            report(RunEvent.Of(new(PhantomStage, done, parts, ProgressUnit.Steps), message));
    }

    private static void Say(Action<RunEvent> report, string message) =>
        report(new(stage: PhantomStage) { Message = message });
}
