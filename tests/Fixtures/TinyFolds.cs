using Marrow.Phantoms;
using Marrow.Training.Experiments.Folds;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;

namespace Marrow.Tests;

/// <summary>
/// A recipe of pictures that are no spines, a detector that starts from them and a regressor that starts from it, on 18
/// phantom films, in steps that take seconds.
/// </summary>
internal sealed class TinyFolds : IDisposable
{
    public const int Folds = 3, Films = 18;
    private const string Train = "batch: 4, lr: 2.0e-3, precision: f32, channelsLast: false, saveEverySeconds: 0";

    private readonly TinyRun _pictures = new();

    public TinyFolds()
    {
        var options = new PhantomOptions { Width = 64, Height = 160 };
        PhantomWriter.WriteSpine(Spines, Films, seed: 5, options);
        File.WriteAllText(RecipePath, $$"""
            name: tiny-folds
            seed: 3
            stages:
              - name: pictures
                task: classify
                model: densenet-mini
                tag: pictures
                data: {name: tiny, format: csv, validation: 0}
                input: {width: 32, height: 32}
                train: {steps: 2, {{Train}}}
              - name: landmarks
                task: detect-vertebrae
                model: retinanet-densenet-mini
                tag: folds
                init: pictures
                data: {name: spines, format: spineweb16, validation: 0}
                input: {width: 32, height: 96, fit: stretch}
                detector: {pyramidChannels: 16, headConvolutions: 1}
                train: {steps: 3, {{Train}}}
              - name: cobb
                task: regress-cobb
                model: cobb-densenet-mini
                tag: folds
                init: landmarks
                data: {name: spines, format: spineweb16, validation: 0}
                input: {width: 32, height: 96, fit: stretch}
                train: {steps: 2, {{Train}}}
            """);
    }

    public string Folder => _pictures.Folder;
    public string Spines => Path.Combine(Folder, "spines");
    public string RecipePath => Path.Combine(Folder, "folds.yaml");
    public string Out(string name) => Path.Combine(Folder, name);

    public CrossValidationRequest Request(
        string outName, bool resume = false, bool fast = false, params string[] overrides) => new()
        {
            Recipe = RecipeReader.Read(RecipePath, overrides),
            DataFolders = new Dictionary<string, string> { ["tiny"] = _pictures.Data, ["spines"] = Spines },
            OutFolder = Out(outName),
            Folds = Folds,
            Resume = resume,
            Fast = fast,
            Command = ["marrow", "experiment", "folds.yaml", "--folds", "3"],
            Resolve = name => throw new MarrowException($"{name}: no hub here."),
        };

    public static CrossValidationResult Run(
        CrossValidationRequest request, Action<RunEvent>? report = null, CancellationToken? cancellation = null) =>
        CrossValidation.Run(request, report ?? (_ => { }), cancellation ?? TestContext.Current.CancellationToken);

    public void Dispose() => _pictures.Dispose();
}
