using System.Globalization;
using System.Text.RegularExpressions;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Weights;

namespace Marrow.Training.Recipes;

/// <summary>
/// recipe.yaml and the overrides from the command line -> <see cref="Recipe"/>. Reading touches no data; every mistake
/// is reported, with line and column, in one exception.
/// </summary>
public static partial class RecipeReader
{
    // By which an override knows "landmarks.init" from "landmarks.lr", short for "landmarks.train.lr".
    internal static readonly string[] StageKeys =
    [
        "name",
        "task",
        "model",
        "init",
        "initCoverage",
        "crop",
        "data",
        "input",
        "detector",
        "train",
        "augment",
        "tag",
        "license",
        "pretrain", "unlabeled", "uda", "teacher"];

    private const int MaxStages = 100;

    /// <summary>
    /// Reads and checks. Throws one <see cref="MarrowException"/> with a line "recipe.yaml:12:7: ..." for each mistake.
    /// </summary>
    /// <param name="overrides">
    /// "seed=3", "features.train.epochs=1" or short "features.epochs=1", "*.batch=2" for every stage; the value is
    /// YAML, and an empty one removes the key.
    /// </param>
    public static Recipe Read(string path, IReadOnlyList<string> overrides) =>
        Parse(RecipeYaml.ReadText(path), path, overrides);

    /// <summary>The same of text in memory; <paramref name="path"/> serves the messages.</summary>
    internal static Recipe Parse(string text, string path, IReadOnlyList<string> overrides)
    {
        var errors = new RecipeErrors();
        var root = RecipeYaml.Parse(text, path, inFile: true, errors);
        if (root is { Kind: not RecipeNodeKind.Map })
            errors.Add(root, $"expected a recipe (name: and stages:), found {root.Describe()}.");
        if (root is not { Kind: RecipeNodeKind.Map })
        {
            errors.ThrowIfAny();
            throw new InvalidOperationException("A recipe without a root has an error.");
        }
        foreach (var o in overrides)
            RecipeOverride.Apply(root, o, StageKeys, errors);

        var section = new RecipeSection(root, "the recipe", errors);
        var name = Name(section, "name", section.RequiredText("name", "name: my-recipe"));
        var heldOut = section.Number("heldOut", 0.2, 0, 0.9);
        var seed = section.UInt64("seed", 1);
        var recipe = new Recipe
        {
            Name = name ?? "",
            Seed = seed,
            SplitSeed = section.UInt64("splitSeed", seed),
            HeldOut = heldOut,
            Device = Device(section),
            Stages = Stages(section, heldOut),
            SourcePath = path,
            SourceText = text,
            Overrides = overrides,
        };
        section.Finish();
        errors.ThrowIfAny();
        return recipe;
    }

    private static DeviceChoice Device(RecipeSection recipe)
    {
        if (recipe.Text("device") is not { } text)
            return default;
        if (DeviceChoice.TryParse(text, out var choice))
            return choice;
        recipe.Errors.Add(
            recipe.At("device"),
            $"device: expected {DeviceChoice.Expected}, found {RecipeErrors.Quote(text)}.");
        return default;
    }

    private static List<Stage> Stages(RecipeSection recipe, double heldOut)
    {
        var stages = new List<Stage>();
        var list = recipe.Require("stages", "a list of stages");
        if (list is null)
            return stages;
        if (list.Kind != RecipeNodeKind.List || list.Items.Count is 0 or > MaxStages)
        {
            recipe.Errors.Add(
                list,
                $"stages: expected a list of 1 to {MaxStages} stages, found "
                    + $"{(list.Items.Count == 0 ? list.Describe() : $"{list.Items.Count}")}."
            );
            return stages;
        }
        var names = list.Items.Select(RecipeOverride.StageName).ToList();
        for (var i = 0; i < names.Count; i++)
            stages.Add(ReadStage(list.Items[i], stages, names, heldOut, recipe.Errors));
        return stages;
    }

