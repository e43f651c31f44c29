using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Exchange;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Reports;
using YamlDotNet.Serialization;

namespace Marrow.Tests.Issues;

/// <summary>
/// Labels, licences and names take no effect in the files that carry them: Markdown, YAML, HTML, CSV.
/// </summary>
public sealed class ForeignTextInFilesTests : IDisposable
{
    private const string Hostile =
        "x|y</td><script>alert(1)</script>\n# Heading\n---\nlicense: mit\n[click](javascript:alert(1)) `code` "
            + "![i](http://e/x.png) &lt; \u202E\u001b[31m";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void In_a_card_no_label_licence_or_parent_makes_markup()
    {
        using var model = Drafts.Model(outputs: 1);
        var draft = Drafts.Of(model, 1, Hostile);
        using var saved = (
            draft with
            {
                Card = new()
                {
                    Summary = draft.Card.Summary,
                    Data = draft.Card.Data,
                    Limits = draft.Card.Limits,
                    License = Hostile,
                    LicenseLink = Hostile,
                    Citation = Hostile,
                    Training = new($"a: 1\n```\n{Hostile}\n````\n", Hostile, Hostile, 1, 1),
                    Tags = [Hostile],
                },
                Parents = new()
                {
                    Checkpoints = [new(Hostile, Hostile, Hostile, Hostile)],
                    Datasets = [new(Hostile, Hostile, Hostile, Hostile, Hostile, 3)],
                    Inherited = [new(LineageKind.Dataset, Hostile, Hostile, Hostile)],
                    Imported = new(Hostile, 3, Hostile, Hostile, Hostile),
                },
                Metrics = [new("AUROC", 0.875, Hostile, Hostile, new(2024, 5, 6), Hostile, 0.8, 0.9, samples: 24)],
            }
        ).Save(_folder["hub"]);
        var card = File.ReadAllText(Path.Combine(saved.Path, "README.md"));
        var end = card.IndexOf("\n---\n", 4, StringComparison.Ordinal);
        var front = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(card[4..end]);
        Assert.Equal("other", front["license"]);
        Assert.Contains(VisibleText.Of(Hostile), ((List<object>)front["tags"]).Cast<string>());

        Assert.Equal(VisibleText.Lines(card), card);
        // The recipe stands in a fence that none of its lines closes.
        var fence = card.Split('\n')
            .Single(line =>
                line.EndsWith("yaml", StringComparison.Ordinal) && line.StartsWith("````", StringComparison.Ordinal)
            )[..^4];
        var body = card[end..];
        var from = body.IndexOf(fence + "yaml", StringComparison.Ordinal);
        var to = body.IndexOf($"\n{fence}\n", from, StringComparison.Ordinal);
        body = body[..from] + body[(to + fence.Length + 2)..];
        Assert.DoesNotContain(body.Split('\n'), line =>
            line.StartsWith("# Heading", StringComparison.Ordinal)
            || line.StartsWith("license:", StringComparison.Ordinal));
        foreach (var line in body.Split('\n').Where(line => !line.StartsWith("    ", StringComparison.Ordinal)))
        {
            // what stands in backticks is code
            var outside = string.Concat(line.Split('`').Where((_, i) => i % 2 == 0));
            foreach (var mark in (string[])["<script", "</td", "[click](", "![i]("])
                Assert.False(
                    outside
                        .Replace("\\" + mark, "", StringComparison.Ordinal)
                        .Replace(mark.Insert(1, "\\"), "", StringComparison.Ordinal)
                        .Contains(mark, StringComparison.Ordinal),
                    line);
        }
        var rows = body.Split('\n').Where(line => line.StartsWith("| x", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.Equal(4, row.Replace("\\|", "", StringComparison.Ordinal).Count(c => c == '|')));

        var bundle = BundleText.Terms(saved);
        Assert.Equal(VisibleText.Lines(bundle), bundle);
    }

    [Theory]
    [InlineData("a <b> & c", "a \\<b> & c")]
    [InlineData("a < b, 3 > 2, R&D, x_y", "a < b, 3 > 2, R\\&D, x_y")]
    [InlineData("[a](b)|`c`*d*", "\\[a\\](b)\\|\\`c\\`\\*d\\*")]
    [InlineData("C:\\folder \\*", "C:\\folder \\\\\\*")]
    [InlineData("two\nlines", "two\\nlines")]
    [InlineData("plain, of 3 words.", "plain, of 3 words.")]
    public void Markdown_shows_values_as_they_are(string text, string expected) =>
        Assert.Equal(expected, MarkdownText.Inline(text));

    [Fact]
    public void Html_pages_hold_no_hidden_characters_and_no_markup_of_others()
    {
        var page = new HtmlReport(Hostile, Hostile).Section(Hostile).Text(Hostile).Callout(Hostile).Code(Hostile)
            .Figures([(Hostile, Hostile, Hostile)])
            .Table(
                [Hostile],
                [
                    [Hostile],
                ],
                Hostile)
            .Pictures([([], Hostile)])
            .Plot(_ => [], Hostile)
            .Lineage(
                [
                    new("a", LineageKind.Dataset, Hostile, [Hostile]),
                    new("b", LineageKind.Checkpoint, Hostile, [Hostile]),
                ],
                [new("a", "b", Hostile)])
            .ToHtml();
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("</td><", page.Replace("</td></tr>", "", StringComparison.Ordinal));
        Assert.DoesNotContain("href=\"javascript", page);
        Assert.Equal(VisibleText.Lines(page), page);
    }

    [Theory]
    [InlineData("=1+1")]
    [InlineData("+1")]
    [InlineData("-x")]
    [InlineData("@SUM(A1)")]
    [InlineData("\t=1")]
    public void Text_in_a_csv_is_never_a_formula_in_the_header_either(string name)
    {
        Assert.Equal("'" + name, CsvTable.TextCell(name));
        var files = new FindingFiles(_folder["out"], [name]);
        files.Add(Finding.Failed($"{name}.png", "x"), null);
        files.WriteCsv();
        var table = CsvTable.Read(files.CsvPath, hasHeader: true);
        Assert.Equal(
            ["file", "'" + name.Trim(), "status"],
            table.Header.Select(h => h.Replace("'\t", "'", StringComparison.Ordinal)).Select(h => h.Trim()));
        Assert.StartsWith("'", table.Rows[0].Fields[0]);
    }

    [Theory]
    [InlineData("oci://user:pass@host/repo:v1")]
    [InlineData("oci://token@host/repo:v1")]
    [InlineData("oci://user:pa/ss@host/repo:v1")]
    [InlineData("oci://user:p@ss@host/repo@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("OCI://user:pass@host/repo:v1")]
    public void Credentials_in_a_reference_are_refused_and_never_shown(string reference)
    {
        foreach (
            var args in (string[][])
                [
                    ["hub", "pull", reference],
                    ["hub", "push", "a.b", reference],
                    ["hub", "show", reference],
                    ["hub", "pull", reference, "--json"],
                    ["hub", "show", reference, "--verbose"],
                    ["run", Recipe(reference), "--out", _folder["run"]],
                    ["predict", "x.png", "--checkpoint", reference, "--out", _folder["out"]],
                ])
        {
            var (output, error) = (new StringWriter(), new StringWriter());
            Assert.NotEqual(
                0,
                Marrow.Cli.CommandLine.Run([.. args, "--hub", _folder["hub"]], output, error, CancellationToken.None));
            var all = output.ToString() + error;
            Assert.DoesNotContain("pass", all.Replace("password", "", StringComparison.Ordinal));
            Assert.DoesNotContain("pa/ss", all);
            Assert.DoesNotContain("p@ss", all);
            Assert.DoesNotContain("token@", all);
        }
    }

    [Theory]
    [InlineData("https://u:p@host/x and oci://h/r@sha256:ab", "https://***@host/x and oci://h/r@sha256:ab")]
    [InlineData("see https://host/@user/x", "see https://host/@user/x")]
    [InlineData("a@b.c", "a@b.c")]
    [InlineData("oci://h/r:v1, oci://u:p@h/r:v1", "oci://h/r:v1, oci://***@h/r:v1")]
    public void Only_what_stands_before_the_host_is_taken_out(string text, string shown) =>
        Assert.Equal(shown, VisibleText.Of(text));

    private string Recipe(string init)
    {
        var path = _folder[$"{Guid.NewGuid():N}.yaml"];
        File.WriteAllText(
            path,
            $$$"""
            name: x
            stages:
              - {name: a, task: classify, model: densenet-mini, init: "{{{init}}}", data: {name: c, format: chexpert}, train: {steps: 1}}
            """
        );
        return path;
    }
}
