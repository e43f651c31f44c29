using System.CommandLine;
using Marrow.Training.Demo;

namespace Marrow.Cli.Commands;

/// <summary>marrow demo: the whole recipe on synthetic radiographs, and what each warm start was worth.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var folder = new Option<string>("--out")
        {
            Description =
                "The folder to make. Where it holds a finished demo, the next goes to DIR-2; an interrupted one is "
                    + "gone on with.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "runs/demo",
        };
        var seed = new Option<ulong>("--seed")
        {
            Description = "Of the radiographs, the splits and the weights.",
            DefaultValueFactory = _ => 1,
        };
        var set = new Option<string[]>("--set")
        {
            Description = "Change the recipe, as in landmarks.steps=60. May be given more than once.",
            HelpName = "STAGE.KEY=VALUE",
        };
        return new Command(
            "demo",
            "Run the whole recipe on synthetic radiographs, in minutes: what is a checkpoint worth?")
        {
            folder,
            seed,
            set,
        }
            .Computes()
            .WithExamples("marrow demo", "marrow demo --seed 2 --out runs/another")
            .Does((parsed, output, cancellation) => Run(
                new DemoRequest
                {
                    OutFolder = parsed.GetRequiredValue(folder),
                    Seed = parsed.GetValue(seed),
                    Overrides = parsed.GetValue(set) ?? [],
                    Command = $"marrow {string.Join(' ', parsed.Tokens.Select(t => t.Value))}",
                }, output, cancellation));
    }

    private static int Run(DemoRequest request, Output output, CancellationToken cancellation)
    {
        var result = RunDisplay.Show(output, report => DemoRun.Run(request, report, cancellation));
        output.Finish(result.Report);
        return ExitCode.Done;
    }
}
