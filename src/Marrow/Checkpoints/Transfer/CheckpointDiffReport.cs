using Marrow.Weights;

namespace Marrow.Checkpoints.Transfer;

/// <summary>
/// Writes the report of a comparison. Its JSON document has everything, while readers see what changed most.
/// </summary>
internal static class CheckpointDiffReport
{
    private const int MostTensors = 8; // of the table of single tensors; the document has all
    private const int MostKeys = 4;
    private const int BarWidth = 20;

    public static TextReport Of(CheckpointDiff diff) => new(Document(diff), [.. Parts(diff)]);

    private static object Document(CheckpointDiff diff) => new
    {
        A = new { diff.A.Name, diff.A.Digest },
        B = new { diff.B.Name, diff.B.Digest },
        diff.AreEqual,
        diff.Backbone,
        diff.Modules,
        diff.Tensors,
        diff.OtherShapes,
        diff.OnlyInA,
        diff.OnlyInB,
        diff.Activations,
    };

    private static IEnumerable<ReportPart> Parts(CheckpointDiff diff)
    {
        yield return ReportPart.Facts($"{diff.A.Name} -> {diff.B.Name}", Facts(diff));
        if (diff.Modules.Count > 0)
        {
            yield return Modules(diff);
            var changed = diff
                .Tensors.Where(t => t.Role == TensorRole.Weight && t.Shape.Length > 1 && t.NormOfChange > 0)
                .OrderByDescending(t => t.Relative)
                .Take(MostTensors)
                .ToList();
            if (changed.Count > 0)
                yield return ReportPart.Table(
                    ["tensor of B", "shape", "change"],
                    changed.Select(t => (IReadOnlyList<string>)[t.KeyB, ShapeText.Of(t.Shape), Percent(t.Relative)]),
                    "matrices that changed most");
        }
        if (diff.Activations.Reason is { } reason)
        {
            yield return ReportPart.Line($"activations: not compared ({reason})");
            yield break;
        }
        yield return ReportPart.Table(
            ["after stage", "alignment", ""],
            diff.Activations.Stages.Select(s => (IReadOnlyList<string>)
            [
                s.Stage,
                double.IsNaN(s.Alignment) ? NumberText.None : NumberText.Of(s.Alignment, "0.000"),
                Bar(Finite(s.Alignment), 1),
            ]),
            "what A and B see, 1: the same");
        yield return ReportPart.Line($"centred kernel alignment on {diff.Activations.Images}");
    }

    private static IEnumerable<(string Name, string Value)> Facts(CheckpointDiff diff)
    {
        yield return ("A", $"{diff.A.Name} {Digest.Shorten(diff.A.Digest)}");
        yield return ("B", $"{diff.B.Name} {Digest.Shorten(diff.B.Digest)}");
        yield return (
            "compared",
            $"{NumberText.Count(diff.Tensors.Count, "tensor")}, "
                + $"{(diff.AreEqual ? "all equal" : $"{diff.Tensors.Count(t => t.NormOfChange == 0)} of them equal")}");
        if (diff.Backbone is { } backbone && backbone.From != backbone.To)
            yield return ("matched", $"{backbone.From}* of A with {backbone.To}* of B");
        if (diff.OtherShapes.Count > 0)
            yield return (
                "other shapes",
                Some([
                    .. diff.OtherShapes.Select(s => $"{s.KeyB} {ShapeText.Of(s.ShapeA)} -> {ShapeText.Of(s.ShapeB)}"),
                ]));
        if (diff.OnlyInA.Count > 0)
            yield return ("only in A", Some(diff.OnlyInA));
        if (diff.OnlyInB.Count > 0)
            yield return ("only in B", Some(diff.OnlyInB));
    }

    private static ReportPart Modules(CheckpointDiff diff)
    {
        var most = diff.Modules.Max(m => Finite(m.Weights));
        return ReportPart.Table(
            ["module of B", "tensors", "numbers", "weights", "", "statistics"],
            diff.Modules.Select(m => (IReadOnlyList<string>)
            [
                m.Module,
                NumberText.Grouped(m.Tensors),
                NumberText.Grouped(m.Elements),
                Percent(m.Weights),
                Bar(Finite(m.Weights), most),
                Percent(m.Statistics),
            ]),
            "relative change ||B - A|| / ||A||");
    }

    private static string Some(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(MostKeys)) + (names.Count > MostKeys ? $" and {names.Count - MostKeys} more" : "");

    private static double Finite(double? value) => value is { } v && double.IsFinite(v) ? v : 0;

    private static string Percent(double? value) => value switch
    {
        null => NumberText.None,
        double.PositiveInfinity => "from 0",
        { } v => NumberText.Of(100 * v, "0.00") + " %",
    };

    private static string Bar(double value, double most) =>
        new('\u2588', most > 0 ? (int)Math.Round(BarWidth * Math.Clamp(value / most, 0, 1)) : 0);
}
