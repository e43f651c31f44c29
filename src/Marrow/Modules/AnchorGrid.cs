// Anchors as torchvision's AnchorGenerator lays them: at each cell of each level, ratio by ratio, scale by scale.

namespace Marrow.Modules;

/// <summary>An axis-aligned box, px; (X1, Y1) is its upper left corner.</summary>
internal readonly record struct Box(float X1, float Y1, float X2, float Y2)
{
    public float Width => X2 - X1;
    public float Height => Y2 - Y1;
    public float Area => (X2 - X1) * (Y2 - Y1);
    public float CenterX => X1 + 0.5f * (X2 - X1);
    public float CenterY => Y1 + 0.5f * (Y2 - Y1);

    /// <summary>What of it lies within an image of this size, px; without an area where nothing does.</summary>
    public Box Within(float width, float height) => new(
        Math.Clamp(X1, 0, width), Math.Clamp(Y1, 0, height), Math.Clamp(X2, 0, width), Math.Clamp(Y2, 0, height));

    /// <summary>Intersection over union, 0 to 1.</summary>
    public static float Iou(in Box a, in Box b)
    {
        var width = MathF.Min(a.X2, b.X2) - MathF.Max(a.X1, b.X1);
        var height = MathF.Min(a.Y2, b.Y2) - MathF.Max(a.Y1, b.Y1);
        if (width <= 0 || height <= 0)
            return 0;
        var intersection = width * height;
        return intersection / (a.Area + b.Area - intersection);
    }
}

/// <summary>The anchors of one input size, in the order of the detector's outputs.</summary>
internal sealed class AnchorGrid
{
    /// <param name="levels">Height and width, in cells, of each pyramid level.</param>
    internal AnchorGrid(
        DetectorSpec spec,
        int inputWidth,
        int inputHeight,
        IReadOnlyList<(int Height, int Width)> levels)
    {
        (InputWidth, InputHeight) = (inputWidth, inputHeight);
        var perCell = AnchorsPerCell(spec);
        Boxes = new Box[levels.Sum(level => level.Height * level.Width) * perCell];
        var next = 0;
        for (var l = 0; l < levels.Count; l++)
        {
            var cell = CellAnchors(spec, spec.AnchorSizes[l]);
            var (strideX, strideY) = (inputWidth / levels[l].Width, inputHeight / levels[l].Height);
            for (var y = 0; y < levels[l].Height; y++)
                for (var x = 0; x < levels[l].Width; x++)
                    foreach (var anchor in cell)
                        Boxes[next++] = new(
                            anchor.X1 + x * strideX,
                            anchor.Y1 + y * strideY,
                            anchor.X2 + x * strideX,
                            anchor.Y2 + y * strideY);
        }
    }

    /// <summary>The width of the input, in px.</summary>
    public int InputWidth { get; }
    public int InputHeight { get; }

    /// <summary>[R], input px; anchors may reach over the image's edge.</summary>
    public Box[] Boxes { get; }

    public static int AnchorsPerCell(DetectorSpec spec) => spec.AnchorRatios.Count * spec.AnchorScales.Count;

    /// <summary>
    /// Around (0, 0), each side rounded to whole px (halves to even), in torchvision's float32 arithmetic.
    /// </summary>
    private static Box[] CellAnchors(DetectorSpec spec, double size) =>
        [
            .. from ratio in spec.AnchorRatios
            from scale in spec.AnchorScales
            let side = (float)(size * scale)
            let height = MathF.Sqrt((float)ratio)
            let halfWidth = 1 / height * side / 2
            let halfHeight = height * side / 2
            select new Box(
                MathF.Round(-halfWidth),
                MathF.Round(-halfHeight),
                MathF.Round(halfWidth),
                MathF.Round(halfHeight)),
        ];
}
