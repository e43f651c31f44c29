using Marrow.Datasets;
using Marrow.Modules;
using Marrow.Onnx;

namespace Marrow.Tasks;

/// <summary>
/// Converts logits to probabilities as ONNX nodes, with the arithmetic of <see cref="ClassProbabilities"/>.
/// </summary>
internal static class OnnxProbabilities
{
    /// <summary>Adds the output "probabilities", [N, classes, ...].</summary>
    public static string Of(OnnxGraph graph, string logits, ClassLayout layout)
    {
        const string name = "probabilities";
        if (layout.Exclusive)
            return graph.Node("Softmax", name, [logits], OnnxAttribute.Integer("axis", 1));
        if (layout.ThreeClass.Count == 0)
            return graph.Node("Sigmoid", name, [logits]);

        // Single findings first, then three columns for each finding of three; at last each column to its place.
        var parts = new List<string> { graph.Node("Sigmoid", "single", [logits]) };
        var places = Enumerable.Range(0, layout.Names.Count).Select(i => (long)i).ToArray();
        var smallest = graph.Constant("smallest", [float.Epsilon], 1);
        for (var f = 0; f < layout.ThreeClass.Count; f++)
        {
            var (finding, at) = (layout.ThreeClass[f], $"finding{f}");
            var three = graph.Node("Softmax", at,
                [Columns($"{at}.logits", logits, finding.Positive, finding.Negative, finding.Uncertain)],
                OnnxAttribute.Integer("axis", 1));
            var positive = Columns($"{at}.positive", three, 0);
            var either = graph.Node("Add", $"{at}.either", [positive, Columns($"{at}.negative", three, 1)]);
            var sum = graph.Node("Max", $"{at}.sum", [either, smallest]);
            parts.Add(graph.Node("Div", $"{at}.share", [positive, sum]));
            parts.Add(Columns($"{at}.rest", three, 1, 2));
            var first = layout.Names.Count + 3 * f;
            (places[finding.Positive], places[finding.Negative], places[finding.Uncertain]) =
                (first, first + 1, first + 2);
        }
        return Columns(name, graph.Node("Concat", "columns", parts, OnnxAttribute.Integer("axis", 1)), places);

        string Columns(string node, string x, params long[] columns) => graph.Node("Gather", node,
            [x, graph.Constant($"{node}.columns", columns, columns.Length)], OnnxAttribute.Integer("axis", 1));
    }
}
