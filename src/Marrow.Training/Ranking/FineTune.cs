using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;
using Marrow.Weights;

namespace Marrow.Training.Ranking;

/// <summary>
/// Short trainings from each start by the one training loop: the same steps, rates, augmentation and division of the
/// patients for all, a third of the images to be measured on, nothing chosen by them. A run that was stopped goes on;
/// the result of one that was done is kept, the weights are not.
/// </summary>
internal sealed class FineTune(
    RankRequest request,
    RankSamples data,
    FineTuneOptions options,
    (int Width, int Height) size)
{
    private const int Version = 1; // raise it when fine-tunes of the same stage would end otherwise
    private const double TestShare = 1 / 3.0;
    private const int ClassifyBatch = 16, CobbBatch = 8; // as in recipes/spine-densenet.yaml

    private readonly HashSet<string> _ids = [.. data.Samples.Select(s => s.Id)];
    private readonly string _folder = request.CacheFolder is null
        ? UserCache.Require(UserCache.FineTune, "--cache")
        : Path.Combine(request.CacheFolder, UserCache.FineTune);

    private sealed record Kept(MetricValue Metric, int TrainingImages, int TestImages, double Seconds);

    public FineTuneScore Run(
        Candidate candidate,
        string metric,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        var runs = Enumerable
            .Range(0, options.Repeats)
            .Select(r => RunOnce(candidate, metric, request.Seed + (ulong)r, report, cancellation))
            .ToList();
        return new(
            runs: [.. runs.Select(r => r.Metric)],
            mean: runs.Average(r => r.Metric.Value),
            trainingImages: runs[0].TrainingImages,
            testImages: runs[0].TestImages,
            seconds: runs.Sum(r => r.Seconds));
    }

    private Kept RunOnce(
        Candidate candidate,
        string metric,
        ulong seed,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        var recipe = Recipe(candidate, seed);
        var folder = Path.Combine(_folder, Key(candidate, recipe));
        var kept = folder + ".json";
        if (File.Exists(kept))
            return MarrowJson.Read<Kept>(
                kept,
                "the result of a fine-tune",
                "Delete it: the fine-tune is then done again.");
        var start = Path.Combine(folder, "start.safetensors");
        if (candidate.Kind == CandidateKind.MatchedRandom)
            SaveWeights(candidate, start);
        var result = Runner.Run(
            new()
            {
                Recipe = recipe,
                DataFolders = new Dictionary<string, string> { [request.DataName] = request.DataRoot },
                OutFolder = folder,
                HubFolder = Path.Combine(folder, "hub"),
                Resume = File.Exists(Path.Combine(folder, "run.json")),
                AllowChanged = [RunIdentity.Threads],
                Device = request.Device,
                Resolve = _ =>
                    candidate.Kind == CandidateKind.MatchedRandom
                        ? Checkpoint.LoadWeights(start)
                        : Checkpoint.Load(candidate.Folder),
                Include = sample => _ids.Contains(sample.Id),
            },
            e =>
                report(new(e)
                {
                    Stage = $"{candidate.Name}, fine-tune {seed - request.Seed + 1} of {options.Repeats}",
                }),
            cancellation
        )[0];
        var value = result.Metrics.First(m => m.Name == metric);
        var score = new Kept(value, result.TrainingImages, result.HeldOutImages, result.Progress.Seconds);
        AtomicFile.WriteText(kept, JsonSerializer.Serialize(score, MarrowJson.Options));
        Directory.Delete(folder, recursive: true);
        return score;
    }

    private Recipe Recipe(Candidate candidate, ulong seed)
    {
        var task = TaskCatalogue.Get(request.Task);
        var stage = new Stage
        {
            Name = string.Concat(candidate.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')),
            Task = request.Task,
            Model = task.ArchitecturePrefix + candidate.Backbone,
            Init = candidate.Kind == CandidateKind.Random ? null : candidate.Name,
            Data = new()
            {
                Name = request.DataName,
                Format = data.Dataset.Format,
                Options = data.Options,
                HeldOut = TestShare,
                Validation = 0,
            },
            Input = StageInput.Of(candidate.Input with { Width = size.Width, Height = size.Height }),
            Train = new()
            {
                Epochs = 0,
                Steps = options.Steps,
                Batch = Math.Min(
                    task.Probe == ProbeKind.Classes ? ClassifyBatch : CobbBatch,
                    Math.Max(1, data.Samples.Count / 4)),
                LearningRate = 5e-4,
                WeightDecay = 0.02,
                Warmup = 0.1,
                Ema = 0.95,
                ClipNorm = 10,
            },
            Augment = new AugmentationOptions
            {
                FlipProbability = 0.5,
                RotationDegrees = task.Probe == ProbeKind.Classes ? 7 : 12,
            },
            Tag = "rank",
        };
        return new()
        {
            Name = "rank",
            Seed = seed,
            HeldOut = TestShare,
            Stages = [stage],
            SourcePath = "marrow hub rank",
            SourceText = JsonSerializer.Serialize(stage, MarrowJson.Options), // JSON is YAML; a resumed run compares it
        };
    }

    private string Key(Candidate candidate, Recipe recipe)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(
            Encoding.UTF8.GetBytes(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Version} {candidate.Identity} "
                        + $"{recipe.Seed}\n{recipe.SourceText}\n{Compute.Choose(device: request.Device)}\n"
                )));
        FeatureCache.AddImages(hash, data.Samples);
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }

    private static void SaveWeights(Candidate candidate, string path)
    {
        var (owner, features) = candidate.Build();
        using (owner)
            Safetensors.Write(
                path,
                [.. features.state_dict().Select(w => KeyValuePair.Create($"features.{w.Key}", w.Value))]);
    }
}
