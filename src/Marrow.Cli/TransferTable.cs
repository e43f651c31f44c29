using System.Globalization;
using Marrow.Checkpoints.Transfer;

namespace Marrow.Cli;

/// <summary>A transfer receipt as a short table: for each module what was copied and what stayed random.</summary>
internal static class TransferTable
{
    public static IReadOnlyList<string> Headers { get; } =
    ["module", "copied", "adapted", "remapped", "random", "share of weights"];

    public static IReadOnlyList<IReadOnlyList<string>> Rows(TransferReceipt receipt) =>
        [
            .. receipt
                .Table()
                .Select(total =>
                    (IReadOnlyList<string>)
                        [
                            total.Module,
                            NumberText.Whole(total.Copied),
                            NumberText.Whole(total.Adapted),
                            NumberText.Whole(total.Remapped),
                            NumberText.Whole(total.Random),
                            $"{(total.Share * 100).ToString("0.0", CultureInfo.InvariantCulture)} %",
                        ]),
        ];
}
