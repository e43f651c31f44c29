namespace Marrow.Training;

/// <summary>The section "data:" -> <see cref="StageData"/>.</summary>
internal static class RecipeData
{
    public static StageData Read(RecipeSection stage, double heldOut)
    {
        var node = stage.Require("data", "data: {name: spineweb16, format: spineweb16}");
        if (node is null)
            return new StageData { Name = "", Format = "" };
        var s = new RecipeSection(node, "data", stage.Errors);
        var format = s.RequiredText("format", "format: spineweb16") ?? "";
        var data = new StageData
        {
            Format = format,
            Name = RecipeReader.Name(s, "name", s.Text("name")) ?? format,
            Limit = s.Int("limit", 0, 0, int.MaxValue),
            HeldOut = s.Number("heldOut", heldOut, 0, 0.9),
            Validation = s.Number("validation", 0.1, 0, 0.5),
        };
        s.Finish();
        return data;
    }
}
