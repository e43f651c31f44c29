namespace Marrow.Reports;

/// <summary>
/// What masks in files have for each class: 255 where there is one class, else 1, 2 ...;
/// <see cref="Datasets.MaskFile"/> reads them back.
/// </summary>
internal static class MaskValues
{
    /// <param name="place">The position of the class, from 1; 0 for the background.</param>
    public static byte Of(byte place, int classes) => classes == 1 && place == 1 ? byte.MaxValue : place;

    public static byte[] Of(byte[] mask, int classes) => [.. mask.Select(place => Of(place, classes))];
}
