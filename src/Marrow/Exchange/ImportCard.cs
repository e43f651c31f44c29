using System.Globalization;
using Marrow.Checkpoints;

namespace Marrow.Exchange;

/// <summary>Writes the model card of imported weights, which states only what is known of them.</summary>
internal static class ImportCard
{
    private const int NamedKeys = 5;

    public static ModelCard Of(ImportSummary summary, ImportMap map, ImportRequest request) =>
        new()
        {
            Summary = Inv(
                $"""
                A {summary.Architecture} with {summary.Classes.Count} outputs, imported from the file `{MarkdownText.Code(
                    summary.File.Name
                )}` by the map `{map.Name}`: {map.Source}.

                {Keys(summary)}{string.Concat(summary.Warnings.Select(warning => "\n\n" + warning))}

                How the source prepares an image: {map.Preprocessing}{Resized(request, map)}
                """
            ),
            Data = "What the weights were trained on is not in the file: ask their source.",
            Limits =
                "Nothing was measured here: evaluate it on your own images before you rely on it. Not for clinical "
                    + "use.",
            License = summary.File.License,
            Tags = ["imported", map.Name],
        };

    private static string Keys(ImportSummary summary)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"Of {summary.Tensors} "
                + $"tensors{(summary.Place.Length > 0 ? $" under `{MarkdownText.Code(summary.Place)}`" : "")}, "
                + $"{summary.Mapped} became the model's ({summary.Renamed} under another key), in {summary.Precision}."
        );
        if (summary.KeyMap is { } map)
            text += $" Which tensor is which the map of keys `{MarkdownText.Code(map)}` said.";
        text += string.Concat(summary.Dropped.Select(d => $" Dropped: `{MarkdownText.Code(d.Key)}` ({d.Reason})."));
        if (summary.Filled > 0)
            text += string.Create(
                CultureInfo.InvariantCulture,
                $" {summary.Filled} `num_batches_tracked`, which PyTorch has since 0.4.1 and which evaluation does "
                    + $"not use, are 0."
            );
        if (summary.Others.Count > 0)
        {
            var named = summary.Others.Take(NamedKeys).Select(other => $"`{MarkdownText.Code(other)}`");
            text += $" Beside the weights the file had {string.Join(", ", named)}"
                + $"{(summary.Others.Count > NamedKeys ? " and more" : "")}, all of which was left.";
        }
        return text;
    }

    private static string Resized(ImportRequest request, ImportMap map) =>
        request.Width is null && request.Height is null
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $" The size of the input was given at the import; the map's own is {map.Input(3).Width} x "
                    + $"{map.Input(3).Height} px."
            );

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
