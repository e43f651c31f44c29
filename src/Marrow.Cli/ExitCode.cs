namespace Marrow.Cli;

/// <summary>What the program tells its caller.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;

    /// <summary>128 + SIGINT, as shells have it; by whatever signal it was asked to stop.</summary>
    public const int Cancelled = 130;
}

/// <summary>What was typed can't be meant; its message is shown with a hint to the help.</summary>
internal sealed class UsageException(string message) : Exception(message);
