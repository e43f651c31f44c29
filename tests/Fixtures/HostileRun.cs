using System.Text.Json;
using Marrow.Cli;

namespace Marrow.Tests;

/// <summary>
/// Phantoms, a recipe of three stages and the run it came to, made once: what the tests of bad input damage copies of.
/// Commands are called in this process, as the program's Main does; runs draw from torch's generator.
/// </summary>
[CollectionDefinition(nameof(HostileRun))]
public sealed class HostileRun : ICollectionFixture<HostileRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public HostileRun()
    {
        Chests = Path.Combine(Folder, "chests");
        Spines = Path.Combine(Folder, "spines");
        Recipe = Path.Combine(Folder, "tiny.yaml");
        File.WriteAllText(Recipe, """
            name: tiny
            seed: 3
            stages:
              - name: features
                task: classify
                model: densenet-mini
                data: {name: chests, format: chexpert, blank: zeros}
                input: {width: 32, height: 32}
                train: {steps: 2, batch: 2, workers: 1}
              - name: landmarks
                task: detect-vertebrae
                model: retinanet-densenet-mini
                init: features
                data: {name: spines, format: spineweb16, validation: 0}
                input: {width: 32, height: 96}
                detector: {pyramidChannels: 8, headConvolutions: 1}
                train: {steps: 1, batch: 2, workers: 1}
              - name: cobb
                task: regress-cobb
                model: cobb-densenet-mini
                init: landmarks
                data: {name: spines, format: spineweb16, validation: 0}
                input: {width: 32, height: 96}
                train: {steps: 1, batch: 2, workers: 1}
            """);
        Done(Call("data", "phantom", "chexpert", Chests, "--count", "12", "--width", "64", "--height", "64"));
        Done(Call("data", "phantom", "spineweb16", Spines, "--count", "6", "--width", "64", "--height", "176"));
        Done(Start("run"));
    }

    public string Folder => _folder.Path;
    public string Chests { get; }
    public string Spines { get; }
    public string Recipe { get; }
    public string Run => Path.Combine(Folder, "run");
    public string Hub => Path.Combine(Run, "hub");

    /// <summary>A path that nothing is at yet.</summary>
    public string New(string name = "new") => Path.Combine(Folder, $"{name}-{Guid.NewGuid():N}");

    /// <summary>The one checkpoint of an architecture.</summary>
    public string Checkpoint(string name) => Directory.GetDirectories(Path.Combine(Hub, name)).Single();

    /// <summary>marrow run of the recipe, with its data, into a folder here.</summary>
    public (int Code, string Output, string Error) Start(string outName, params string[] more) =>
        Call([
            "run",
            Recipe,
            "--data",
            $"chests={Chests}",
            "--data",
            $"spines={Spines}",
            "--out",
            Path.Combine(Folder, outName),
            .. more,
        ]);

    public static (int Code, string Output, string Error) Call(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (CommandLine.Run(args, output, error, CancellationToken.None), output.ToString(), error.ToString());
    }

    public static void Done((int Code, string Output, string Error) result) =>
        Assert.True(result.Code == 0, result.Error);

    /// <summary>
    /// The command failed as it should: code 1 (or the one given), nothing on standard output, an error that names what
    /// is given here, no stack trace and nothing unexpected.
    /// </summary>
    public static string Refused((int Code, string Output, string Error) result, params string[] named)
    {
        Assert.Equal((1, ""), (result.Code, result.Output));
        return Explained(result.Error, named);
    }

    public static string Explained(string error, params string[] named)
    {
        var message = error[Math.Max(0, error.IndexOf("error: ", StringComparison.Ordinal))..];
        Assert.StartsWith("error: ", message);
        Assert.DoesNotContain("   at ", error);
        Assert.DoesNotContain("unexpected ", message);
        Assert.All(named, part => Assert.Contains(part, message, StringComparison.Ordinal));
        return message;
    }

    public static JsonElement Json(string output) => JsonDocument.Parse(output).RootElement;

    /// <summary>Path and content of every file below a folder, to show that nothing was touched.</summary>
    public static IReadOnlyDictionary<string, string> Contents(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .ToDictionary(
                path => path,
                path => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))));

    /// <summary>A copy of a folder; nothing in it is shared with the original.</summary>
    public string Copy(string folder, string name = "copy")
    {
        var copy = New(name);
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(folder, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
        return copy;
    }

    public static void Flip(string path, long position, int bit = 0)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = position;
        var value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ 1 << bit));
    }

    public void Dispose() => _folder.Dispose();
}
