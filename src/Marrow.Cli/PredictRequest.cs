using Marrow.Reports;

namespace Marrow.Cli;

/// <summary>What every kind of prediction is asked for.</summary>
/// <param name="Folder">Where the results go.</param>
internal sealed record PredictRequest(PredictInputs Inputs, string Folder, bool Overlays)
{
    /// <summary>Throws <see cref="MarrowException"/> when something that no prediction wrote is where a result would go.</summary>
    /// <param name="columns">Of the predictor, by which it is known whether there will be masks.</param>
    public void RequireFree(IReadOnlyList<string> columns) => ResultFolder.RequireFree(Folder, Inputs.Images,
    [
        ResultFolder.Json,
        .. Overlays ? [ResultFolder.Overlay] : (string[])[],
        .. columns.Any(c => c.StartsWith("area.", StringComparison.Ordinal)) ? [ResultFolder.Mask] : (string[])[],
    ]);
}
