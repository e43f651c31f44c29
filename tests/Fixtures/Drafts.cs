using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Inputs;
using Marrow.Modules;
using Marrow.Samples;
using Marrow.Tasks;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Tests;

/// <summary>Small checkpoints for tests.</summary>
internal static class Drafts
{
    private static readonly DetectorSpec Pyramid = new() { PyramidChannels = 16, HeadConvolutions = 1 };

    public static Module Model(int channels = 1, int outputs = 2, long seed = 1, string architecture = "densenet-mini")
    {
        torch.manual_seed(seed);
        return ModelCatalogue.Create(
            new ModelSpec
            {
                Architecture = architecture,
                Channels = channels,
                Outputs = outputs,
                Detector = Pyramid,
            }
        );
    }

    public const string CustomName = "segmenter.phantom";

    /// <summary>Of a module that only its maker can build; the caller disposes it.</summary>
    public static Checkpoint SaveCustom(string hub)
    {
        using var module = new Segmenter();
        var draft = Of(module);
        return (
            draft with
            {
                Name = CustomName,
                Create = () => new Segmenter(),
                Config = draft.Config with
                {
                    Task = CheckpointTask.Custom,
                    Model = new() { Architecture = "segmenter", BackbonePrefix = "encoder." },
                    Classes = [],
                },
            }
        ).Save(hub);
    }

    public static CheckpointDraft Of(Module model, int channels = 1, params string[] classes)
    {
        classes = classes is [] ? ["Effusion", "Cardiomegaly"] : classes;
        return new()
        {
            Name = "densenet-mini.phantom",
            Config = new()
            {
                Model = new() { Architecture = "densenet-mini", Channels = channels, Outputs = classes.Length },
                Task = CheckpointTask.Classify,
                Classes = classes,
                Input = new() { Width = 64, Height = 96, Channels = channels, Fit = Fit.Letterbox },
                Outputs =
                [
                    .. classes.Select(
                        (c, i) => new OutputMeaning(c, "probability", $"{c} is present.", Trained: i > 0)),
                ],
            },
            Weights = ModelWeights.Of(model),
            Card = Card(),
            Parents = new()
            {
                Checkpoints = [new("densenet-mini.first", "sha256:" + new string('a', 64))],
                Datasets = [new("phantom: \"x\"", "1.0", "Apache-2.0", "sha256:" + new string('b', 64), samples: 120)],
            },
            Metrics =
            [
                new("AUROC", 0.875, "phantom", "test", new(2024, 5, 6), "marrow evaluate x", 0.8, 0.9, samples: 24),
                new("SMAPE", 12.5, "phantom", "test", new(2024, 5, 6), "marrow evaluate x", unit: "%", samples: 24),
            ],
            Created = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero),
        };
    }

    public static ModelCard Card(string license = "LicenseRef-SpineWeb-research") =>
        new()
        {
            Summary = "Finds two findings: on phantoms | only.",
            Data = "120 phantoms, 20 % of the patients held out.",
            Training = new(
                "stages:\n  - name: features",
                "features",
                "marrow run recipes/spine.yaml --data cxr=...",
                seed: 3,
                seconds: 5400),
            Limits = "Not for patients.",
            License = license,
            LicenseLink = "https://example.org/licence",
            Citation = "Wu et al. 2017",
        };

    /// <summary>Of a task with the weights that its model has.</summary>
    public static CheckpointDraft Of(TaskModel task, string name) =>
        new() { Name = name, Config = task.Describe(), Weights = ModelWeights.Of(task.Model), Card = Card() };

    public static CheckpointDraft Detector(Module model)
    {
        var draft = Of(model, 1, "vertebra");
        return draft with
        {
            Name = "retinanet-densenet-mini.phantom",
            Config = draft.Config with
            {
                Task = CheckpointTask.DetectVertebrae,
                Model = new() { Architecture = "retinanet-densenet-mini", Detector = Pyramid },
            },
        };
    }
}

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("marrow-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
