using Marrow.Hub;
using Marrow.Training.Experiments;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests;

/// <summary>
/// An experiment of <see cref="TinyRun"/>'s recipe: 24 pictures of 12 patients, 9 of them to train on, runs of four
/// steps.
/// </summary>
internal sealed class TinyExperiment : IDisposable
{
    public const string Start = "densenet-mini.parent";

    public TinyRun Tiny { get; } =
        new(train: "steps: 4, batch: 4, lr: 3.0e-3, precision: f32, channelsLast: false, saveEverySeconds: 0");
    public string Hub => Path.Combine(Tiny.Folder, "hub");
    public string Out(string name) => Path.Combine(Tiny.Folder, name);

    /// <summary>A checkpoint of the same backbone in the hub.</summary>
    public TinyExperiment WithStart()
    {
        Runner.Run(
            new(Tiny.Request("parent", false, "seed=9", "first.tag=parent", "first.train.steps=1"))
            {
                HubFolder = Hub,
            },
            _ => { },
            TestContext.Current.CancellationToken);
        return this;
    }

    public ExperimentRequest Request(string outName, params string[] overrides) => new()
    {
        Recipe = RecipeReader.Read(Tiny.RecipePath, ["first.data.validation=0", .. overrides]),
        DataFolders = new Dictionary<string, string> { ["tiny"] = Tiny.Data },
        OutFolder = Out(outName),
        HubFolder = Hub,
        Fractions = [0.5, 1],
        Starts = ["scratch", Start],
        Seeds = 2,
        Command = ["marrow", "experiment", "tiny"],
        Resolve = new LocalHub(Hub).Resolve,
    };

    public static ExperimentResult Run(
        ExperimentRequest request,
        Action<RunEvent>? report = null,
        CancellationToken cancellation = default
    ) => Experiment.Run(request, report ?? (_ => { }), cancellation);

    public void Dispose() => Tiny.Dispose();
}
