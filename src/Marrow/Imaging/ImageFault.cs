namespace Marrow.Imaging;

/// <summary>
/// What is wrong with an image file, in a word that a data report can count; carried by the exception.
/// </summary>
internal static class ImageFault
{
    public const string Missing = "missing-image";
    public const string Unreadable = "unreadable-image";
    public const string Truncated = "truncated-image";
    public const string WrongSize = "wrong-size-image";

    private const string Key = "Marrow.ImageFault";

    public static MarrowException As(this MarrowException exception, string kind)
    {
        exception.Data[Key] = kind;
        return exception;
    }

    public static string KindOf(MarrowException exception) => exception.Data[Key] as string ?? Unreadable;
}
