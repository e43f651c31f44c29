using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Inputs;
using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Detect;
using Marrow.Tasks.Masks;
using TorchSharp;

namespace Marrow.Tests;

/// <summary>
/// Small checkpoints of each task, saved. Every number is drawn, norms and their statistics too, as after training: new
/// norms do nothing, and an export that left them out would not be noticed.
/// </summary>
internal static class ExportSamples
{
    public static Checkpoint Classifier(
        string hub,
        int channels = 1,
        bool exclusive = false,
        string architecture = "densenet-mini",
        int size = 64,
        params string[] classes)
    {
        classes = classes is [] ? ["Effusion", "Cardiomegaly"] : classes;
        return Save(
            hub,
            new()
            {
                Architecture = architecture,
                Channels = channels,
                Outputs = classes.Length,
            },
            CheckpointTask.Classify,
            size,
            size,
            classes,
            exclusive: exclusive);
    }

    /// <summary>Effusion as positive, negative and uncertain, the other finding on its own.</summary>
    public static Checkpoint ThreeClasses(string hub) =>
        Save(
            hub,
            new() { Architecture = "densenet-mini", Outputs = 4 },
            CheckpointTask.Classify,
            64,
            64,
            ["Effusion", "Cardiomegaly", "Effusion:negative", "Effusion:uncertain"],
            findings: [new(0, 2, 3)]);

    public static Checkpoint Detector(string hub, DetectorSpec? spec = null, int width = 64, int height = 96) =>
        Save(
            hub,
            new()
            {
                Architecture = "retinanet-densenet-mini",
                Detector = spec
                    ?? new()
                    {
                        PyramidChannels = 16,
                        HeadConvolutions = 1,
                        AnchorSizes = [16],
                    },
            },
            CheckpointTask.DetectVertebrae,
            width,
            height,
            [.. Enumerable.Range(0, spec?.Classes ?? 1).Select(i => i == 0 ? "vertebra" : $"implant{i}")]);

    public static Checkpoint Regressor(string hub, int width = 64, int height = 160) =>
        Save(
            hub,
            new() { Architecture = "cobb-densenet-mini", Outputs = 3 },
            CheckpointTask.RegressCobb,
            width,
            height,
            ["cobb1", "cobb2", "cobb3"]);

    public static Checkpoint Numbers(string hub) =>
        Save(
            hub,
            new() { Architecture = "regress-densenet-mini", Outputs = 2 },
            CheckpointTask.Regress,
            70,
            64,
            ["age", "weight"]);

    public static Checkpoint Points(string hub, int width, int height) =>
        Save(
            hub,
            new() { Architecture = "points-densenet-mini", Outputs = 3 },
            CheckpointTask.Points,
            width,
            height,
            ["a", "b", "c"]);

    public static Checkpoint Segmentation(string hub, int width = 64, int height = 96, params string[] classes) =>
        Save(
            hub,
            new() { Architecture = "segment-densenet-mini", Outputs = SegmentationNet.OutputsFor(classes.Length) },
            CheckpointTask.Segment,
            width,
            height,
            classes,
            exclusive: classes.Length > 1);

    /// <summary>A detector of boxes without corners.</summary>
    public static Checkpoint Boxes(string hub) =>
        Save(
            hub,
            new()
            {
                Architecture = "detect-densenet-mini",
                Outputs = 2,
                Detector = new()
                {
                    PyramidChannels = 16,
                    HeadConvolutions = 1,
                    AnchorSizes = [16],
                    Corners = 0,
                    Classes = 2,
                },
            },
            DetectDescriptor.TaskName,
            64,
            96,
            ["fracture", "implant"]);

    /// <summary>A model of points along a curve, which keeps where they usually are.</summary>
    public static Checkpoint Strip(string hub) =>
        Save(
            hub,
            new() { Architecture = "strip-densenet-mini", Items = 3, Outputs = 2 },
            CheckpointTask.RefinePoints,
            32,
            64,
            ["left", "right"],
            strip: new(InputStrip.UsualEnds));

    /// <summary>
    /// One of a task whose models can be written as ONNX. Throws <see cref="ArgumentException"/> for any other: a new
    /// one needs a line here.
    /// </summary>
    public static Checkpoint OfTask(string hub, string task) => task switch
    {
        CheckpointTask.Classify => Classifier(hub),
        CheckpointTask.DetectVertebrae => Detector(hub),
        CheckpointTask.RegressCobb => Regressor(hub),
        CheckpointTask.Regress => Numbers(hub),
        CheckpointTask.Points => Points(hub, 64, 64),
        CheckpointTask.RefinePoints => Strip(hub),
        CheckpointTask.Segment => Segmentation(hub, 64, 96, "spine", "rib"),
        DetectDescriptor.TaskName => Boxes(hub),
        _ => throw new ArgumentException($"No sample of the task '{task}'.", nameof(task)),
    };

    private static Checkpoint Save(
        string hub,
        ModelSpec spec,
        string task,
        int width,
        int height,
        string[] classes,
        bool exclusive = false,
        IReadOnlyList<Marrow.Datasets.ThreeClassFinding>? findings = null,
        InputStrip? strip = null)
    {
        torch.manual_seed(11);
        using var model = ModelCatalogue.Create(spec);
        Draw(model);
        var draft = Drafts.Of(model, spec.Channels, classes);
        return (draft with
        {
            Name = $"{spec.Architecture}.sample",
            Config = draft.Config with
            {
                Model = spec,
                Task = task,
                Classes = classes,
                ExclusiveClasses = exclusive,
                ThreeClassFindings = findings ?? [],
                Input = new()
                {
                    Width = width,
                    Height = height,
                    Channels = spec.Channels,
                    Fit = Fit.Letterbox,
                    Strip = strip,
                },
            },
        }).Save(hub);
    }

    private static void Draw(torch.nn.Module model)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        foreach (var (key, value) in model.state_dict())
        {
            if (key.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                value.fill_(1234L);
            else if (
                key.EndsWith("running_var", StringComparison.Ordinal)
                || (value.dim() == 1 && key.EndsWith("weight", StringComparison.Ordinal)))
                value.uniform_(0.5, 1.5);
            else if (value.dim() == 1 || key == "offsets")
                value.normal_(0, 0.1);
        }
    }
}
