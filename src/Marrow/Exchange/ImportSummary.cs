using System.Globalization;
using Marrow.Checkpoints;

namespace Marrow.Exchange;

/// <summary>What an import found in the file, and what it made of it.</summary>
/// <param name="Place">
/// The key below which the weights were, such as "state_dict"; "" when they were at the top level.
/// </param>
/// <param name="Others">The keys of whatever else the file held.</param>
/// <param name="OtherParts">The places of further weights in the file, each of which can be asked for.</param>
/// <param name="Tensors">The number of tensors in the file.</param>
/// <param name="Mapped">The number of tensors that became tensors of the model.</param>
/// <param name="Renamed">The number of mapped tensors whose key in the file differs from the model's.</param>
/// <param name="Filled">
/// Keys of the model that the file lacks and that do not count: num_batches_tracked of batch norms.
/// </param>
/// <param name="Precision">"float32", or "float64, rounded to float32".</param>
/// <param name="KeyMap">The name of the map of keys that the user gave; null for none.</param>
/// <param name="Warnings">A sentence for each thing that the file does not say and that was chosen.</param>
internal sealed record ImportSummary(
    ImportedFile File, string Architecture, string Place, IReadOnlyList<string> Others,
    IReadOnlyList<string> OtherParts, int Tensors, int Mapped, int Renamed, IReadOnlyList<DroppedKey> Dropped,
    int Filled, string Precision, IReadOnlyList<string> Classes, string Input, string? KeyMap,
    IReadOnlyList<string> Warnings)
{
    private const int OthersShown = 8, ClassesShown = 20;

    /// <summary>Returns the report of the import, once the checkpoint is made.</summary>
    public TextReport Report(Checkpoint checkpoint) =>
        new(
            new
            {
                checkpoint.Name,
                checkpoint.Digest,
                checkpoint.Path,
                Import = this,
            },
            ReportPart.Facts(
                $"{checkpoint.Name}@{checkpoint.Digest}",
                [
                    ("file", $"{File.Name}, {NumberText.MiB(File.Bytes)} MiB, SHA-256 {File.Sha256}"),
                    ("map", File.Map + (KeyMap is null ? "" : $", keys by {KeyMap}")),
                    ("architecture", Architecture),
                    ("read", ReadText),
                    ("mapped", MappedText),
                    (
                        "dropped",
                        Dropped.Count == 0 ? "none" : string.Join("; ", Dropped.Select(d => $"{d.Key}: {d.Reason}"))),
                    (
                        "left in the file",
                        Others.Count == 0
                            ? "nothing"
                            : string.Join(", ", Others.Take(OthersShown))
                                + (Others.Count > OthersShown ? ", ..." : "")),
                    .. OtherParts.Count == 0
                        ? ((string, string)[])[]
                        :
                        [
                            (
                                "other weights",
                                $"{string.Join(", ", OtherParts.Take(OthersShown))}: left; --part with one of these "
                                    + "names reads it"
                            ),
                        ],
                    (
                        "classes",
                        Classes.Count <= ClassesShown
                            ? string.Join(", ", Classes)
                            : $"{Classes[0]} to {Classes[^1]} ({Classes.Count})"),
                    ("input", Input),
                    ("licence", File.License),
                    ("folder", checkpoint.Path),
                    .. Warnings.Select(warning => ("warning", warning)),
                ]));

    private string ReadText =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Tensors} tensors{(Place.Length > 0 ? $" under '{Place}'" : "")}, {Precision}");

    private string MappedText =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Mapped}, {Renamed} of them under another key"
                + $"{(Filled > 0 ? $"; {Filled} num_batches_tracked filled with 0" : "")}");
}
