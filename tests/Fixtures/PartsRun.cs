using Marrow.Hub;
using Marrow.Prediction;

namespace Marrow.Tests;

/// <summary>
/// A recipe of one stage with three parts of different tasks and sizes, which runs within seconds: classes of the
/// pictures of <see cref="TinyRun"/>, points on those of <see cref="PointRun"/>, and hidden patches of the latter.
/// </summary>
internal sealed class PartsRun : SmallRun
{
    private readonly TinyRun _tiny = new();
    private readonly PointRun _discs = new();

    /// <param name="train">What differs from the usual keys of "train".</param>
    public PartsRun(string train = "steps: 8, lr: 3.0e-3, ema: 0.9, saveEverySeconds: 0")
    {
        RecipePath = Path.Combine(Folder, "parts.yaml");
        File.WriteAllText(RecipePath, $$"""
            name: parts
            seed: 3
            heldOut: 0.2
            stages:
              - name: trunk
                task: multitask
                model: multi-densenet-mini
                tag: parts
                input: {width: 32, height: 32}
                augment: {rotationDegrees: 5}
                datasets:
                  - name: size
                    task: classify
                    batch: 4
                    data: {name: tiny, format: csv, validation: 0.2}
                  - name: discs
                    task: points
                    batch: 3
                    weight: 0.5
                    data: {name: discs, format: csv}
                    input: {width: 80, height: 64}
                    augment: {flipProbability: 0}
                  - name: hidden
                    task: pretrain
                    batch: 2
                    data: {name: discs, format: images}
                    input: {width: 48}
                    pretrain: {patch: 8}
                train: { {{train}} }
            """);
    }

    public override string Folder => _tiny.Folder;
    public override string Data => _tiny.Data;
    public override string RecipePath { get; }
    public override string DataName => "tiny";
    public override string Stage => "trunk";
    public override string Checkpoint => "multi-densenet-mini.parts";

    public override IReadOnlyDictionary<string, string> DataFolders =>
        new Dictionary<string, string> { [DataName] = Data, ["discs"] = _discs.Data };

    /// <summary>A picture of the part "discs".</summary>
    public string Picture => Path.Combine(_discs.Data, "0.png");

    /// <summary>Measures a checkpoint of this run on what its parts held out of one data set.</summary>
    public EvaluationResult Evaluate(
        Marrow.Checkpoints.Checkpoint checkpoint, string data, out IReadOnlyList<string> warnings)
    {
        var evaluation = new Evaluation(new()
        {
            Checkpoints = [checkpoint],
            Hub = new LocalHub(Path.Combine(Folder, "out", "hub")),
            Data = data,
            Root = DataFolders.GetValueOrDefault(data, Data),
        });
        warnings = evaluation.Warnings;
        return evaluation.Measure(cancellation: TestContext.Current.CancellationToken);
    }

    public override void Dispose()
    {
        base.Dispose();
        _discs.Dispose();
    }
}
