using System.Globalization;

namespace Marrow.Hub.Registry;

/// <summary>
/// A failure that the next attempt may not meet, such as a closed connection or a silent or busy registry.
/// </summary>
internal sealed class TransientFailure(string message, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>The time that the registry asks to wait; null when it names none.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>
/// Counts attempts and doubles the waiting time between them. Progress starts the count again. After the last attempt
/// its failure becomes an error for the user.
/// </summary>
internal sealed class Attempts(RegistryOptions options, string what)
{
    private const int MostPerAttempt = 20; // of failures in all
    private int _failed, _failedInAll;

    public void Progressed() => _failed = 0;

    /// <summary>Runs <paramref name="attempt"/> until it succeeds or the attempts are used up.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (TransientFailure e)
            {
                await PauseAsync(e, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task PauseAsync(TransientFailure failure, CancellationToken cancellation)
    {
        if (++_failed >= options.Attempts)
            throw new MarrowException(
                ErrorKind.Unavailable,
                $"{what}: {failure.Message.TrimEnd('.')}, {_failed} time{(_failed > 1 ? "s" : "")} in a row. Try "
                    + $"again later: what has arrived is kept.",
                failure);
        if (++_failedInAll >= options.Attempts * MostPerAttempt)
            throw new MarrowException(
                ErrorKind.Unavailable,
                $"{what}: {failure.Message.TrimEnd('.')}, the {_failedInAll}th failure of this transfer. Try again "
                    + $"later: what has arrived is kept.",
                failure);
        var pause = failure.RetryAfter ?? options.FirstPause * Math.Pow(2, _failed - 1);
        if (pause > options.LongestPause)
            pause = options.LongestPause;
        options.Note?.Invoke(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{what}: {failure.Message.TrimEnd('.')}; attempt {_failed + 1} of {options.Attempts} in "
                    + $"{pause.TotalSeconds:0.#} s"
            ));
        await Task.Delay(pause, cancellation).ConfigureAwait(false);
    }
}
