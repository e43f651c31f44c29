using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Reflection;
using Marrow.Cli.Commands;
using Marrow.Computing;

namespace Marrow.Cli;

/// <summary>
/// The frame of every command: arguments -> command -> exit code. Errors go to standard error as "error: ..." and
/// never as a stack trace, unless --verbose asks for one. Help touches neither torch nor the library.
/// </summary>
internal static class CommandLine
{
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON document on standard output; progress goes to standard error.",
        Recursive = true,
    };

    public static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "Show the stack trace of an error.",
        Recursive = true,
    };

    public static int Run(string[] args, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        var root = Tree();
        if (args.Length == 0)
            return Begin(root, output, error);
        // No response files: "@1.jpg" is the name of a file.
        var parsed = root.Parse(
            args,
            new ParserConfiguration { ResponseFileTokenReplacer = null }
        );
        if (parsed.Action is ParseErrorAction && Unchosen(args, parsed) is { } group)
        {
            error.WriteLine($"error: {string.Join(' ', group.Prepend("marrow"))}: name one of its commands.");
            return Help(group, error, error, ExitCode.WrongUsage);
        }
        if (parsed.Action is ParseErrorAction)
            return Usage(
                string.Join(
                    "\nerror: ",
                    parsed.Errors.Select(e =>
                        VisibleText.Elide(
                            VisibleText.Of(e.Message.ReplaceLineEndings(" ").Replace("\t", "")),
                            VisibleText.MostInMessage))),
                parsed,
                error);
        if (parsed.Errors.Count == 0 && EmptyValues.Of(args, parsed) is { Count: > 0 } empty)
            return Usage(
                string.Join(
                    "\nerror: ",
                    empty.Select(fault => VisibleText.Elide(VisibleText.Of(fault), VisibleText.MostInMessage))),
                parsed,
                error);
        var verbose = parsed.GetValue(Verbose);
        try
        {
            return parsed
                .InvokeAsync(
                    new InvocationConfiguration
                    {
                        EnableDefaultExceptionHandler = false,
                        ProcessTerminationTimeout = null,
                        Output = output,
                        Error = error,
                    },
                    cancellation)
                .GetAwaiter()
                .GetResult();
        }
        catch (UsageException e)
        {
            return Usage(e.Message, parsed, error);
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && Unwrap(e) is OperationCanceledException)
        {
            error.WriteLine("cancelled");
            return ExitCode.Cancelled;
        }
        catch (Exception e)
        {
            error.WriteLine($"error: {VisibleText.Lines(Describe(Unwrap(e)))}");
            if (verbose)
                error.WriteLine(Trace(e));
            return ExitCode.Failed;
        }
    }

    // A command that has ended by then has answered itself.
    private static readonly TimeSpan AnswerDelay = TimeSpan.FromSeconds(0.3);

    /// <summary>True while a command goes on that leaves nothing behind, so that it may be ended anywhere.</summary>
    internal static bool OnlyReads { get; private set; }

    /// <summary>
    /// Gives a command its action. It gets what was parsed, where to print, and the wish to stop, which is answered at
    /// once: the command itself may first have a state to save.
    /// </summary>
    /// <param name="onlyReads">Ended anywhere, it loses nothing and leaves nothing behind.</param>
    public static Command Does(
        this Command command,
        Func<ParseResult, Output, CancellationToken, int> action,
        bool onlyReads = false)
    {
        command.SetAction(
            (parsed, cancellation) =>
            {
                var (written, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
                var output = new Output(written, error, parsed.GetValue(Json));
                OnlyReads = onlyReads;
                using var answer = new Timer(_ =>
                    output.Note(
                        onlyReads
                            ? "Stopping."
                            : "Stopping, once what is under way is safe. A second Ctrl-C ends it at once."));
                using var asked = cancellation.Register(() => answer.Change(AnswerDelay, Timeout.InfiniteTimeSpan));
                using var notices = Notices.To(output.Warn);
                ThreadOption.Begin(command, parsed);
                return Task.FromResult(action(parsed, output, cancellation));
            }
        );
        return command;
    }

    /// <summary>Gives a command lines that its help ends with.</summary>
    public static Command WithExamples(this Command command, params string[] examples)
    {
        command.Options.Add(new HelpOption { Action = new HelpWithExamples(examples) });
        return command;
    }

    /// <summary>Limits a number; both ends are allowed.</summary>
    public static Option<int> Between(this Option<int> option, int low, int high)
    {
        option.Validators.Add(result =>
        {
            // What is no number at all has an error of its own.
            if (
                result.Tokens.Count == 1
                && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var value)
                && (value < low || value > high))
                result.AddError($"{option.Name} {value}: expected {low} to {high}.");
        });
        return option;
    }

    /// <summary>"0.1.0+c138982d...": after the plus the commit that was built, where it is known.</summary>
    public static string Version() =>
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    internal static RootCommand Tree()
    {
        var root = new RootCommand("Pretrained checkpoints for medical images: train, warm-start, measure, predict.")
        {
            Json,
            Verbose,
            DemoCommand.Create(),
            RunCommand.Create(),
            ExperimentCommand.Create(),
            ExperimentCommand.CreateFormer(),
            EvaluateCommand.Create(),
            PredictCommand.Create(),
            DataCommand.Create(),
            HubCommand.Create(),
            DoctorCommand.Create(),
        };
        root.Options.OfType<VersionOption>().Single().Action = new PrintVersion();
        return root;
    }

    private static int Usage(string message, ParseResult parsed, TextWriter error)
    {
        error.WriteLine($"error: {VisibleText.Lines(message)}");
        var examples = parsed.CommandResult.Command.Options.Select(option => option.Action).OfType<HelpWithExamples>();
        if (examples.FirstOrDefault() is { } help)
            error.WriteLine($"For example: {help.Examples[0]}");
        error.WriteLine($"See: {string.Join(' ', Words(parsed).Prepend("marrow"))} --help");
        return ExitCode.WrongUsage;
    }

    /// <summary>The command's own words, such as "hub", "show".</summary>
    private static List<string> Words(ParseResult parsed)
    {
        var names = new List<string>();
        for (var at = parsed.CommandResult; at.Parent is System.CommandLine.Parsing.CommandResult parent; at = parent)
            names.Insert(0, at.Command.Name);
        return names;
    }

    /// <summary>
    /// Returns the words of a command that only holds others, where none of them was named, as in "marrow hub"; null
    /// elsewhere.
    /// </summary>
    private static List<string>? Unchosen(string[] args, ParseResult parsed) =>
        parsed.CommandResult.Command is { Action: null, Subcommands.Count: > 0 } && Words(parsed) is var words
        && words.SequenceEqual(args)
            ? words
            : null;

    /// <summary>Answers "marrow" alone: what there is, and what to do next in this folder.</summary>
    private static int Begin(RootCommand root, TextWriter output, TextWriter error)
    {
        var code = Help([], output, error, ExitCode.Done);
        output.WriteLine("Next:");
        foreach (var (command, why) in NextSteps.In(Directory.GetCurrentDirectory()))
        {
            output.WriteLine($"  {VisibleText.Of(command)}");
            output.WriteLine($"      {VisibleText.Of(why)}");
        }
        output.WriteLine();
        return code;
    }

    private static int Help(IReadOnlyList<string> words, TextWriter output, TextWriter error, int code)
    {
        Tree().Parse([.. words, "--help"]).Invoke(new() { Output = output, Error = error });
        return code;
    }

    /// <summary>The exception that says what went wrong.</summary>
    private static Exception Unwrap(Exception e) =>
        e is AggregateException or TargetInvocationException or TypeInitializationException
        && e.InnerException is { } inner
            ? Unwrap(inner)
            : e;

    private static string Describe(Exception e) => e is MarrowException ? e.Message
        : e is IOException or UnauthorizedAccessException
            ? $"{e.Message.TrimEnd('.')}. Check the path, its permissions and the free disk space."
        : e is not OperationCanceledException && Installation.LibtorchProblem is { } problem
            ? $"{problem} Check the program's folder, and that TMPDIR can be written."
        : $"unexpected {e.GetType().Name}: {e.Message.Split('\n')[0].TrimEnd()} Run again with --verbose for the "
            + $"stack trace.";

    /// <summary>
    /// The exception and its causes, each with its stack. Messages may quote foreign text, so each stays on its line.
    /// </summary>
    private static string Trace(Exception e) =>
        string.Join(
            Environment.NewLine,
            Causes(e)
                .Select(cause =>
                    $"{cause.GetType()}: {VisibleText.Of(cause.Message)}{Environment.NewLine}{cause.StackTrace}"));

    private static IEnumerable<Exception> Causes(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
            yield return cause;
    }

    private sealed class HelpWithExamples(string[] examples) : SynchronousCommandLineAction
    {
        private readonly HelpAction _help = new();

        public IReadOnlyList<string> Examples => examples;

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var result = _help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in examples)
                output.WriteLine($"  {example}");
            output.WriteLine();
            return result;
        }
    }

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"marrow {Version()}");
            return ExitCode.Done;
        }
    }
}
