namespace Marrow.Modules;

/// <summary>
/// Which object each anchor stands for: the one it overlaps most, if by 0.5 IoU; none below 0.4; between, the anchor is
/// left out of the loss. Each object also gets the anchors that overlap it most, however little (torchvision's
/// low-quality matches), as long as they overlap.
/// </summary>
internal static class Matcher
{
    public const int Background = -1;

    /// <summary>Between the thresholds: adds no loss.</summary>
    public const int Ignored = -2;

    private const float Foreground = 0.5f, BackgroundBelow = 0.4f; // RetinaNet, section 4

    /// <summary>[anchors]: an object's index, <see cref="Background"/> or <see cref="Ignored"/>.</summary>
    public static int[] Match(ReadOnlySpan<Box> objects, ReadOnlySpan<Box> anchors)
    {
        var matches = new int[anchors.Length];
        var bestIou = new float[anchors.Length];
        var nearest = new List<int>[objects.Length]; // the anchors that overlap an object most, ties included
        for (var o = 0; o < objects.Length; o++)
        {
            var box = objects[o];
            var largest = 0f;
            nearest[o] = [];
            for (var a = 0; a < anchors.Length; a++)
            {
                var iou = Box.Iou(box, anchors[a]);
                if (!(iou > 0)) // NaN too
                    continue;
                if (iou > bestIou[a])
                    (bestIou[a], matches[a]) = (iou, o);
                if (iou < largest)
                    continue;
                if (iou > largest)
                    nearest[o].Clear();
                largest = iou;
                nearest[o].Add(a);
            }
        }
        var nearestObject = (int[])matches.Clone();
        for (var a = 0; a < anchors.Length; a++)
        {
            if (bestIou[a] < BackgroundBelow)
                matches[a] = Background;
            else if (bestIou[a] < Foreground)
                matches[a] = Ignored;
        }
        foreach (var anchor in nearest.SelectMany(list => list))
            matches[anchor] = nearestObject[anchor];
        return matches;
    }
}
