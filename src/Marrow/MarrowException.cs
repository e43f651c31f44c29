namespace Marrow;

/// <summary>
/// A failure that is the input's or the environment's, not the program's. Its message is shown to the user as it
/// stands: it names the file, what was expected, what was found and the remedy. Whatever came from elsewhere is made
/// visible and bounded here, so that no message is long, breaks lines or moves a terminal's cursor.
/// </summary>
public sealed class MarrowException : Exception
{
    private const int MostCharacters = 32_000; // the fifty mistakes of a recipe, one a line

    /// <summary>Of the kind that its cause has, bad input where there is none.</summary>
    public MarrowException(string message) : this(message, null) { }

    /// <summary>The same, with what led to it.</summary>
    public MarrowException(string message, Exception? inner) : this(KindOf(inner), message, inner) { }

    /// <summary>Of a kind by which a program may decide what to do.</summary>
    public MarrowException(ErrorKind kind, string message) : this(kind, message, null) { }

    /// <summary>The same, with what led to it.</summary>
    internal MarrowException(ErrorKind kind, string message, Exception? inner)
        : base(VisibleText.Elide(VisibleText.Lines(message), MostCharacters), inner) => Kind = kind;

    /// <summary>Taken by the compiler for $"...": its values are foreign, its words are ours.</summary>
    internal MarrowException(VisibleMessage message, Exception? inner = null) : this(message.ToString(), inner) { }

    /// <summary>The same message of a kind.</summary>
    internal MarrowException(ErrorKind kind, VisibleMessage message, Exception? inner = null)
        : this(kind, message.ToString(), inner) { }

    /// <summary>What sort of failure it is. The command line answers all of them alike.</summary>
    public ErrorKind Kind { get; }

    /// <summary>"scan.png: expected 8 or 16 bits a sample, found 4. Convert it to 8-bit greyscale first."</summary>
    public static MarrowException Bad(
        string file,
        string expected,
        string found,
        string remedy,
        Exception? inner = null
    ) => Of(KindOf(inner), file, expected, found, remedy, inner);

    /// <summary>The same sentence of what is not there.</summary>
    internal static MarrowException NotFound(
        string file,
        string expected,
        string found,
        string remedy,
        Exception? inner = null
    ) => Of(ErrorKind.NotFound, file, expected, found, remedy, inner);

    /// <summary>The same sentence of a place that is taken.</summary>
    internal static MarrowException Conflict(
        string file,
        string expected,
        string found,
        string remedy,
        Exception? inner = null
    ) => Of(ErrorKind.Conflict, file, expected, found, remedy, inner);

    /// <summary>The same sentence of what was changed, cut short or never was what it claims to be.</summary>
    internal static MarrowException Damaged(
        string file,
        string expected,
        string found,
        string remedy,
        Exception? inner = null
    ) => Of(ErrorKind.Damaged, file, expected, found, remedy, inner);

    /// <summary>The same sentence of what this version, machine or format can't do.</summary>
    internal static MarrowException Unsupported(
        string file,
        string expected,
        string found,
        string remedy,
        Exception? inner = null
    ) => Of(ErrorKind.Unsupported, file, expected, found, remedy, inner);

    /// <summary>The same sentence of what a licence or a registry does not allow.</summary>
    internal static MarrowException Refused(
        string file,
        string expected,
        string found,
        string remedy,
        Exception? inner = null
    ) => Of(ErrorKind.Refused, file, expected, found, remedy, inner);

    /// <summary>The same sentence of what can't be reached or written to now.</summary>
    internal static MarrowException Unavailable(
        string file,
        string expected,
        string found,
        string remedy,
        Exception? inner = null
    ) => Of(ErrorKind.Unavailable, file, expected, found, remedy, inner);

    private static MarrowException Of(
        ErrorKind kind,
        string file,
        string expected,
        string found,
        string remedy,
        Exception? inner
    ) => new(kind, $"{file}: expected {expected}, found {found}. {remedy}", inner);

    /// <summary>
    /// An error that tells more of another one is of its kind; the system's errors on files have kinds of their own.
    /// </summary>
    private static ErrorKind KindOf(Exception? inner) => inner switch
    {
        MarrowException cause => cause.Kind,
        FileNotFoundException or DirectoryNotFoundException => ErrorKind.NotFound,
        IOException or UnauthorizedAccessException or HttpRequestException => ErrorKind.Unavailable,
        _ => ErrorKind.BadInput,
    };
}