    private static Stage ReadStage(
        RecipeNode node,
        List<Stage> earlier,
        List<string?> names,
        double heldOut,
        RecipeErrors errors)
    {
        var index = earlier.Count;
        var s = new RecipeSection(
            node,
            names[index] is { } known ? $"stage {RecipeErrors.Quote(known)}" : $"stage {index + 1}",
            errors);
        var name = Name(s, "name", s.RequiredText("name", "name: features"));
        if (name is not null && names.IndexOf(name) < index)
            errors.Add(
                s.At("name"),
                $"name: an earlier stage is called {RecipeErrors.Quote(name)} too. Give each stage its own name.");
        if (name == "scratch")
            errors.Add(s.At("name"), "name: 'scratch' means random weights. Choose another name.");

        var task = s.Require("task", "task: classify") is null
            ? ""
            : s.Choice("task", "", [.. CheckpointTask.All.Select(t => (t, t))]);
        var data = RecipeData.Read(s, heldOut, task, (section, key) => Reference(section, key, index, names));
        var input = Input(s.SectionOrEmpty("input"), task);
        var augment = RecipeAugment.Read(s);
        var (unlabeled, uda, teacher) = RecipeUnlabeled.Read(s, task, augment);
        var stage = new Stage
        {
            Name = name ?? "",
            Task = task,
            Model = Model(s, task),
            Init = Reference(s, "init", index, names),
            InitCoverage = s.Number("initCoverage", 0.9, 0, 1),
            Crop = RecipeCrop.Read(s, earlier, names, task),
            Data = data,
            Input = input,
            Detector = Detector(s, task),
            Pretrain = RecipePretrain.Read(s, task, input),
            Train = RecipeTrain.Read(s.SectionOrEmpty("train"), task),
            Augment = augment,
            Tag = Name(s, "tag", s.Text("tag")) ?? data.Name,
            License = s.Text("license"),
            Unlabeled = unlabeled,
            Uda = uda,
            Teacher = teacher,
        };
        RecipeLabels.CheckMirror(s, stage);
        BackboneMatch.Check(s, stage, earlier);
        if ((long)stage.Train.Batch * stage.Input.Width * stage.Input.Height > BatchLoader.MostPixels)
            errors.Add(
                s.At("train"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"batch: expected at most {BatchLoader.MostPixels} pixels in a batch, found {stage.Train.Batch} "
                        + $"images of {stage.Input.Width} x {stage.Input.Height}. Use a smaller batch and accumulate."
                ));
        s.Finish();
        return stage;
    }

    // A model's name is its task's prefix and a backbone; without a task, any is let pass.
    private static string Model(RecipeSection s, string task)
    {
        var model = s.RequiredText("model", "model: densenet121");
        if (model is null)
            return "";
        var known = TaskCatalogue.Find(task)?.Architectures ?? ModelCatalogue.Names;
        if (!known.Contains(model))
            s.Errors.Add(
                s.At("model"),
                $"model: expected {SomeText.Either(known)}{(task.Length == 0 ? "" : $" for task {task}")}, found "
                    + $"{RecipeErrors.Quote(model)}."
            );
        return model;
    }

    /// <summary>An earlier stage, or what looks like a checkpoint; null when absent or wrong.</summary>
    private static string? Reference(RecipeSection s, string key, int index, List<string?> names)
    {
        var text = s.Text(key);
        if (text is null or "scratch")
            return null;
        var source = key == "init" ? InitReference.NameIn(text) : text;
        return Reference(s, key, source, index, names) is null ? null : text;
    }

    /// <summary>An earlier stage's name or a checkpoint's; null, with an error noted, for anything else.</summary>
    /// <param name="index">Of the stage that refers to it.</param>
    internal static string? Reference(RecipeSection s, string key, string text, int index, IReadOnlyList<string?> names)
    {
        var place = names.TakeWhile(name => name != text).Count();
        if (place < index || place == names.Count && LooksLikeCheckpoint(text))
            return text;
        var earlier = names.Take(index).OfType<string>().ToList();
        if (place < names.Count)
            s.Errors.Add(
                s.At(key),
                $"{key}: stage {RecipeErrors.Quote(text)} "
                    + $"{(place == index ? "is this stage itself" : "comes later")}. Name an earlier stage or a "
                    + $"checkpoint."
            );
        else
        {
            var hint = earlier.Count == 0 ? "There is no earlier stage." : RecipeSection.Suggest(text, earlier);
            s.Errors.Add(
                s.At(key),
                $"{key}: {RecipeErrors.Quote(text)} is no earlier stage, and no checkpoint such as "
                    + $"densenet121.chexpert, a folder/, a .safetensors, .pth or .pt file, or oci://host/name:tag. "
                    + $"{hint}"
            );
        }
        return null;
    }

