using System.Text.RegularExpressions;

namespace Marrow.Tests.Docs;

/// <summary>
/// docs/library.md shows the code of samples/ between its marks, to the letter, and every sample of it; each in ten
/// statements or so.
/// </summary>
public partial class LibraryDocsTests
{
    private const int MostLines = 16;
    private static readonly string Root = Repository.Root();
    private static readonly string Page = File.ReadAllText(Path.Combine(Root, "docs", "library.md"));

    public static TheoryData<string> Samples =>
        [
            .. Directory
                .GetFiles(Path.Combine(Root, "samples", "Marrow.Samples"), "*.cs")
                .Where(path => File.ReadAllText(path).Contains("// <sample>", StringComparison.Ordinal))
                .Select(Path.GetFileName)
                .OfType<string>(),
        ];

    [Theory, MemberData(nameof(Samples))]
    public void The_page_shows_the_sample_as_it_is_compiled(string file)
    {
        var shown = Blocks().Matches(Page).SingleOrDefault(block => block.Groups["file"].Value == file);
        Assert.True(shown is not null, $"docs/library.md has no block under a link to {file}.");
        var code = Code(Path.Combine(Root, "samples", "Marrow.Samples", file));
        Assert.Equal(code, shown.Groups["code"].Value.TrimEnd('\n'));
        Assert.InRange(code.Split('\n').Length, 1, MostLines);
    }

    [Fact]
    public void The_page_shows_no_code_that_is_not_compiled() =>
        Assert.Equal(
            Samples.Select(row => row.Data).Order(StringComparer.Ordinal),
            Blocks().Matches(Page).Select(b => b.Groups["file"].Value).Order(StringComparer.Ordinal));

    /// <summary>What stands between the marks, moved to the left edge.</summary>
    private static string Code(string path)
    {
        var lines = File.ReadAllLines(path)
            .SkipWhile(l => l.Trim() != "// <sample>")
            .Skip(1)
            .TakeWhile(l => l.Trim() != "// </sample>")
            .ToList();
        var indent = lines.Where(l => l.Length > 0).Min(l => l.Length - l.TrimStart().Length);
        return string.Join('\n', lines.Select(l => l.Length > indent ? l[indent..] : "")).TrimEnd('\n');
    }

    [GeneratedRegex(
        @"\((?:\.\./)samples/Marrow\.Samples/(?<file>\w+\.cs)\)[^`]*```csharp\n(?<code>.*?)```",
        RegexOptions.Singleline
    )]
    private static partial Regex Blocks();
}
