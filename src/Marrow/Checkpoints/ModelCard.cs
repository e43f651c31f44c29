using System.Globalization;
using System.Text;
using Marrow.Tasks;

namespace Marrow.Checkpoints;

/// <summary>
/// The parts of a model card that only its maker knows. The rest (metrics, parents, receipt, input) is taken from the
/// checkpoint itself, so that the card can't contradict it.
/// </summary>
public sealed class ModelCard
{
    /// <summary>One paragraph that says what the model does, and for whom.</summary>
    public required string Summary { internal get; init; }

    /// <summary>Sentences that say on which data the model was trained, and how that data was divided.</summary>
    public required string Data { internal get; init; }

    /// <summary>How the weights were trained; null for weights that Marrow did not train.</summary>
    internal TrainingRecord? Training { get; init; }

    /// <summary>Sentences that say what the model can't do and must not be used for.</summary>
    public required string Limits { internal get; init; }

    /// <summary>The licence of the weights, as an SPDX identifier, or as "LicenseRef-..." for other terms.</summary>
    public required string License { internal get; init; }

    /// <summary>The address of the text of the licence; "" when there is none.</summary>
    public string LicenseLink { internal get; init; } = "";

    /// <summary>What to cite when the model is used; "" for nothing.</summary>
    public string Citation { internal get; init; } = "";

    /// <summary>Keywords by which model hubs find the model.</summary>
    public IReadOnlyList<string> Tags { internal get; init; } = [];
}

/// <summary>Writes README.md of a checkpoint: front matter for Hugging Face's hub, then the card in sections.</summary>
internal static class ModelCardText
{
    internal const string DataTitle = "Data and split", LimitsTitle = "Limits and intended use";

    private const string LicenseReference = "LicenseRef-";

