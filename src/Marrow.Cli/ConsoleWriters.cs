using System.Text;

namespace Marrow.Cli;

/// <summary>Where a command prints; what becomes of a write that fails is the deriving class's to say.</summary>
internal abstract class ConsoleWriter(TextWriter inner) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Guard(() => inner.Write(value));
    public override void Write(string? value) => Guard(() => inner.Write(value));
    public override void Write(char[] buffer, int index, int count) => Guard(() => inner.Write(buffer, index, count));
    public override void WriteLine() => Guard(inner.WriteLine);
    public override void WriteLine(string? value) => Guard(() => inner.WriteLine(value));
    public override void Flush() => Guard(inner.Flush);

    /// <summary>Carries a write out.</summary>
    protected abstract void Guard(Action write);
}

/// <summary>
/// Standard error, and a terminal. A remark that can't be shown, since the disk that it is redirected to is full, the
/// terminal is gone or the pipe is closed, is dropped: no work ends because nobody can read of it.
/// </summary>
internal sealed class RemarkWriter(TextWriter inner) : ConsoleWriter(inner)
{
    protected override void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // Where to say so is just what is missing.
        }
    }
}

/// <summary>
/// Standard output. A result that can't be shown is an error by its name; what the command did before, such as writing
/// files, stays.
/// </summary>
internal sealed class ResultWriter(TextWriter inner) : ConsoleWriter(inner)
{
    protected override void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"standard output: can't be written ({e.Message.TrimEnd('.')}). "
                + "What the command did before stays; check the disk or the terminal that it leads to.", e);
        }
    }
}
