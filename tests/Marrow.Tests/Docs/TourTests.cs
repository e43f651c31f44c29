using System.Text.RegularExpressions;

namespace Marrow.Tests.Docs;

/// <summary>docs/tour.md names files and methods that are there.</summary>
public partial class TourTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root(), "docs", "tour.md"));

    public static TheoryData<string, string> Hops
    {
        get
        {
            var hops = new TheoryData<string, string>();
            foreach (
                var (path, method) in Places()
                    .Matches(Page)
                    .Select(m => (m.Groups["path"].Value, m.Groups["method"].Value))
                    .Distinct())
                hops.Add(path, method);
            return hops;
        }
    }

    [Theory, MemberData(nameof(Hops))]
    public void A_hop_is_a_method_of_its_file(string path, string method)
    {
        var source = File.ReadAllText(Path.Combine(Repository.Root(), "docs", path));
        Assert.Matches($@"\b{method}(<\w+>)?\(", source);
        Assert.Matches($@"(public|internal|private|protected)[^;{{=]*\b{method}(<\w+>)?\(", source);
    }

    [Fact]
    public void Each_row_names_a_place_and_hops_are_counted()
    {
        var rows = Page.Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2]))
            .ToList();
        Assert.InRange(rows.Count, 30, 60);
        Assert.All(rows, row => Assert.Matches(Places(), row));
        var number = 0;
        foreach (var row in rows)
        {
            var found = int.Parse(row[2..row.IndexOf(' ', 2)], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(found == number + 1 || found == 1, row);
            number = found;
        }
    }

    [GeneratedRegex(@"\]\((?<path>\.\./src/[\w./]+\.cs)\) `(?<method>\w+)`")]
    private static partial Regex Places();
}
