namespace Marrow.Checkpoints.Transfer;

/// <summary>
/// Formats a transfer receipt as a short table, which says for each module what was copied and what kept its initial
/// values.
/// </summary>
internal static class TransferTable
{
    public static ReportPart Of(TransferReceipt receipt, string title) => ReportPart.Table(
        ["module", "copied", "adapted", "remapped", "random", "share of weights"],
        receipt.Table().Select(total => (IReadOnlyList<string>)
        [
            total.Module,
            NumberText.Whole(total.Copied),
            NumberText.Whole(total.Adapted),
            NumberText.Whole(total.Remapped),
            NumberText.Whole(total.Random),
            NumberText.Percent(total.Share),
        ]),
        title);
}
