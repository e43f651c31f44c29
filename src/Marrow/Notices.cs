namespace Marrow;

/// <summary>
/// What has to be told and belongs to no result: a cache that can't be used, a checkpoint dated in the future. Whoever
/// calls the library says where it goes; the program prints warnings. Each text is told once to one listener.
/// </summary>
public static class Notices
{
    private sealed class Listener(Action<string> say)
    {
        private readonly HashSet<string> _told = new(StringComparer.Ordinal);
        private readonly Lock _turn = new();

        public void Hear(string text)
        {
            lock (_turn)
            {
                if (_told.Add(text))
                    say(text);
            }
        }
    }

    private static readonly AsyncLocal<Listener?> Current = new(); // with the threads and tasks that a command starts

    /// <summary>Until the result is disposed, notices of this flow of execution go to <paramref name="say"/>.</summary>
    public static IDisposable To(Action<string> say)
    {
        var before = Current.Value;
        Current.Value = new(say);
        return new Restore(before);
    }

    internal static void Say(string text) => Current.Value?.Hear(text);

    private sealed class Restore(Listener? before) : IDisposable
    {
        public void Dispose() => Current.Value = before;
    }
}
