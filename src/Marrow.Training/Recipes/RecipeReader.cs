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
        "pretrain", "unlabeled", "uda", "teacher", "datasets", "beside"];

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

        var recipe = new Recipe(Read(new RecipeSection(root, "the recipe", errors)))
        {
            SourcePath = path,
            SourceText = text,
            Overrides = overrides,
        };
        errors.ThrowIfAny();
        return recipe;
    }

    /// <summary>
    /// What the root of a recipe says, mistakes noted; the section and those below it know then what was asked.
    /// </summary>
    internal static Recipe Read(RecipeSection section)
    {
        var absent = new Recipe();
        var name = Name(section, "name", section.RequiredText("name", "name: my-recipe",
            new("Names the run's folder, `runs/NAME`.")
            {
                Value = "a-z, 0-9, `-`, `_`; at most 64 characters",
            }));
        var heldOut = section.Number("heldOut", absent.HeldOut, 0, 0.9,
            new("Share of each data set that is never trained on; divided by patient. 0: train on all. A stage may "
                + "have its own.")
            {
                Unit = "share",
            });
        var seed = section.UInt64("seed", absent.Seed,
            "Of every random draw: weights, order, augmentation, subset of the labels.");
        var recipe = new Recipe
        {
            Name = name ?? "",
            Seed = seed,
            SplitSeed = section.UInt64("splitSeed", seed,
                new("Of the division of each data set into its parts. Set it to vary `seed` with the held-out images "
                    + "fixed.")
                {
                    Value = "as `seed`",
                    Default = "`seed`",
                }),
            HeldOut = heldOut,
            Fold = ReadFold(section),
            Device = Device(section),
            Stages = Stages(section, heldOut),
        };
        section.Finish();
        return recipe;
    }

    private static Fold? ReadFold(RecipeSection recipe)
    {
        const string key = "fold";
        if (recipe.Text(key,
            new("Hold out this fold of each data set instead of `heldOut`: `2/5` is the second of five. Every patient "
                + "is in one fold. `marrow experiment --folds` runs all of them: "
                + "[cross-validation](how-to-experiment.md#cross-validation).")
            {
                Value = $"`i/k`, k {KeyWords.Range(Fold.Fewest, Fold.Most)}",
                Default = "`heldOut`",
            }) is not { } text)
            return null;
        if (Fold.Parse(text) is { } fold)
            return fold;
        recipe.Errors.Add(
            recipe.At(key),
            $"{key}: expected i/k, as in 2/5 for the second of five folds, with {Fold.Fewest} to {Fold.Most} folds; "
                + $"found {RecipeErrors.Quote(text)}.");
        return null;
    }

    private static DeviceChoice Device(RecipeSection recipe)
    {
        if (recipe.Text("device",
            new("Where every stage computes; `--device` of the command wins. See "
                + "[training.md](training.md#the-device).")
            {
                Value = "`auto`, `cpu`, `cuda`, `cuda:N`",
                Default = "`auto`",
            }) is not { } text)
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
        var list = recipe.Require("stages", "a list of stages",
            new("Carried out in this order.") { Value = $"list, 1 to {MaxStages}" });
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
            stages.Add(ReadStage(recipe, list.Items[i], stages, names, heldOut));
        return stages;
    }

    private static Stage ReadStage(
        RecipeSection recipe,
        RecipeNode node,
        List<Stage> earlier,
        List<string?> names,
        double heldOut)
    {
        var index = earlier.Count;
        var errors = recipe.Errors;
        var s = recipe.Child(
            node,
            names[index] is { } known ? $"stage {RecipeErrors.Quote(known)}" : $"stage {index + 1}");
        var name = Name(s, "name", s.RequiredText("name", "name: features",
            new("Names the stage's folder; later stages use it in `init`.")
            {
                Value = "as the recipe's; not `scratch`; unique",
            }));
        if (name is not null && names.IndexOf(name) < index)
            errors.Add(
                s.At("name"),
                $"name: an earlier stage is called {RecipeErrors.Quote(name)} too. Give each stage its own name.");
        if (name == "scratch")
            errors.Add(s.At("name"), "name: 'scratch' means random weights. Choose another name.");

        var task = s.RequiredWord("task", "task: classify", CheckpointTask.All,
            new("What is trained.") { Value = TaskWords.Names(_ => true) });
        var data = RecipeData.Read(s, heldOut, task, (section, key, text) =>
            Reference(section, key, index, names, text));
        var input = RecipeInput.Read(
            s.SectionOrEmpty("input", new("How an image becomes the model's input.") { Default = "by task" }),
            task);
        var augment = RecipeAugment.Read(s, RecipeAugment.StageText);
        var (unlabeled, uda, teacher) = RecipeUnlabeled.Read(s, task, augment);
        var stage = new Stage
        {
            Name = name ?? "",
            Task = task,
            Model = Model(s, task),
            Init = Reference(s, "init", index, names,
                new("What the weights start from.") { Value = "see below", Default = "`scratch`" }),
            InitCoverage = s.Number("initCoverage", Stage.UsualInitCoverage, 0, 1,
                new("Least share of the backbone's parameters that `init` must give; under it the run stops before "
                    + "training.")
                {
                    Unit = "share",
                }),
            Crop = RecipeCrop.Read(s, earlier, names, task),
            Data = data,
            Input = input,
            Detector = RecipeDetector.Read(s, task),
            Pretrain = RecipePretrain.Read(s, task, input),
            Train = RecipeTrain.Read(s.SectionOrEmpty("train", "How it is trained."), task),
            Augment = augment,
            Tag = Name(s, "tag", s.Text("tag",
                new("Second part of the checkpoint's name: `MODEL.TAG`.")
                {
                    Value = "as `name`",
                    Default = "the data's name; the stage's for several tasks",
                })) ?? (TaskCatalogue.Find(task) is { HasParts: true } ? name ?? "" : data.Name),
            License = s.Text("license",
                new("Of the checkpoint.")
                {
                    Value = "SPDX identifier or `LicenseRef-...`",
                    Default = "see below",
                }),
            Unlabeled = unlabeled,
            Uda = uda,
            Teacher = teacher,
        };
        var beside = RecipeBeside.Read(s, stage, heldOut);
        if (RecipeParts.Read(s, stage, heldOut) is { Count: > 0 } parts)
        {
            stage = stage with { Parts = parts, Data = parts[0].Stage.Data, Input = parts[0].Stage.Input };
        }
        else
        {
            RecipeLabels.CheckMirror(s, stage);
            CheckBatch(s, stage);
            stage = stage with { Beside = beside };
        }
        BackboneMatch.Check(s, stage, earlier);
        s.Finish();
        return stage;
    }

    /// <summary>Notes an error where a batch has more pixels than a loader can give.</summary>
    internal static void CheckBatch(RecipeSection s, Stage stage)
    {
        if ((long)stage.Train.Batch * stage.Input.Width * stage.Input.Height > BatchLoader.MostPixels)
            s.Errors.Add(
                s.At("train"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"batch: expected at most {BatchLoader.MostPixels} pixels in a batch, found {stage.Train.Batch} "
                        + $"images of {stage.Input.Width} x {stage.Input.Height}. Use a smaller batch and accumulate."
                ));
    }

    // A model's name is its task's prefix and a backbone; without a task, any is let pass.
    private static string Model(RecipeSection s, string task)
    {
        var model = s.RequiredText("model", "model: densenet121",
            new("The architecture; the checkpoint's name starts with it.") { Value = "see below" });
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
    private static string? Reference(
        RecipeSection s,
        string key,
        int index,
        List<string?> names,
        KeyText keyText)
    {
        var text = s.Text(key, keyText);
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
