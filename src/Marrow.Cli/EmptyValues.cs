using System.CommandLine;
using System.CommandLine.Parsing;

namespace Marrow.Cli;

/// <summary>
/// Values that are there and say nothing: <c>--hub ""</c>, as a script gives with a variable that is not set. Of no
/// option and no argument do they mean the default; they are wrong usage. The form that an option's help promises tells
/// what else must be there: NAME=DIR both sides, A,B every word.
/// </summary>
internal static class EmptyValues
{
    /// <summary>What is empty, one sentence each.</summary>
    /// <param name="args">As they were given: of "--hub=" the parser would take the next word for the value.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> args, ParseResult parsed)
    {
        var found = args.TakeWhile(arg => arg != "--").Where(IsOptionWithout)
            .Select(arg =>
                $"{arg}: expected a value, found none. Leave {arg[..^1]} out for its default, or say what it is to be.")
            .ToList();
        for (
            CommandResult? command = parsed.CommandResult;
            command is not null;
            command = command.Parent as CommandResult)
        {
            foreach (var child in command.Children)
            {
                var (name, form) = child switch
                {
                    OptionResult option => (option.Option.Name, option.Option.HelpName),
                    ArgumentResult argument => (argument.Argument.Name, null),
                    _ => ("", null),
                };
                if (name.Length > 0)
                    found.AddRange(child.Tokens.Select(token => Fault(name, form, token.Value)).OfType<string>());
            }
        }
        return [.. found.Distinct()];
    }

    private static bool IsOptionWithout(string arg) =>
        arg.Length > 3
        && arg.StartsWith("--", StringComparison.Ordinal)
        && arg.IndexOfAny(['=', ':']) == arg.Length - 1;

    private static string? Fault(string name, string? form, string value)
    {
        if (string.IsNullOrWhiteSpace(value))
            return $"{name}: expected {(form is null ? "a value" : form)}, found \"{value}\". Leave {name} out for "
                + $"its default, or say what it is to be.";
        if (
            form is not null
            && form.EndsWith("=DIR", StringComparison.Ordinal)
            && value.Split('=', 2) is { Length: 2 } sides
            && sides.Any(string.IsNullOrWhiteSpace))
            return $"{name} {value}: expected {form}.";
        if (
            form is not null
            && form.Contains(',', StringComparison.Ordinal)
            && value.Split(',').Any(string.IsNullOrWhiteSpace))
            return $"{name} {value}: expected {form}, found an empty word between commas.";
        return null;
    }
}
