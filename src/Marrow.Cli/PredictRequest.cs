using Marrow.Reports;

namespace Marrow.Cli;

/// <summary>What every kind of prediction is asked for.</summary>
/// <param name="Folder">Where the results go.</param>
internal sealed record PredictRequest(PredictInputs Inputs, string Folder, bool Overlays)
{
    /// <summary>Throws <see cref="MarrowException"/> when something that no prediction wrote is where a result would go.</summary>
    /// <param name="masks">Whether there will be masks.</param>
    public void RequireFree(bool masks) => ResultFolder.RequireFree(Folder, Inputs.Images,
    [
        ResultFolder.Json,
        .. Overlays ? [ResultFolder.Overlay] : (string[])[],
        .. masks ? [ResultFolder.Mask] : (string[])[],
    ]);
}
