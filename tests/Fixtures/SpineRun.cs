using Marrow.Phantoms;

namespace Marrow.Tests;

/// <summary>A folder of small phantom films with vertebrae, and a recipe of one stage that learns on them.</summary>
internal sealed class SpineRun : SmallRun
{
    /// <param name="stage">Further sections of the stage, each on a line of its own, as "teacher: {}".</param>
    public SpineRun(string task, string model, string train, params string[] stage)
    {
        Folder = Path.Combine(Path.GetTempPath(), $"marrow-spines-{Guid.NewGuid():N}");
        Data = Path.Combine(Folder, "spines");
        PhantomWriter.WriteSpine(Data, Films, 5, new PhantomOptions { Width = 64, Height = 160, RepeatedFilms = 0 });
        Checkpoint = $"{model}.spines";
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

    public override string Folder { get; }
    public override string Data { get; }
    public override string RecipePath { get; }
    public override string DataName => "spines";
    public override string Stage => "spine";
    public override string Checkpoint { get; }
}
