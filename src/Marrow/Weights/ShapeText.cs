namespace Marrow.Weights;

internal static class ShapeText
{
    /// <summary>A shape as text: "[64, 3, 7, 7]".</summary>
    public static string Of(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";
}
