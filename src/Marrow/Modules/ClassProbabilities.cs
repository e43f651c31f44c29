using Marrow.Computing;
using Marrow.Datasets;
using static TorchSharp.torch;

namespace Marrow.Modules;

/// <summary>A classifier's logits to probabilities.</summary>
internal static class ClassProbabilities
{
    /// <summary>
    /// [N][classes], each in 0..1: a softmax where exactly one class holds, else a sigmoid each. The positive of a
    /// three-class finding is p(positive) / (p(positive) + p(negative)) of the softmax of its three.
    /// </summary>
    public static float[][] Of(Tensor logits, ClassLayout layout)
    {
        using var scope = NewDisposeScope();
        var rows = (layout.Exclusive ? logits.softmax(1) : logits.sigmoid())
            .Values<float>()
            .Chunk(layout.Names.Count)
            .ToArray();
        foreach (var finding in layout.ThreeClass)
        {
            var columns = tensor(
                (long[])[finding.Positive, finding.Negative, finding.Uncertain],
                device: logits.device);
            var three = logits.index_select(1, columns).softmax(1).Values<float>();
            for (var i = 0; i < rows.Length; i++)
            {
                var (positive, negative, uncertain) = (three[3 * i], three[3 * i + 1], three[3 * i + 2]);
                (rows[i][finding.Positive], rows[i][finding.Negative], rows[i][finding.Uncertain]) =
                    (positive / Math.Max(positive + negative, float.Epsilon), negative, uncertain);
            }
        }
        return rows;
    }
}
