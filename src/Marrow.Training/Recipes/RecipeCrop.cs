using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Crops;

namespace Marrow.Training.Recipes;

/// <summary>"crop: landmarks", or the section "crop:" -> <see cref="StageCrop"/>.</summary>
internal static class RecipeCrop
{
    private static readonly KeyText Section =
        new("Where in its images the stage looks: at what that first look finds.")
        {
            Value = "an earlier stage, a checkpoint, or section",
            Default = "the whole image",
        };

    private static readonly (string Word, CropRegion Value)[] Regions =
        [.. Enum.GetValues<CropRegion>().Select(region => (WordOf(region), region))];

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
            return Of(stage, "crop", stage.Text("crop", Section), new()
            {
                By = "",
                Region = CropRegion.Spine,
                Margin = StageCrop.SpineMargin,
            });
        var s = stage.Section("crop", Section)!;
        var region = s.Choice(
            "region",
            CropRegion.Spine,
            "`spine`: one upright crop an image, the box around all vertebrae. `vertebra`: 17, one about each, turned "
                + "until it stands upright. `point`: an upright square about each named point.",
            Regions);
        var by = s.RequiredText(
            "by",
            "by: landmarks",
            new("A stage above that finds what is cropped, or a checkpoint of one: of task "
                + $"{KeyWords.Code(Finders(CropRegion.Vertebra))} for `spine` and `vertebra`, of "
                + $"{KeyWords.Code(Finders(CropRegion.Point))} for `point`. It looks at whole images.")
            {
                Value = "as `init`",
            });
        var margin = s.OptionalNumber(
            "margin",
            0,
            InputCrop.MaxMargin,
            new("`spine`, `vertebra`: added to the box on each side, as a share of its width and height.")
            {
                Unit = "share",
                Default = $"{KeyWords.Number(StageCrop.SpineMargin)}; "
                    + $"`vertebra` {KeyWords.Number(StageCrop.VertebraMargin)}",
            });
        var side = s.OptionalNumber(
            "side",
            InputCrop.MinSide,
            InputCrop.MaxSide,
            new("`point`: of the square, as a share of the image's longer side.")
            {
                Unit = "share",
                Default = KeyWords.Number(StageCrop.PointSide),
            });
        var isOfPoints = region == CropRegion.Point;
        if (isOfPoints && margin is not null)
            s.Errors.Add(
                s.At("margin"),
                "margin: a point has no box that it could be added to. Set side in its place.");
        if (!isOfPoints && side is not null)
            s.Errors.Add(
                s.At("side"),
                $"side: the crop of a {WordOf(region)} is as large as what is found. Set margin in its place, or "
                    + $"region: {WordOf(CropRegion.Point)}.");
        var crop = Of(s, "by", by, new()
        {
            By = "",
            Region = region,
            Margin = isOfPoints ? 0
                : margin ?? (region == CropRegion.Vertebra ? StageCrop.VertebraMargin : StageCrop.SpineMargin),
            Side = isOfPoints ? side ?? StageCrop.PointSide : null,
        });
        s.Finish();
        return crop;

        StageCrop Of(RecipeSection section, string key, string? by, StageCrop read)
        {
            var region = read.Region;
            var tasks = TaskCatalogue.Names(t => t.Crops.Contains(region));
            if (task.Length > 0 && !tasks.Contains(task))
                stage.Errors.Add(
                    node,
                    $"crop: task {task} can't look at a crop of the {WordOf(region)}; "
                        + $"{SomeText.Either(tasks)} can. Remove crop, or set another "
                        + $"task{(region == CropRegion.Spine ? "" : " or region")}."
                );
            if (by is not null)
                by = RecipeReader.Reference(section, key, by, earlier.Count, names);
            if (earlier.FirstOrDefault(other => other.Name == by) is { Task.Length: > 0 } first)
                CheckFirst(section, key, first, region);
            return read with { By = by ?? "" };
        }
    }

    /// <summary>Notes an error where an earlier stage finds nothing by which such a region can be cropped.</summary>
    private static void CheckFirst(RecipeSection section, string key, Stage first, CropRegion region)
    {
        var found = TaskCatalogue.Find(first.Task)?.FindsCrops ?? [];
        if (!found.Contains(region))
            section.Errors.Add(
                section.At(key),
                $"{key}: stage {RecipeErrors.Quote(first.Name)} trains {first.Task}, and finds no "
                    + $"{CropKind.Of(region).Found} to crop by. Name a stage of task {Finders(region)}, or a "
                    + "checkpoint "
                    + (found.Count == 0
                        ? "of one."
                        : $"of one; or set region: {SomeText.Either(found.Select(WordOf))}."));
        else if (first.Crop is { } crop)
            section.Errors.Add(
                section.At(key),
                $"{key}: stage {RecipeErrors.Quote(first.Name)} looks at crops itself, and a first look is at whole "
                    + "images. "
                    + (TaskCatalogue.FindsAlso(crop.Region, region)
                        ? $"Name {RecipeErrors.Quote(crop.By)}, by which that one crops, or another."
                        : $"Name one of task {Finders(region)} without crop."));
    }

    private static string Finders(CropRegion region) =>
        SomeText.Either(TaskCatalogue.Names(t => t.FindsCrops.Contains(region)));

    private static string WordOf(CropRegion region) => region.ToString().ToLowerInvariant();
}
