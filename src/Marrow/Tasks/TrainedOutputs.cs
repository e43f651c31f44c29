using Marrow.Datasets;

namespace Marrow.Tasks;

/// <summary>Records for which outputs of a model training has seen a label. Predictions mask all others.</summary>
internal sealed class TrainedOutputs(ClassLayout layout)
{
    private bool[] _trained =
    [
        .. Enumerable.Range(0, layout.Names.Count).Select(i => layout.Untrained.Count <= i || !layout.Untrained[i]),
    ];

    public bool Has(int output) => _trained[output];

    public void Set(Func<int, bool> has) => _trained = [.. _trained.Select((_, i) => has(i))];
}
