using System.CommandLine;
using Marrow.Training.Recipes;

namespace Marrow.Cli.Commands;

/// <summary>marrow data preview: a contact sheet with landmarks, angles or labels drawn.</summary>
internal static class DataPreviewCommand
{
    public static Command Create()
    {
        var data = new DataOptions();
        var count = new Option<int>("--count")
        {
            Description = "How many samples.",
            DefaultValueFactory = _ => 24,
        }.Between(1, 400);
        var seed = new Option<ulong>("--seed") { Description = "Which samples.", DefaultValueFactory = _ => 1 };
        var file = new Option<string>("--out")
        {
            Description = "The PNG to write.",
            HelpName = "FILE",
            DefaultValueFactory = _ => "preview.png",
        };
        var augment = new Option<string[]>("--augment")
        {
            Description =
                "Draw them as training sees them, with the keys of a recipe's augment: strength=1, "
                    + "collimationProbability=0.5. May be repeated.",
            HelpName = "key=value",
            DefaultValueFactory = _ => [],
        };
        var command = new Command("preview", "Write a contact sheet with landmarks, points, angles or labels drawn.")
        {
            count,
            seed,
            file,
            augment,
        };
        data.AddTo(command);
        return command
            .WithExamples(
                "marrow data preview spineweb16 data/spineweb16 --out spines.png",
                "marrow data preview chexpert data/chexpert --set blank=zeros --count 48",
                "marrow data preview spineweb16 data/spineweb16 --count 6 --augment strength=2 --augment "
                    + "collimationProbability=1"
            )
            .Does(
                (parsed, output, cancellation) =>
                {
                    output.Finish(DataPreview.Write(
                        data.Read(parsed),
                        parsed.GetRequiredValue(file),
                        parsed.GetRequiredValue(count),
                        parsed.GetRequiredValue(seed),
                        parsed.GetRequiredValue(augment),
                        cancellation));
                    return ExitCode.Done;
                },
                onlyReads: true);
    }
}
