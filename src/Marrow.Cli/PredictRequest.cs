using Marrow.Imaging;
using Marrow.Reports;

namespace Marrow.Cli;

/// <summary>What every kind of prediction is asked for.</summary>
/// <param name="Folder">Where the results go.</param>
internal sealed record PredictRequest(ImageInputs Inputs, string Folder, bool Overlays)
{
    /// <summary>
    /// Throws <see cref="MarrowException"/> when something that no prediction wrote is where a result would go.
    /// </summary>
    /// <param name="masks">Whether there will be masks.</param>
    public void RequireFree(bool masks) => FindingFiles.RequireFree(Folder, Inputs.Images, Overlays, masks);
}
