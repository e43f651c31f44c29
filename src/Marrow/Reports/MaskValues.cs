namespace Marrow.Reports;

/// <summary>
/// The values of classes in mask files: 255 when there is only one class, otherwise 1, 2 and so on.
/// <see cref="Datasets.MaskFile"/> reads them.
/// </summary>
internal static class MaskValues
{
    /// <param name="place">The position of the class, from 1; 0 for the background.</param>
    public static byte Of(byte place, int classes) => classes == 1 && place == 1 ? byte.MaxValue : place;

    public static byte[] Of(byte[] mask, int classes) => [.. mask.Select(place => Of(place, classes))];
}
