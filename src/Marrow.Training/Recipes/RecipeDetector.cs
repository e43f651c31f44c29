using Marrow.Datasets;
using Marrow.Modules;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>The section "detector:" -> <see cref="StageDetector"/>.</summary>
internal static class RecipeDetector
{
    public static StageDetector? Read(RecipeSection stage, string task)
    {
        if (stage.Section("detector",
            new($"Only for {TaskWords.Names(t => t.HasDetector)}: what finds boxes.")
            {
                Default = "by input size",
            }) is not { } s)
            return null;
        if (TaskCatalogue.Find(task) is { HasDetector: false })
            s.Errors.Add(
                s.Node,
                $"detector: task {task} has none. Remove the section, or set task: "
                    + $"{SomeText.Either(TaskCatalogue.Names(t => t.HasDetector))}."
            );
        var usual = new DetectorSpec();
        var detector = new StageDetector
        {
            PyramidChannels = Given(s, "pyramidChannels", s.Int("pyramidChannels", usual.PyramidChannels, 8, 1024,
                "Channels of the feature pyramid and the heads.")),
            HeadConvolutions = Given(s, "headConvolutions", s.Int("headConvolutions", usual.HeadConvolutions, 1, 8,
                "3x3 convolutions in each head before its output.")),
            HeadGroupNorm = s.Choice<bool?>("headGroupNorm", null,
                new("Group norm after each of them; the heads then learn faster.")
                {
                    Default = KeyWords.Code(usual.HeadGroupNorm ? "true" : "false"),
                },
                ("true", true), ("false", false)),
            AnchorSizes = s.DistinctNumbers("anchorSizes", 1, 5, 1, 4096,
                new("Anchor side, one for each pyramid level from the first on. The first is P3 where the input is "
                    + "409 px high or more, else P2.")
                {
                    Unit = "input px",
                    Default = "[0.074 sqrt(w h)]",
                }),
            AnchorScales = s.DistinctNumbers("anchorScales", 1, 8, 0.1, 10,
                new("Multiples of each size.") { Default = "[1, 1.4, 2]" }),
            AnchorRatios = s.DistinctNumbers("anchorRatios", 1, 8, 0.05, 20,
                new("Height over width.") { Default = "[0.1575 h/w, 0.28 h/w]" }),
        };
        s.Finish();
        return detector;
    }

    private static int? Given(RecipeSection s, string key, int value) => s.Has(key) ? value : null;
}
