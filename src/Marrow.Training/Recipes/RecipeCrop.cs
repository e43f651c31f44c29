using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>"crop: landmarks", or the section "crop:" -> <see cref="StageCrop"/>.</summary>
internal static class RecipeCrop
{
    private static readonly KeyText Section =
        new("Where in its images the stage looks: at what that detector finds.")
        {
            Value = "an earlier stage, a checkpoint, or section",
            Default = "the whole image",
        };

    /// <param name="earlier">The stages above, as read.</param>
    /// <param name="names">Of all stages.</param>
    /// <param name="task">"" when the stage's task is missing or wrong: any region is let pass.</param>
    public static StageCrop? Read(
        RecipeSection stage,
        IReadOnlyList<Stage> earlier,
        IReadOnlyList<string?> names,
        string task)
    {
        if (stage.Find("crop") is not { } node)
            return null;
        if (node.Kind == RecipeNodeKind.Scalar)
            return Of(stage, "crop", stage.Text("crop", Section), CropRegion.Spine, StageCrop.SpineMargin);
        var s = stage.Section("crop", Section)!;
        var region = s.Choice(
            "region",
            CropRegion.Spine,
            "`spine`: one upright crop an image, the box around all vertebrae. `vertebra`: 17, one about each, turned "
                + "until it stands upright.",
            ("spine", CropRegion.Spine),
            ("vertebra", CropRegion.Vertebra));
        var crop = Of(
            s,
            "by",
            s.RequiredText("by", "by: landmarks",
                new("A stage above of task `detect-vertebrae`, or a checkpoint of one.") { Value = "as `init`" }),
            region,
            s.Number(
                "margin",
                region == CropRegion.Vertebra ? StageCrop.VertebraMargin : StageCrop.SpineMargin,
                0,
                InputCrop.MaxMargin,
                new("Added to the box on each side, as a share of its width and height.")
                {
                    Unit = "share",
                    Default = $"{KeyWords.Number(StageCrop.SpineMargin)}; "
                        + $"`vertebra` {KeyWords.Number(StageCrop.VertebraMargin)}",
                }));
        s.Finish();
        return crop;

        StageCrop Of(RecipeSection section, string key, string? by, CropRegion region, double margin)
        {
            var tasks = TaskCatalogue.Names(t => t.Crops.Contains(region));
            if (task.Length > 0 && !tasks.Contains(task))
                stage.Errors.Add(
                    node,
                    $"crop: task {task} can't look at a crop of the {region.ToString().ToLowerInvariant()}; "
                        + $"{SomeText.Either(tasks)} can. Remove crop, or set another "
                        + $"task{(region == CropRegion.Spine ? "" : " or region")}."
                );
            if (by is not null)
                by = RecipeReader.Reference(section, key, by, earlier.Count, names);
            if (
                earlier.FirstOrDefault(other => other.Name == by) is { Task.Length: > 0 } detector
                && TaskCatalogue.Find(detector.Task) is { FindsCrops: false }
            )
                stage.Errors.Add(
                    section.At(key),
                    $"{key}: stage {RecipeErrors.Quote(detector.Name)} trains {detector.Task}, and finds no vertebrae "
                        + $"to crop by. Name a stage of task "
                        + $"{SomeText.Either(TaskCatalogue.Names(t => t.FindsCrops))}, or a checkpoint of one."
                );
            return new() { By = by ?? "", Region = region, Margin = margin };
        }
    }
}
