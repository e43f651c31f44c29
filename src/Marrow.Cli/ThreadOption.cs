using System.CommandLine;
using System.Globalization;
using Marrow.Cli.Commands;
using Marrow.Computing;

namespace Marrow.Cli;

/// <summary>--threads, which every command has that computes for long.</summary>
internal static class ThreadOption
{
    private static readonly Option<int> Option = Create();

    public static Command Computes(this Command command)
    {
        command.Options.Add(Option);
        return command;
    }

    /// <summary>
    /// Looks at the machine from here on, for a command that computes; the number is chosen when it first does.
    /// </summary>
    public static void Begin(Command command, ParseResult parsed)
    {
        if (command.Options.Contains(Option))
            ProcessThreads.Begin(
                parsed.GetResult(Option) is null ? null : parsed.GetValue(Option),
                ExperimentCommand.Carries(command));
    }

    private static Option<int> Create()
    {
        var option = new Option<int>("--threads")
        {
            Description =
                $"Threads that compute. Without it {ProcessThreads.Variable}, or as many as processors are free.",
            HelpName = "N",
        };
        option.Validators.Add(result =>
        {
            // What is no number at all has an error of its own.
            if (
                result.Tokens is not [var token]
                || !int.TryParse(
                    token.Value,
                    NumberStyles.AllowLeadingSign,
                    CultureInfo.InvariantCulture,
                    out var count))
                return;
            var cores = ProcessThreads.MostThreads;
            if (count < 1 || count > cores)
                result.AddError(
                    $"{option.Name} {count}: expected 1 to {cores}, the processors that this process may use.");
        });
        return option;
    }
}
