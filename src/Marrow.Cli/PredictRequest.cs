using Marrow.Reports;

namespace Marrow.Cli;

/// <summary>What every kind of prediction is asked for.</summary>
/// <param name="Folder">Where the results go.</param>
internal sealed record PredictRequest(PredictInputs Inputs, string Folder, bool Overlays)
{
    /// <summary>Throws <see cref="MarrowException"/> when something that no prediction wrote is where a result would go.</summary>
    /// <param name="more">Endings of further files that each image gives.</param>
    public void RequireFree(params string[] more) =>
        ResultFolder.RequireFree(Folder, Inputs.Images, [ResultFolder.Json, .. Overlays ? [ResultFolder.Overlay] : (string[])[], .. more]);
}
