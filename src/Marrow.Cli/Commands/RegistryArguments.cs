using System.CommandLine;
using System.CommandLine.Parsing;
using Marrow.Hub.Registry;

namespace Marrow.Cli.Commands;

/// <summary>What push and pull share: how the registry is named and spoken to.</summary>
internal sealed class RegistryArguments
{
    public Option<bool> WithParents { get; } = new("--with-parents")
    {
        Description = "The checkpoints that it came "
        + "from too, the oldest first."
    };

    public Option<bool> PlainHttp { get; } = new("--plain-http")
    {
        Description = "Speak plain HTTP though the "
        + "registry is on another machine: whoever is between can read and change what goes by."
    };

    public Option<int> Parallel { get; } = new Option<int>("--parallel")
    {
        Description = "Files that travel at once, "
        + "1 to 32.",
        HelpName = "N",
        DefaultValueFactory = _ => CheckpointRegistry.DefaultParallel
    }.Between(1, 32);

    public CheckpointRegistry Open(ParseResult parsed, Output output) =>
        new(parsed.GetValue(PlainHttp), parsed.GetValue(Parallel), output.Note);

    /// <summary>oci://..., checked when the command line is read.</summary>
    public static Argument<string> Reference(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = Parse,
    };

    private static string? Parse(ArgumentResult result)
    {
        try
        {
            return CheckpointRegistry.Normalize(result.Tokens[0].Value);
        }
        catch (MarrowException e)
        {
            result.AddError(e.Message);
            return null;
        }
    }
}
