using System.Text.Json;
using System.Xml.Linq;

namespace Marrow.Tests.Docs;

/// <summary>What FirstFetch.targets says of the packages, held against those that this build was made of.</summary>
public class FirstFetchTests
{
    private const double Tolerance = 0.05;
    private static readonly string Root = Repository.Root();

    private static readonly XElement[] Said =
    [
        .. XDocument
            .Load(Path.Combine(Root, "FirstFetch.targets"))
            .Descendants("FirstFetch")
            .Where(e => e.Attribute("Include") is not null),
    ];

    /// <summary>
    /// Every package that a project of the solution was restored with: "id/version" -> the archive that was fetched.
    /// </summary>
    private static Dictionary<string, FileInfo> Packages()
    {
        var packages = new Dictionary<string, FileInfo>();
        foreach (
            var file in Directory.EnumerateFiles(
                Root,
                "project.assets.json",
                new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 }
            ))
        {
            using var assets = JsonDocument.Parse(File.ReadAllBytes(file));
            var folder = assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;
            foreach (
                var library in assets
                    .RootElement.GetProperty("libraries")
                    .EnumerateObject()
                    .Where(l => l.Value.GetProperty("type").GetString() == "package"))
            {
                var path = library.Value.GetProperty("path").GetString()!;
                packages[path] = new(Path.Combine(folder, path, $"{path.Replace('/', '.')}.nupkg"));
            }
        }
        return packages;
    }

    [Fact]
    public void The_packages_named_are_those_of_this_build()
    {
        var packages = Packages();
        var system = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsWindows() ? "win" : "osx";
        Assert.All(
            Said.Select(e => e.Attribute("Include")!.Value)
                .Where(id =>
                    !id.StartsWith("libtorch", StringComparison.Ordinal)
                    || id.Contains($"-{system}-", StringComparison.Ordinal)),
            id => Assert.Contains(id, packages.Keys));
        Assert.Single(
            Said.Select(e => e.Attribute("Include")!.Value)
                .Where(id => id.StartsWith("libtorch", StringComparison.Ordinal))
                .Select(id => id.Split('/')[1])
                .Distinct());
    }

    [Fact]
    public void The_sizes_are_true()
    {
        var packages = Packages();
        Assert.SkipWhen(packages.Values.Any(p => !p.Exists), "The packages' archives are not kept here.");
        var system = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsWindows() ? "win" : "osx";
        var said = Said.Where(e =>
                !e.Attribute("Include")!.Value.StartsWith("libtorch", StringComparison.Ordinal)
                || e.Attribute("Include")!.Value.Contains($"-{system}-", StringComparison.Ordinal))
            .ToDictionary(
                e => e.Attribute("Title")!.Value,
                e => double.Parse(e.Attribute("Fetched")!.Value, System.Globalization.CultureInfo.InvariantCulture));
        var found = packages.GroupBy(p => Title(p.Key)).ToDictionary(g => g.Key, g => g.Sum(p => p.Value.Length) / 1e6);
        Assert.Equal(said.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        Assert.All(said, s =>
            Assert.InRange(found[s.Key], s.Value * (1 - Tolerance) - 1, s.Value * (1 + Tolerance) + 1));

        var total = found.Values.Sum();
        var sentence = System.Text.RegularExpressions.Regex.Match(
            File.ReadAllText(Path.Combine(Root, "README.md")),
            @"fetches [^.]*?\(about (\d+) MB");
        Assert.True(sentence.Success, "README.md no longer says what the first build fetches.");
        Assert.InRange(
            double.Parse(sentence.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture),
            total * 0.9,
            total * 1.1);
    }

    private static string Title(string id) =>
        id.StartsWith("libtorch", StringComparison.Ordinal) ? "libtorch"
        : id.StartsWith("microsoft.ml.onnxruntime/", StringComparison.Ordinal) ? "ONNX Runtime"
        : id.StartsWith("skiasharp", StringComparison.Ordinal) ? "SkiaSharp" : "others";
}
