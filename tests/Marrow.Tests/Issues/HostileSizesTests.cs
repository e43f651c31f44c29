using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Modules;
using Marrow.Tasks;

namespace Marrow.Tests.Issues;

/// <summary>
/// A checkpoint of half a megabyte asks for no more than it is: what it declares is held against its weights first.
/// </summary>
public sealed class HostileSizesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, string> Declared => new()
    {
        { "model.detector.pyramidChannels", "1024", "the config describes" },
        { "model.detector.pyramidChannels", "4096", "pyramid channels" },
        { "model.detector.headConvolutions", "9", "head convolutions" },
        { "model.detector.classes", "1000", "the config describes" },
        { "model.detector.anchorScales", "[1,2,3,4,5,6,7,8,9]", "scales" },
        { "model.detector.anchorSizes", "[1e300]", "anchor sizes" },
        { "model.detector.corners", "1000000", "corners" },
        { "model.detector.firstPyramidLevel", "-60", "pyramid level" },
        { "input.width", "16384", "an input width of 1 to 4096" },
        { "input.height", "2147483647", "an input height" },
        { "model.outputs", "2147483647", "outputs" },
        { "golden", "[16,1,4096,4096]", "an input shape" },
        { "golden", "[1,1,2048,2048]", "an input shape" },
    };

    [Theory, MemberData(nameof(Declared))]
    public void Every_size_that_a_config_declares_is_bounded_before_anything_is_built(
        string key,
        string value,
        string says)
    {
        string folder;
        using (var saved = ExportSamples.Detector(_folder["hub"]))
            folder = saved.Path;
        var isGolden = key == "golden";
        Change(folder, isGolden ? "golden.json" : "config.json", json =>
        {
            var node = json;
            var parts = isGolden ? ["inputShape"] : key.Split('.');
            foreach (var part in parts[..^1])
                node = node[part]!;
            node[parts[^1]] = JsonNode.Parse(value);
        });
        var changed = Directory.GetDirectories(Path.GetDirectoryName(folder)!).Single();
        Assert.Contains(
            says,
            Assert.Throws<MarrowException>(() => Checkpoint.Load(changed)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_least_size_of_a_model_is_no_more_than_its_size()
    {
        foreach (var name in ModelCatalogue.Names.Where(n => n.EndsWith("mini", StringComparison.Ordinal)))
        {
            foreach (
                var detector in (DetectorSpec[])
                    [
                        new() { PyramidChannels = 16, HeadConvolutions = 1 },
                        new()
                        {
                            PyramidChannels = 24,
                            HeadConvolutions = 0,
                            Corners = 0,
                            Classes = 3,
                            HeadGroupNorm = true,
                            AnchorSizes = [8],
                            AnchorScales = [1],
                        },
                    ])
            {
                var spec = new ModelSpec { Architecture = name, Outputs = 5, Detector = detector };
                using var model = ModelCatalogue.Create(spec);
                var size = model.state_dict().Values.Sum(t => t.NumberOfElements);
                Assert.InRange(ModelCatalogue.LeastElements(spec), 1, size);
            }
        }
    }

    [Theory]
    [InlineData("licence", "a licence of at most")]
    [InlineData("parts", "a licence of at most 50 parts")]
    [InlineData("ancestor's licence", "a licence of at most")]
    [InlineData("inherited", "at most 1000 ancestors, found 20000")]
    [InlineData("parents", "at most 1000 ancestors, found 20000")]
    [InlineData("file", "a file of at most 4194304 bytes")]
    [InlineData("citation", "citation of at most")]
    public void Licences_and_ancestors_without_end_are_refused_at_once(string what, string says)
    {
        string folder;
        using (var saved = ExportSamples.Classifier(_folder["hub"]))
            folder = saved.Path;
        var manifest = CheckpointManifest.Read(folder);
        var many = Enumerable.Range(0, 20_000);
        var endless = string.Join(" AND ", many.Select(i => $"LicenseRef-{i}"));
        var changed = what switch
        {
            "licence" => manifest with { License = endless },
            "parts" => manifest with { License = string.Join(" AND ", Enumerable.Repeat("MIT", 60)) },
            "ancestor's licence" => manifest with
            {
                Parents = manifest.Parents.With(inherited: [new(LineageKind.Dataset, "x", "", endless)]),
            },
            "inherited" => manifest with
            {
                Parents = new()
                {
                    Inherited = [.. many.Select(i => new LicensedAncestor(LineageKind.Checkpoint, $"x{i}", "", "MIT"))],
                },
            },
            "file" => manifest with { Origin = new(new string('c', 5_000_000)) },
            "parents" => manifest with
            {
                Parents = new() { Checkpoints = [.. many.Select(i => new ParentCheckpoint($"a.x{i}", "sha256:"))] },
            },
            _ => manifest with { Parents = new() { Datasets = [new("x", "", "MIT", "", new string('c', 1_000_000))] } },
        };
        var moved = Seal(folder, changed);
        var watch = Stopwatch.StartNew();
        var message = Assert.Throws<MarrowException>(() => Checkpoint.Load(moved)).Message;
        Assert.Contains(says, message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 1, 2000);
        Assert.InRange(new LocalHub(_folder["hub"]).List().Single().Problem!.Length, 1, 2000);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30); // milliseconds on an idle machine
    }

    [Fact]
    public void A_licence_of_many_parts_is_described_in_a_moment()
    {
        var license = string.Join(" AND ", Enumerable.Range(0, 200_000).Select(i => $"LicenseRef-{i}"));
        var watch = Stopwatch.StartNew();
        Assert.Equal(200_000, Licenses.PartsOf(license));
        Assert.Equal(1, Licenses.PartsOf("MIT"));
        Licenses.Breaches(license, [new(LineageKind.Dataset, "x", "", license)]);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30); // a tenth on an idle machine
    }

    /// <summary>Changes a file of a checkpoint and seals it anew, as whoever makes a hostile one would.</summary>
    private static void Change(string folder, string file, Action<JsonNode> change)
    {
        var path = Path.Combine(folder, file);
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        change(json);
        var bytes = Encoding.UTF8.GetBytes(json.ToJsonString());
        File.WriteAllBytes(path, bytes);
        var manifest = CheckpointManifest.Read(folder);
        Seal(
            folder,
            manifest with
            {
                Files =
                [
                    .. manifest.Files.Select(f =>
                        f.Path == file
                            ? new ManifestFile(
                                file,
                                bytes.Length,
                                Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)))
                            : f),
                ],
            }
        );
    }

    private static string Seal(string folder, CheckpointManifest manifest)
    {
        var (bytes, changed) = manifest.Seal();
        File.WriteAllBytes(Path.Combine(folder, "checkpoint.json"), bytes);
        var moved = Path.Combine(Path.GetDirectoryName(folder)!, changed.Digest.Hex);
        Directory.Move(folder, moved);
        return moved;
    }
}
