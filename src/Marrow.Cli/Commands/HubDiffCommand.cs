using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Hub;
using Marrow.Imaging;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>
/// marrow hub diff: which layers differ between two checkpoints, and whether they see images differently.
/// </summary>
internal static class HubDiffCommand
{
    private const int MostTensors = 8; // of the table of single tensors; --json has all
    private const int MostKeys = 4;
    private const int BarWidth = 20;

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
                "marrow hub diff densenet121.cxr-pediatric retinanet-densenet121.spineweb16",
                "marrow hub diff densenet121.cxr-pediatric retinanet-densenet121.spineweb16 --data films --images 100",
                "marrow hub diff old.safetensors new.safetensors --images 0 --json")
            .Does(
                (parsed, output, cancellation) =>
                {
                    var store = new LocalHub(HubFolder.Of(parsed, hub));
                    var references = new CheckpointReferences(store, output, cancellation);
                    using var first = references.Resolve(parsed.GetRequiredValue(a));
                    using var second = references.Resolve(parsed.GetRequiredValue(b));
                    var diff = CheckpointDiff.Between(WeightSource.Of(first), WeightSource.Of(second));
                    var activations = Activations(
                        first,
                        second,
                        parsed.GetValue(data),
                        parsed.GetRequiredValue(images),
                        output,
                        cancellation);
                    output.Finish(Document(first, second, diff, activations), console =>
                        Draw(console, first, second, diff, activations));
                    return ExitCode.Done;
                },
                onlyReads: true);
    }

    /// <param name="Images">"32 spine phantoms", "100 images of films".</param>
    /// <param name="Reason">Why the activations were not compared; null when they were.</param>
    private sealed record ActivationResult(string Images, IReadOnlyList<StageAlignment> Stages, string? Reason = null);

    private static ActivationResult Activations(
        Checkpoint a,
        Checkpoint b,
        string? folder,
        int count,
        Output output,
        CancellationToken cancellation)
    {
        if (count == 0)
            return new("", [], "not asked for");
        foreach (var checkpoint in new[] { a, b })
        {
            if (checkpoint.WeightsOnly)
                return new("", [], $"{checkpoint.Name} has weights alone");
            if (checkpoint.Config.IsOwnModule)
                return new("", [], $"the module of {checkpoint.Name} is its maker's own");
        }
        var (what, total, images) = Images(a, b, folder, count);
        var stages = ProgressDisplay.Show(output, ProgressUnit.Images, show =>
            ActivationDiff.Between(a, b, images, at => show(at with { Total = total }), cancellation));
        return new(what, stages);
    }

    /// <summary>
    /// Of a folder so many, evenly spread over the names; else phantoms of the kind that b was made for.
    /// </summary>
    private static (string What, int Count, IEnumerable<Radiograph> Images) Images(
        Checkpoint a,
        Checkpoint b,
        string? folder,
        int count)
    {
        if (folder is null)
            return ($"{count} synthetic radiographs", count, ActivationDiff.Phantoms(b.Config.Input, count));
        var all = ImageInputs.Of([folder]).Images;
        var taken = Math.Min(count, all.Count);
        var (width, height) = (
            Math.Max(a.Config.Input.Width, b.Config.Input.Width),
            Math.Max(a.Config.Input.Height, b.Config.Input.Height));
        return (
            $"{taken} images of {folder}",
            taken,
            Enumerable
                .Range(0, taken)
                .Select(i => RadiographReader.Read(all[(int)((long)i * all.Count / taken)], width, height)));
    }

    private static object Document(Checkpoint a, Checkpoint b, CheckpointDiff diff, ActivationResult activations) => new
    {
        A = new { a.Name, a.Digest },
        B = new { b.Name, b.Digest },
        diff.AreEqual,
        diff.Backbone,
        diff.Modules,
        diff.Tensors,
        diff.OtherShapes,
        diff.OnlyInA,
        diff.OnlyInB,
        Activations = activations,
    };

    private static void Draw(
        IAnsiConsole console,
        Checkpoint a,
        Checkpoint b,
        CheckpointDiff diff,
        ActivationResult activations)
    {
        var facts = new List<(string Name, string Value)>
        {
            ("A", $"{a.Name} {Digest.Shorten(a.Digest)}"),
            ("B", $"{b.Name} {Digest.Shorten(b.Digest)}"),
            (
                "compared",
                $"{NumberText.Count(diff.Tensors.Count, "tensor")}, "
                    + $"{(diff.AreEqual ? "all equal" : $"{diff.Tensors.Count(t => t.NormOfChange == 0)} of them equal")}"
            ),
        };
        if (diff.Backbone is { } backbone && backbone.From != backbone.To)
            facts.Add(("matched", $"{backbone.From}* of A with {backbone.To}* of B"));
        if (diff.OtherShapes.Count > 0)
            facts.Add(
                (
                    "other shapes",
                    Some([
                        .. diff.OtherShapes.Select(s =>
                            $"{s.KeyB} [{string.Join(", ", s.ShapeA)}] -> [{string.Join(", ", s.ShapeB)}]"),
                    ])));
        if (diff.OnlyInA.Count > 0)
            facts.Add(("only in A", Some(diff.OnlyInA)));
        if (diff.OnlyInB.Count > 0)
            facts.Add(("only in B", Some(diff.OnlyInB)));
        console.DrawFacts($"{a.Name} -> {b.Name}", facts);

        if (diff.Modules.Count > 0)
        {
            var most = diff.Modules.Max(m => Finite(m.Weights));
            console.Draw(
                ["module of B", "tensors", "numbers", "weights", "", "statistics"],
                [
                    .. diff.Modules.Select(m =>
                        (IReadOnlyList<string>)
                            [
                                m.Module,
                                NumberText.Grouped(m.Tensors),
                                NumberText.Grouped(m.Elements),
                                Percent(m.Weights),
                                Bar(Finite(m.Weights), most),
                                Percent(m.Statistics),
                            ]),
                ],
                "relative change ||B - A|| / ||A||");
            var changed = diff
                .Tensors.Where(t => t.Role == TensorRole.Weight && t.Shape.Length > 1 && t.NormOfChange > 0)
                .OrderByDescending(t => t.Relative)
                .Take(MostTensors)
                .ToList();
            if (changed.Count > 0)
                console.Draw(
                    ["tensor of B", "shape", "change"],
                    [
                        .. changed.Select(t =>
                            (IReadOnlyList<string>)[t.KeyB, $"[{string.Join(", ", t.Shape)}]", Percent(t.Relative)]),
                    ],
                    "matrices that changed most");
        }
        if (activations.Reason is { } reason)
            console.Line($"activations: not compared ({reason})");
        else
            console.Draw(
                ["after stage", "alignment", ""],
                [
                    .. activations.Stages.Select(s =>
                        (IReadOnlyList<string>)
                            [
                                s.Stage,
                                double.IsNaN(s.Alignment) ? "-" : NumberText.Of(s.Alignment, "0.000"),
                                Bar(Finite(s.Alignment), 1),
                            ]),
                ],
                "what A and B see, 1: the same");
        if (activations.Reason is null)
            console.Line($"centred kernel alignment on {activations.Images}");
    }

    private static string Some(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(MostKeys)) + (names.Count > MostKeys ? $" and {names.Count - MostKeys} more" : "");

    private static double Finite(double? value) => value is { } v && double.IsFinite(v) ? v : 0;

    private static string Percent(double? value) => value switch
    {
        null => "-",
        double.PositiveInfinity => "from 0",
        { } v => NumberText.Of(100 * v, "0.00") + " %",
    };

    private static string Bar(double value, double most) =>
        new('\u2588', most > 0 ? (int)Math.Round(BarWidth * Math.Clamp(value / most, 0, 1)) : 0);
}
