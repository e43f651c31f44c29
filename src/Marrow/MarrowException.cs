namespace Marrow;

/// <summary>
/// A failure that is the input's or the environment's, not the program's. Its message is shown to the user as it
/// stands: it names the file, what was expected, what was found and the remedy. Whatever came from elsewhere is made
/// visible and bounded here, so that no message is long, breaks lines or moves a terminal's cursor.
/// </summary>
public sealed class MarrowException(string message, Exception? inner = null) : Exception(VisibleText.Elide(VisibleText.Lines(message), MostCharacters), inner)
{
    private const int MostCharacters = 32_000; // the fifty mistakes of a recipe, one a line

    /// <summary>Taken by the compiler for $"...": its values are foreign, its words are ours.</summary>
    internal MarrowException(VisibleMessage message, Exception? inner = null) : this(message.ToString(), inner) { }

    /// <summary>"scan.png: expected 8 or 16 bits a sample, found 4. Convert it to 8-bit greyscale first."</summary>
    public static MarrowException Bad(string file, string expected, string found, string remedy, Exception? inner = null) =>
        new($"{file}: expected {expected}, found {found}. {remedy}", inner);
}
