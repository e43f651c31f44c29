using Marrow.Hub;
using Marrow.Reports;

namespace Marrow.Tests.Docs;

/// <summary>
/// docs/hub.md against the hub that comes with the program. With MARROW_WRITE_DOCS=1 in the environment
/// (.ci/recipe-docs) it is written first.
/// </summary>
public class HubDocsTests
{
    private static readonly string Page = Path.Combine(Repository.Root(), "docs", "hub.md");

    private static readonly LocalHub Shipped = new(Path.Combine(Repository.Root(), "hub"));

    [Fact]
    public void The_page_is_what_the_hub_says()
    {
        if (Environment.GetEnvironmentVariable("MARROW_WRITE_DOCS") == "1")
            HubPage.Write(Shipped, Shipped.List(), Page);

        Assert.Equal(
            HubPage.Text(Shipped, Shipped.List(), Path.GetDirectoryName(Page)!),
            File.ReadAllText(Page),
            ignoreLineEndingDifferences: true);
    }
}
