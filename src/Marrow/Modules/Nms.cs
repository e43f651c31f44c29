namespace Marrow.Modules;

/// <summary>Non-maximum suppression, as torchvision.ops.nms.</summary>
internal static class Nms
{
    /// <summary>
    /// Indices of the boxes that overlap no box of a higher score by more than <paramref name="iouThreshold"/>, by
    /// falling score; equal scores keep their order.
    /// </summary>
    public static int[] Suppress(ReadOnlySpan<Box> boxes, ReadOnlySpan<float> scores, float iouThreshold)
    {
        var ranked = new (float Falling, int Index)[boxes.Length];
        for (var i = 0; i < ranked.Length; i++)
            ranked[i] = (-scores[i], i);
        Array.Sort(ranked); // by score, then by index

        var kept = new List<int>();
        foreach (var (_, candidate) in ranked)
        {
            var suppressed = false;
            foreach (var winner in kept)
            {
                if (Box.Iou(boxes[winner], boxes[candidate]) <= iouThreshold)
                    continue;
                suppressed = true;
                break;
            }
            if (!suppressed)
                kept.Add(candidate);
        }
        return [.. kept];
    }
}
