using System.CommandLine;
using Marrow.Computing;

namespace Marrow.Cli;

/// <summary>--device, which the commands have that train, measure or predict.</summary>
internal static class DeviceOption
{
    private static readonly Option<DeviceChoice> Option = Create();

    public static Command OnDevice(this Command command)
    {
        command.Options.Add(Option);
        return command;
    }

    /// <summary>Null where the user says nothing: a recipe may.</summary>
    public static DeviceChoice? Of(ParseResult parsed) =>
        parsed.GetResult(Option) is null ? null : parsed.GetValue(Option);

    private static Option<DeviceChoice> Create() => new("--device")
    {
        Description = "Where models compute. Without it a recipe's device, or auto: a CUDA device if there is one that "
            + "computes, else the processor.",
        HelpName = DeviceChoice.Words,
        CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (!DeviceChoice.TryParse(text, out var choice))
                result.AddError($"--device {text}: expected {DeviceChoice.Expected}.");
            return choice;
        },
    };
}
