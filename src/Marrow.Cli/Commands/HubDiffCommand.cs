using System.CommandLine;
using Marrow.Checkpoints.Transfer;
using Marrow.Hub;

namespace Marrow.Cli.Commands;

/// <summary>
/// marrow hub diff: which layers differ between two checkpoints, and whether they see images differently.
/// </summary>
internal static class HubDiffCommand
{
    public static Command Create()
    {
        var (a, b) = (
            new Argument<string>("A") { Description = "The checkpoint to start from, as the parent." },
            new Argument<string>("B") { Description = "The checkpoint to compare with it, as its child." }
        );
        var data = new Option<string?>("--data")
        {
            Description = "Images on which the activations are compared. Without it synthetic radiographs.",
            HelpName = "DIR",
        };
        var images = new Option<int>("--images")
        {
            Description = "How many images; 0 compares the weights alone.",
            HelpName = "N",
            DefaultValueFactory = _ => 32,
        }.Between(0, 2000);
        var hub = HubFolder.Option();
        return new Command(
            "diff",
            "Show which layers changed from one checkpoint to another and by how much: their weights, and what they "
                + "see on images."
        )
        {
            a,
            b,
            data,
            images,
            hub,
        }
            .WithExamples(
                "marrow hub diff resnet16-mlnet.cxr-pediatric retinanet-resnet16-mlnet.spineweb16",
                "marrow hub diff resnet16-mlnet.cxr-pediatric retinanet-resnet16-mlnet.spineweb16 --data films "
                    + "--images 100",
                "marrow hub diff old.safetensors new.safetensors --images 0 --json")
            .Does(
                (parsed, output, cancellation) =>
                {
                    var store = new LocalHub(HubFolder.Of(parsed, hub));
                    var references = new CheckpointReferences(store, output, cancellation);
                    using var first = references.Resolve(parsed.GetRequiredValue(a));
                    using var second = references.Resolve(parsed.GetRequiredValue(b));
                    var diff = ProgressDisplay.Show(output, ProgressUnit.Images, show => CheckpointDiff.Between(
                        first,
                        second,
                        parsed.GetRequiredValue(images),
                        parsed.GetValue(data),
                        show,
                        cancellation));
                    output.Finish(diff.Report);
                    return ExitCode.Done;
                },
                onlyReads: true);
    }
}
