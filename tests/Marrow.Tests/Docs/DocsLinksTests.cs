using System.Text.RegularExpressions;

namespace Marrow.Tests.Docs;

/// <summary>The pages of docs/ among themselves: no link leads nowhere, and the index has every page.</summary>
public partial class DocsLinksTests
{
    private static readonly string Folder = Path.Combine(Repository.Root(), "docs");

    public static TheoryData<string> Pages =>
        [.. Directory.GetFiles(Folder, "*.md").Select(Path.GetFileName).OfType<string>()];

    [Theory, MemberData(nameof(Pages))]
    public void Every_link_leads_to_a_file_and_a_heading_that_exist(string page)
    {
        var text = File.ReadAllText(Path.Combine(Folder, page));
        foreach (Match link in Links().Matches(text))
        {
            var (target, anchor) = (link.Groups["file"].Value, link.Groups["anchor"].Value);
            if (target.Contains("://", StringComparison.Ordinal))
                continue;
            var path = target.Length == 0 ? Path.Combine(Folder, page) : Path.GetFullPath(Path.Combine(Folder, target));
            Assert.True(
                File.Exists(path) || Directory.Exists(path),
                $"{page} links to {target}, which does not exist.");
            if (anchor.Length > 0)
                Assert.Contains(
                    anchor,
                    Headings().Matches(File.ReadAllText(path)).Select(m => Anchor(m.Groups[1].Value)));
        }
    }

    [Fact]
    public void The_index_links_every_page()
    {
        var index = File.ReadAllText(Path.Combine(Folder, "README.md"));
        Assert.All(Pages.Select(row => row.Data).Where(page => page != "README.md"), page =>
            Assert.Contains($"({page})", index));
    }

    /// <summary>As GitHub makes them: lower case, spaces to hyphens, other signs left out.</summary>
    private static string Anchor(string heading) =>
        string.Concat(
            heading.Trim().ToLowerInvariant().Replace(' ', '-').Where(c => char.IsLetterOrDigit(c) || c is '-' or '_'));

    [GeneratedRegex(@"\]\((?<file>[^)#\s]*)(#(?<anchor>[^)\s]+))?\)")]
    private static partial Regex Links();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Headings();
}
