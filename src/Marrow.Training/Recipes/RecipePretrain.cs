using System.Globalization;
using Marrow.Datasets;
using Marrow.Tasks;
using Marrow.Tasks.Pretrain;

namespace Marrow.Training.Recipes;

/// <summary>The section "pretrain:" -> <see cref="MaskingSpec"/>.</summary>
internal static class RecipePretrain
{
    /// <summary>Null for the other tasks, which have no such section.</summary>
    public static MaskingSpec? Read(RecipeSection stage, string task, StageInput input)
    {
        var s = stage.SectionOrEmpty(
            "pretrain",
            $"Only for {TaskWords.Names(t => t.HidesPatches)}: what is hidden.");
        var absent = new MaskingSpec();
        var masking = new MaskingSpec
        {
            Share = s.Number("mask", absent.Share, 0.1, 0.9,
                new("Share of the patches that is hidden.") { Unit = "share" }),
            PatchPixels = s.Int("patch", absent.PatchPixels, 4, 128,
                new("Side of a patch; divides the input's width and height.") { Unit = "input px" }),
        };
        s.Finish();
        if (TaskCatalogue.Find(task) is { HidesPatches: true })
        {
            if (masking.Error(input.Width, input.Height) is { } expected)
                s.Errors.Add(
                    s.At("patch"),
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"patch: expected {expected}, found {masking.PatchPixels} px. Change it, or the input's size.")
                );
            return masking;
        }
        if (task.Length > 0 && stage.Has("pretrain"))
            s.Errors.Add(
                s.Node,
                $"pretrain: task {task} hides nothing. Remove the section, or set task: "
                    + $"{SomeText.Either(TaskCatalogue.Names(t => t.HidesPatches))}."
            );
        return null;
    }
}
