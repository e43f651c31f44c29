namespace Marrow;

/// <summary>
/// A failure that is the input's or the environment's, not the program's. Its message is shown to the user as it
/// stands: it names the file, what was expected, what was found and the remedy.
/// </summary>
public sealed class MarrowException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>"scan.png: expected 8 or 16 bits a sample, found 4. Convert it to 8-bit greyscale first."</summary>
    public static MarrowException Bad(string file, string expected, string found, string remedy, Exception? inner = null) =>
        new($"{file}: expected {expected}, found {found}. {remedy}", inner);
}