    private static StageInput Input(RecipeSection s, string task)
    {
        var absent = StageInput.DefaultFor(task);
        var fullRange = s.Find("window") is { Kind: RecipeNodeKind.Scalar };
        if (fullRange)
            s.Choice("window", true, ("fullRange", true));
        var window = fullRange ? null : s.Numbers("window", 2, 2, 0, 1);
        if (window is not null && window[0] >= window[1])
            s.Errors.Add(
                s.At("window"),
                "window: expected [low, high] with low under high, found "
                    + string.Join(", ", window.Select(w => w.ToString(CultureInfo.InvariantCulture)))
                    + ".");
        var channels = s.Choice("channels", absent.Channels, ("1", 1), ("3", 3));
        var input = absent with
        {
            Width = s.Int("width", absent.Width, 32, 4096),
            Height = s.Int("height", absent.Height, 32, 4096),
            Channels = channels,
            Fit = s.Choice(
                "fit",
                absent.Fit,
                ("stretch", Fit.Stretch),
                ("letterbox", Fit.Letterbox),
                ("cover", Fit.Cover)),
            CropShare = s.Number("cropShare", absent.CropShare, 0.25, 1),
            Window = fullRange ? WindowKind.FullRange : WindowKind.Percentiles,
            WindowLow = window?[0] ?? absent.WindowLow,
            WindowHigh = window?[1] ?? absent.WindowHigh,
            Mean = s.Number("mean", absent.Mean, 0, 1),
            Std = s.Number("std", absent.Std, 0.0001, 10),
            ChannelMeans = s.Numbers("channelMeans", channels, channels, 0, 1),
            ChannelStds = s.Numbers("channelStds", channels, channels, 0.0001, 10),
        };
        if (input.CropShare < 1 && input.Fit != Fit.Cover)
            s.Errors.Add(s.At("cropShare"), "cropShare: only with fit: cover.");
        if (s.Has("channelMeans") != s.Has("channelStds"))
            s.Errors.Add(
                s.At(s.Has("channelMeans") ? "channelMeans" : "channelStds"),
                "channelMeans and channelStds: give both or neither.");
        foreach (var key in (string[])["mean", "std"])
        {
            if (s.Has(key) && s.Has("channelMeans"))
                s.Errors.Add(s.At(key), $"{key}: channelMeans and channelStds stand in its place. Remove one of them.");
        }
        s.Finish();
        return input;
    }

    private static StageDetector? Detector(RecipeSection stage, string task)
    {
        if (stage.Section("detector") is not { } s)
            return null;
        if (TaskCatalogue.Find(task) is { HasDetector: false })
            s.Errors.Add(
                s.Node,
                $"detector: task {task} has none. Remove the section, or set task: "
                    + $"{SomeText.Either(TaskCatalogue.Names(t => t.HasDetector))}."
            );
        var detector = new StageDetector
        {
            PyramidChannels = s.Has("pyramidChannels") ? s.Int("pyramidChannels", 128, 8, 1024) : null,
            HeadConvolutions = s.Has("headConvolutions") ? s.Int("headConvolutions", 2, 1, 8) : null,
            HeadGroupNorm = s.Choice<bool?>("headGroupNorm", null, ("true", true), ("false", false)),
            AnchorSizes = s.DistinctNumbers("anchorSizes", 1, 5, 1, 4096),
            AnchorScales = s.DistinctNumbers("anchorScales", 1, 8, 0.1, 10),
            AnchorRatios = s.DistinctNumbers("anchorRatios", 1, 8, 0.05, 20),
        };
        s.Finish();
        return detector;
    }

    /// <summary>Names become folders and parts of checkpoint names.</summary>
    internal static string? Name(RecipeSection s, string key, string? text)
    {
        if (text is null || PlainName().IsMatch(text))
            return text;
        s.Errors.Add(
            s.At(key),
            $"{key}: expected lower-case letters, digits, - and _ (at most 64), found {RecipeErrors.Quote(text)}.");
        return null;
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9_-]{0,63}\z")]
    private static partial Regex PlainName();

    /// <summary>A hub name, a path, or an OCI reference. Whether it exists is seen when the run starts.</summary>
    private static bool LooksLikeCheckpoint(string text) =>
        HubName().IsMatch(text)
        || (
            text.StartsWith("oci:", StringComparison.Ordinal)
                ? OciReference().IsMatch(text)
                : text.AsSpan().ContainsAny('/', '\\'))
        || WeightFiles.HasEnding(text);

    [GeneratedRegex(@"^[a-z0-9][a-z0-9_-]*\.[a-z0-9][a-z0-9._-]*(@sha256:[0-9a-f]{6,64})?\z")]
    private static partial Regex HubName();

    [GeneratedRegex(@"^oci://[^\s/@]+/\S+\z")]
    private static partial Regex OciReference();
}
