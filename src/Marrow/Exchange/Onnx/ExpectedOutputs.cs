using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using Marrow.Tasks.Masks;
using Marrow.Tasks.Numbers;
using Marrow.Tasks.Points;
using static TorchSharp.torch;

namespace Marrow.Exchange.Onnx;

/// <summary>What Marrow itself gives for the outputs of an exported graph, by their names.</summary>
internal static class ExpectedOutputs
{
    public static Dictionary<string, float[]> Of(nn.Module model, Tensor input, CheckpointConfig config, bool decode)
    {
        if (model is RetinaNet detector && decode)
        {
            using var output = detector.forward(input);
            return Decoded(output);
        }
        var raw = ModelOutputs.Of(model, input);
        return raw switch
        {
            [var (_, logits)] when model is Classifier => decode
                ? new() { ["probabilities"] = [.. ClassProbabilities.Of(logits, config.Layout).SelectMany(p => p)] }
                : new() { ["logits"] = Flat(logits) },
            [var (_, numbers)] when model is NumberRegressor => new() { ["numbers"] = Flat(numbers) },
            [var (_, points)] when model is PointLocator => new() { ["points"] = Flat(points) },
            [var (_, logits)] when model is SegmentationNet => decode
                ? new() { ["probabilities"] = Flat(config.ExclusiveClasses ? logits.softmax(1) : logits.sigmoid()) }
                : new() { ["logits"] = Flat(logits) },
            [var (_, angles)] => new() { ["angles"] = Flat(angles) },
            _ => raw.ToDictionary(o => o.Name, o => Flat(o.Value)),
        };
    }

    /// <summary>Image, class and anchor of the detections that <see cref="Nms"/> keeps.</summary>
    /// <param name="scores">[N, R, K].</param>
    /// <param name="boxes">[N, R, 4].</param>
    public static HashSet<(long Image, long Class, long Anchor)> Selected(float[] scores, float[] boxes, int images, int classes)
    {
        var anchors = boxes.Length / (images * BoxCoder.Length);
        var kept = new HashSet<(long, long, long)>();
        for (var n = 0; n < images; n++)
        {
            for (var k = 0; k < classes; k++)
            {
                var candidates = Enumerable.Range(0, anchors).Where(r => Score(r) > OnnxDecoding.LowestScore).ToArray();
                var indices = Nms.Suppress([.. candidates.Select(BoxOf)], [.. candidates.Select(Score)], OnnxDecoding.SuppressedIou);
                kept.UnionWith(indices.Take(OnnxDecoding.MostDetections).Select(i => ((long)n, (long)k, (long)candidates[i])));

                float Score(int anchor) => scores[(n * anchors + anchor) * classes + k];
            }

            Box BoxOf(int anchor)
            {
                var b = boxes.AsSpan((n * anchors + anchor) * BoxCoder.Length);
                return new(b[0], b[1], b[2], b[3]);
            }
        }
        return kept;
    }

    private static Dictionary<string, float[]> Decoded(DetectorOutput output)
    {
        var anchors = output.Anchors.Boxes;
        using var scores = output.ClassLogits.sigmoid();
        var expected = new Dictionary<string, float[]> { ["scores"] = Flat(scores), ["boxes"] = Flat(output.BoxDeltas) };
        var boxes = expected["boxes"];
        for (var i = 0; i < boxes.Length; i += BoxCoder.Length)
        {
            var box = BoxCoder.Decode(boxes.AsSpan(i, BoxCoder.Length), anchors[i / BoxCoder.Length % anchors.Length]);
            (boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]) = (box.X1, box.Y1, box.X2, box.Y2);
        }
        if (output.CornerOffsets is null)
            return expected;
        var corners = expected["corners"] = Flat(output.CornerOffsets);
        for (var i = 0; i < corners.Length; i += CornerCoder.Length)
        {
            var v = CornerCoder.Decode(corners.AsSpan(i, CornerCoder.Length), anchors[i / CornerCoder.Length % anchors.Length]);
            var points = (ReadOnlySpan<Imaging.Point2D>)[v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight];
            for (var p = 0; p < points.Length; p++)
                (corners[i + 2 * p], corners[i + 2 * p + 1]) = ((float)points[p].X, (float)points[p].Y);
        }
        return expected;
    }

    private static float[] Flat(Tensor values)
    {
        using var scope = NewDisposeScope();
        return values.detach().to(ScalarType.Float32).Values<float>();
    }
}
