using Marrow.Imaging.Phantom;
using Marrow.Training;

namespace Marrow.Tests.Training;

/// <summary>A folder of small phantom films with vertebrae, and a recipe of one stage that learns on them.</summary>
internal sealed class SpineRun : IDisposable
{
    /// <param name="stage">Further sections of the stage, each on a line of its own, as "teacher: {}".</param>
    public SpineRun(string task, string model, string train, params string[] stage)
    {
        Folder = Path.Combine(Path.GetTempPath(), $"marrow-spines-{Guid.NewGuid():N}");
        Data = Path.Combine(Folder, "spines");
        PhantomWriter.WriteSpine(Data, Films, 5, new PhantomOptions { Width = 64, Height = 160, RepeatedFilms = 0 });
        RecipePath = Path.Combine(Folder, "recipe.yaml");
        File.WriteAllText(RecipePath, $$"""
            name: spines
            seed: 3
            heldOut: 0.2
            stages:
              - name: spine
                task: {{task}}
                model: {{model}}
                tag: spines
                data: {name: spines, format: spineweb16, validation: 0.2}
                input: {width: 32, height: 96, fit: stretch}
                train: { {{train}} }
            {{string.Join('\n', stage.Select(line => $"    {line}"))}}
            """);
    }

    public const int Films = 24;

    public string Folder { get; }
    public string Data { get; }
    public string RecipePath { get; }

    public RunRequest Request(string outName, bool resume = false, params string[] overrides) => new()
    {
        Recipe = RecipeReader.Read(RecipePath, overrides),
        DataFolders = new Dictionary<string, string> { ["spines"] = Data },
        OutFolder = Path.Combine(Folder, outName),
        HubFolder = Path.Combine(Folder, outName, "hub"),
        Resume = resume,
        Command = "test",
        Resolve = name => throw new MarrowException($"{name}: no hub here."),
    };

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
