using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Exchange;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub import: weights of another program as a checkpoint of the hub.</summary>
internal static class HubImportCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description =
                "A file of weights of PyTorch, safetensors or ONNX, whatever its name; an index of several files; or "
                    + "the folder of one, or of a bundle.",
        };
        var name = new Option<string>("--name")
        {
            Required = true,
            HelpName = "N",
            Description = "Of the checkpoint: densenet121.xrv, or the part after the architecture alone.",
        };
        var architecture = new Option<string?>("--architecture")
        {
            HelpName = "A",
            Description = "Without it, told by the shapes of the weights.",
        };
        var map = new Option<string?>("--map")
        {
            HelpName = "M",
            Description =
                $"How keys and input are translated: {string.Join(", ", Importer.Maps)}. Without it, told by "
                    + $"the keys.",
        };
        var part = new Option<string?>("--part")
        {
            HelpName = "KEY",
            Description =
                "Which weights are meant, where the file has several: ema, state_dict.teacher. Without it those that "
                    + "were trained, before averages of them.",
        };
        var keys = new Option<string?>("--keys")
        {
            HelpName = "FILE",
            Description =
                "A map in JSON of which tensor is which, and which are transposed, for files with names of their own.",
        };
        var license = new Option<string>("--license")
        {
            HelpName = "SPDX",
            DefaultValueFactory = _ => Licenses.Unknown,
            Description = "Terms of the weights; no file but those of marrow hub export says them.",
        };
        var classes = new Option<string?>("--classes")
        {
            HelpName = "A,B,C",
            Description = "Names of the outputs in order, where the map has none for them; else class0, class1, ...",
        };
        var exclusive = new Option<bool?>("--exclusive")
        {
            HelpName = "true|false",
            Description =
                "True, or no word: exactly one class holds (softmax); false: each by itself. Without it, as the map "
                    + "says.",
        };
        var width = new Option<int>("--width")
        {
            HelpName = "PX",
            DefaultValueFactory = _ => 0,
            Description = "Of the input; 0: as the map says.",
        }.Between(0, 4096);
        var height = new Option<int>("--height")
        {
            HelpName = "PX",
            DefaultValueFactory = _ => 0,
            Description = "Of the input; 0: as the map says.",
        }.Between(0, 4096);
        var hub = HubFolder.OptionToFill();
        return new Command("import", "Bring weights of another program into the hub. Nothing in the file is run.")
        {
            file, name, architecture, map, part, keys, license, classes, exclusive, width, height, hub,
        }
            .WithExamples(
                "marrow hub import densenet121-a639ec97.pth --name imagenet --license BSD-3-Clause",
                "marrow hub import xrv-all.pth --name densenet121.xrv --license Apache-2.0",
                "marrow hub import exported/cxr --name again",
                "marrow hub import monai.pt --name densenet121.fracture --classes fracture,normal --exclusive",
                "marrow hub import last.ckpt --name mean --part ema",
                "marrow hub import model.onnx --name zoo --keys keys.json")
            .Does(
                (parsed, output, cancellation) =>
                {
                    var (checkpoint, report) = Importer.Import(
                        parsed.GetRequiredValue(file),
                        new()
                        {
                            Name = parsed.GetRequiredValue(name),
                            HubFolder = HubFolder.ToFill(parsed, hub),
                            Architecture = parsed.GetValue(architecture),
                            Map = parsed.GetValue(map),
                            Part = parsed.GetValue(part),
                            Keys = parsed.GetValue(keys),
                            License = parsed.GetRequiredValue(license),
                            Classes = CommaList.Names("--classes", parsed.GetValue(classes)),
                            ExclusiveClasses = parsed.GetValue(exclusive),
                            Width = parsed.GetValue(width) is > 0 and var w ? w : null,
                            Height = parsed.GetValue(height) is > 0 and var h ? h : null,
                        },
                        cancellation);
                    using (checkpoint)
                    {
                        output.Finish(report);
                        if (checkpoint.License == Licenses.Unknown)
                            output.Note(
                                "Its licence is not known, so it counts as not to be passed on. Import it again with "
                                    + "--license once you know."
                            );
                    }
                    return ExitCode.Done;
                }
            );
    }
}