    public static string Render(CheckpointDraft draft)
    {
        var text = new StringBuilder();
        text.Append("---\n").Append(Front(draft)).Append("---\n\n");
        text.Append(string.Create(CultureInfo.InvariantCulture, $"# {draft.Name}"))
            .Append("\n\n")
            .Append(VisibleText.Lines(draft.Card.Summary.Trim()))
            .Append("\n\n");
        WhatItIs(text, draft);
        Section(text, DataTitle, draft.Card.Data);
        if (draft.Card.Training is { } training)
            Section(
                text,
                "Training",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Command: `{MarkdownText.Code(training.Command)}`\n\n"
                        + $"{(training.Stage.Length > 0 ? $"Stage {MarkdownText.Inline(training.Stage)}; s" : "S")}eed "
                        + $"{training.Seed}; training took {Duration(TimeSpan.FromSeconds(training.Seconds))}; Marrow "
                        + $"{CheckpointConfig.CodeVersion}."
                ) + $"\n\n{MarkdownText.Block("yaml", training.Recipe.Trim())}");
        Metrics(text, draft.Metrics);
        Section(text, LimitsTitle, draft.Card.Limits);
        Section(
            text,
            "Licence and citation",
            string.Join(
                "\n\n",
                new[]
                {
                    $"Licence: {MarkdownText.Inline(draft.Card.License)}",
                    MarkdownText.Inline(draft.Card.LicenseLink),
                    MarkdownText.Inline(draft.Card.Citation),
                }.Where(s => s.Length > 0)));
        Parents(text, draft);
        return text.ToString();
    }

    /// <summary>Returns the paragraph below the title of a card; "" when there is none.</summary>
    public static string Summary(string card)
    {
        var title = card.IndexOf("\n# ", StringComparison.Ordinal);
        var start = title < 0 ? -1 : card.IndexOf("\n\n", title, StringComparison.Ordinal);
        var end = start < 0 ? -1 : card.IndexOf("\n\n", start + 2, StringComparison.Ordinal);
        return end < 0 ? "" : card[(start + 2)..end].Trim();
    }

    /// <summary>Returns what stands below a heading of a card; "" when there is none.</summary>
    public static string SectionOf(string card, string title)
    {
        var heading = $"\n## {title}\n\n";
        var start = card.IndexOf(heading, StringComparison.Ordinal);
        if (start < 0)
            return "";
        var end = card.IndexOf("\n## ", start + heading.Length, StringComparison.Ordinal);
        return card[(start + heading.Length)..(end < 0 ? card.Length : end)].Trim();
    }

    private static string Front(CheckpointDraft draft)
    {
        var card = draft.Card;
        // The hub's list has single licences only.
        var own = card.License.Contains(LicenseReference, StringComparison.Ordinal) || card.License.Contains(' ');
        var front = new Dictionary<string, object> { ["license"] = own ? "other" : card.License.ToLowerInvariant() };
        if (own)
            front["license_name"] = card
                .License.Replace(LicenseReference, "", StringComparison.Ordinal)
                .Replace(' ', '-')
                .ToLowerInvariant();
        if (card.LicenseLink.Length > 0)
            front["license_link"] = card.LicenseLink;
        front["library_name"] = "marrow";
        if (TaskCatalogue.Find(draft.Config.Task)?.PipelineTag is { } pipeline)
            front["pipeline_tag"] = pipeline;
        front["tags"] = new[]
        {
            "marrow",
            "medical-imaging",
            "radiograph",
            draft.Config.Task,
            draft.Config.Model.Architecture,
        }
            .Concat(card.Tags)
            .Distinct()
            .ToArray();
        front["datasets"] = draft.Parents.Datasets.Select(d => d.Name).Distinct().ToArray();
        front["metrics"] = draft.Metrics.Select(m => m.Metric).Distinct().ToArray();
        if (draft.Parents.Checkpoints.Count > 0)
            front["base_model"] = draft.Parents.Checkpoints.Select(p => p.Name).Distinct().ToArray();
        front["model-index"] = new[]
        {
            new Dictionary<string, object>
            {
                ["name"] = draft.Name,
                ["results"] = draft
                    .Metrics.GroupBy(m => (m.Dataset, m.Split))
                    .Select(g => new Dictionary<string, object>
                    {
                        ["task"] = new Dictionary<string, object>
                        {
                            ["type"] = TaskCatalogue.Find(draft.Config.Task)?.PipelineTag ?? draft.Config.Task,
                            ["name"] = draft.Config.Task,
                        },
                        ["dataset"] = new Dictionary<string, object>
                        {
                            ["type"] = g.Key.Dataset,
                            ["name"] = g.Key.Dataset,
                            ["split"] = g.Key.Split,
                        },
                        ["metrics"] = g.Select(m => new Dictionary<string, object>
                            {
                                ["type"] = m.Metric,
                                ["name"] = m.Unit.Length > 0 ? $"{m.Metric} ({m.Unit})" : m.Metric,
                                ["value"] = m.Value,
                            })
                            .ToArray(),
                    })
                    .ToArray(),
            },
        };
        return FrontMatter.Write((Dictionary<string, object>)Visible(front));
    }

    /// <summary>
    /// Returns the same values with hidden characters as escapes. Quoting for YAML is left to its writer.
    /// </summary>
    private static object Visible(object value) => value switch
    {
        string text => VisibleText.Of(text),
        Dictionary<string, object> map => map.ToDictionary(entry => entry.Key, entry => Visible(entry.Value)),
        IEnumerable<object> list => list.Select(Visible).ToArray(),
        _ => value,
    };

    private static void WhatItIs(StringBuilder text, CheckpointDraft draft)
    {
        var config = draft.Config;
        var elements = draft.Weights.Sum(w => w.Value.NumberOfElements);
        text.Append(
            string.Create(
                CultureInfo.InvariantCulture,
                $"- Architecture `{config.Model.Architecture}`, {elements:N0} numbers, matrices stored as "
                    + $"{draft.MatricesAs}.\n"
            ));
        if (config.IsOwnModule)
            text.Append(
                "- A module of its maker's own: build it with the maker's code and give it to `Checkpoint.LoadInto`.\n"
            );
        text.Append(
            string.Create(
                CultureInfo.InvariantCulture,
                $"- Task `{config.Task}`, made with Marrow {config.MarrowVersion} on "
                    + $"{draft.Created.UtcDateTime:yyyy-MM-dd}.\n"
            ));
        foreach (var (name, part) in config.PartConfigs)
            text.Append(Inv($"- Part `{name}`, task `{part.Task}`. Input: {part.Input.Describe()}; dense structures "))
                .Append("bright.\n");
        text.Append(
            config.Parts is null
                ? Inv($"- Input: {config.Input.Describe()}; dense structures bright.\n\n")
                : "- Outputs have the names of their parts before their own.\n\n");
        text.Append("| output | unit | meaning |\n|---|---|---|\n");
        foreach (var output in config.Outputs)
            text.Append(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {MarkdownText.Inline(output.Name)} | {MarkdownText.Inline(output.Unit)} | "
                        + $"{MarkdownText.Inline(output.Meaning)}{(output.Trained ? "" : " **Untrained: masked.**")} "
                        + $"|\n"
                ));
        text.Append('\n');
    }

    private static void Metrics(StringBuilder text, IReadOnlyList<MeasuredValue> metrics)
    {
        text.Append("## Metrics\n\n");
        if (metrics.Count == 0)
        {
            text.Append("Nothing was measured.\n\n");
            return;
        }
        text.Append(
            "| metric | value | 95 % interval | data | split | samples | date |\n|---|---|---|---|---|---|---|\n");
        foreach (var m in metrics)
        {
            var interval = m is { Low: { } low, High: { } high } ? Inv($"{low:G5} to {high:G5}") : "";
            text.Append(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {MarkdownText.Inline(m.Metric)} | "
                        + $"{m.Value:G5}{(m.Unit.Length > 0 ? " " + MarkdownText.Inline(m.Unit) : "")} | {interval} | "
                        + $"{MarkdownText.Inline(m.Dataset)} | {MarkdownText.Inline(m.Split)} | {m.Samples} | "
                        + $"{m.Date:yyyy-MM-dd} |\n"
                ));
        }
        text.Append("\nMeasured with:\n\n");
        foreach (var command in metrics.Select(m => m.Command).Distinct())
            text.Append($"    {VisibleText.Of(command)}\n");
        text.Append('\n');
    }

    private static void Parents(StringBuilder text, CheckpointDraft draft)
    {
        text.Append("## Lineage\n\n");
        foreach (var parent in draft.Parents.Checkpoints)
            text.Append(
                MarkdownText.Format(
                    $"- Checkpoint `{parent.Name}@{parent.Digest}` ({parent.Role}), licence {parent.License}.\n"));
        foreach (var data in draft.Parents.Datasets)
        {
            var version = data.Version.Length > 0 ? $" {data.Version}" : "";
            var labels = data.Role == ParentDataset.Unlabeled ? ", without labels"
                : data.Part is { } part ? $" for the part {part}" : "";
            text.Append(
                MarkdownText.Format(
                    $"- Data set {data.Name}{version}, {data.Samples} samples{labels}, licence {data.License}"));
            if (data.FilesDigest.Length > 0)
                text.Append(MarkdownText.Format($", files `{data.FilesDigest}`"));
            text.Append(MarkdownText.Format($".{(data.Citation.Length > 0 ? " " : "")}{data.Citation}\n"));
        }
        foreach (var ancestor in draft.Parents.Inherited)
        {
            text.Append(MarkdownText.Format($"- Further back: {ancestor.Label}, licence {ancestor.License}"));
            text.Append(ancestor.Digest.Length > 0 ? MarkdownText.Format($", `{ancestor.Digest}`.\n") : ".\n");
        }
        if (draft.Parents.Imported is { } file)
            text.Append(
                MarkdownText.Format($"- Imported from the file `{file.Name}`, {file.Bytes:N0} bytes, ")
                    + MarkdownText.Format($"SHA-256 `{file.Sha256}`, map `{file.Map}`, licence {file.License}.\n"));
        else if (draft.Parents.Checkpoints.Count + draft.Parents.Datasets.Count == 0)
            text.Append("None recorded.\n");
        text.Append('\n');
        if (draft.Receipt is not { } receipt)
        {
            if (draft.Parents.Imported is null)
                text.Append("Trained from scratch: every weight began at random.\n");
            return;
        }
        text.Append(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Warm start: {100 * receipt.BackboneCoverage:F1} % of the backbone's parameters came from "
                    + $"`{MarkdownText.Code(receipt.Source)}`.\n\n"
            ));
        text.Append(
            "| module | copied | adapted | remapped | random | numbers | from the source "
                + "|\n|---|---|---|---|---|---|---|\n"
        );
        foreach (var row in receipt.Table())
            text.Append(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {MarkdownText.Inline(row.Module)} | {row.Copied} | {row.Adapted} | {row.Remapped} | "
                        + $"{row.Random} | {row.Elements:N0} | {100 * row.Share:F1} % |\n"
                ));
    }

    private static void Section(StringBuilder text, string title, string body) =>
        text.Append($"## {title}\n\n{VisibleText.Lines(body.Trim().ReplaceLineEndings("\n"))}\n\n");

    private static string Duration(TimeSpan time) =>
        time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:F1} h")
        : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:F1} min")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F0} s");

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
