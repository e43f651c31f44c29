using static TorchSharp.torch;

namespace Marrow.Tasks.Strip;

/// <summary>
/// Writes a <see cref="StripNet"/> as ONNX nodes. The output is "maps", [N, points, H/4, W/4]: where along the curve
/// each item is expected, and the softmax over its window, are for whoever lays the strip, as docs/how-to-strips.md
/// says.
/// </summary>
internal sealed class StripOnnx : TaskOnnx<StripNet>
{
    private const string Maps = "maps";

    protected override void Write(OnnxSheet sheet, StripNet model)
    {
        var maps = sheet.Layers.Convolution(DecoderOnnx.Write(sheet, StripNet.FirstLevel), Maps);
        var stride = model.Features.Levels[StripNet.FirstLevel - 1].Stride;
        var (width, height) = (sheet.Config.Input.Width, sheet.Config.Input.Height);
        sheet.Output(maps, "logit",
            sheet.Named($"Of each cell of {stride} x {stride} px, for each point of an item; within an item's window a "
                + "softmax gives where the point is"),
            sheet.Config.Model.Outputs, (height + stride - 1) / stride, (width + stride - 1) / stride);
    }

    protected override IReadOnlyDictionary<string, float[]> Expected(
        StripNet model, Tensor input, CheckpointConfig config, bool decode)
    {
        using var scope = NewDisposeScope();
        return new Dictionary<string, float[]> { [Maps] = Flat(model.forward(input)) };
    }
}
