using System.CommandLine;
using Marrow.Phantoms;

namespace Marrow.Cli.Commands;

/// <summary>marrow data phantom: a folder of synthetic radiographs in the layout of a real data set.</summary>
internal static class DataPhantomCommand
{
    public static Command Create()
    {
        var format = new Argument<string>("FORMAT")
        {
            Description =
                "The layout: spineweb16 (spines with landmarks and angles), chexpert (chests with findings) or csv "
                    + "(spines with a class, a number and points).",
        };
        format.AcceptOnlyFromAmong([.. PhantomData.Formats]);
        var folder = new Argument<string>("DIR") { Description = "The folder to make; it must be empty or absent." };
        var count = new Option<int>("--count")
        {
            Description = "How many radiographs.",
            DefaultValueFactory = _ => 100,
        }.Between(1, 1_000_000);
        var seed = new Option<ulong>("--seed")
        {
            Description = "The same seed gives the same bytes.",
            DefaultValueFactory = _ => 1,
        };
        var width = new Option<int?>("--width")
        {
            Description = "Pixels; without it 320 for spineweb16, 224 for chexpert, 160 for csv.",
        };
        var height = new Option<int?>("--height")
        {
            Description = "Pixels; without it 880 for spineweb16, 224 for chexpert, 440 for csv.",
        };
        return new Command("phantom", "Make synthetic radiographs with exact labels, in the layout of a real data set.")
        {
            format,
            folder,
            count,
            seed,
            width,
            height,
        }
            .WithExamples(
                "marrow data phantom spineweb16 data/phantom-spines --count 60",
                "marrow data phantom chexpert data/phantom-chests --count 400 --seed 7",
                "marrow data phantom csv data/own --count 80")
            .Does(
                (parsed, output, cancellation) =>
                {
                    output.Finish(PhantomData.Write(
                        parsed.GetRequiredValue(format),
                        parsed.GetRequiredValue(folder),
                        parsed.GetRequiredValue(count),
                        parsed.GetRequiredValue(seed),
                        parsed.GetValue(width),
                        parsed.GetValue(height),
                        cancellation));
                    return ExitCode.Done;
                });
    }
}
