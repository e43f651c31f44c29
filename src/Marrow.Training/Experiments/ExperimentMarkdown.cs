using System.Text;

namespace Marrow.Training.Experiments;

/// <summary>Sentences and tables in GitHub's Markdown, for a page or a pull request.</summary>
internal static class ExperimentMarkdown
{
    /// <param name="tables">Each with a sentence on how to read it, or "".</param>
    public static string Of(
        IReadOnlyList<string> sentences, IReadOnlyList<(ReportPart Table, string Note)> tables)
    {
        var text = new StringBuilder();
        foreach (var sentence in sentences)
            text.Append("- ").Append(MarkdownText.Inline(sentence)).Append('\n');
        foreach (var (table, note) in tables)
        {
            text.Append('\n');
            if (table.Title.Length > 0)
                text.Append("**").Append(MarkdownText.Inline(table.Title)).Append("**\n\n");
            Row(table.Headers);
            Row(table.Headers.Select(_ => "---"));
            foreach (var row in table.Rows)
                Row(row);
            if (note.Length > 0)
                text.Append('\n').Append(note).Append('\n');
        }
        return text.ToString().TrimStart('\n');

        void Row(IEnumerable<string> cells) =>
            text.Append("| ").AppendJoin(" | ", cells.Select(MarkdownText.Inline)).Append(" |\n");
    }
}
