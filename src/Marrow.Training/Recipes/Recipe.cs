using Marrow.Computing;
using Marrow.Datasets;

namespace Marrow.Training.Recipes;

// A recipe as the program holds it: a YAML file of stages, each of which trains one task, from scratch or warm-started
// from an earlier stage or a checkpoint. RecipeReader makes it, with its stages, and has checked every value by then;
// the YAML key is the property's name in camelCase unless its comment names another. Each key's range and sentence
// stand where it is read, its default here.

/// <summary>What each stage trains, in order, and the seed that makes a run repeatable.</summary>
public sealed class Recipe
{
    internal Recipe()
    {
    }

    /// <summary>The same recipe, of which an initialiser may change a part.</summary>
    internal Recipe(Recipe other) =>
        (Name, Stages, Seed, SplitSeed, HeldOut, Fold, Device, SourcePath, SourceText, Overrides, Chosen) = (
            other.Name, other.Stages, other.Seed, other.SplitSeed, other.HeldOut, other.Fold, other.Device,
            other.SourcePath, other.SourceText, other.Overrides, other.Chosen);

    /// <summary>Lower-case letters, digits, - and _; names the run's folder.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>At least one; names differ.</summary>
    internal IReadOnlyList<Stage> Stages { get; init; } = [];

    /// <summary>Names of its stages, in order: what <see cref="Only"/> takes.</summary>
    internal IReadOnlyList<string> StageNames => [.. Stages.Select(stage => stage.Name)];

    /// <summary>Of every random draw: weights, order, augmentation, subset of the labels.</summary>
    internal ulong Seed { get; init; } = 1;

    /// <summary>
    /// Of the division of each data set into its parts, so that the seed can vary with the held-out films fixed.
    /// </summary>
    internal ulong SplitSeed { get; init; } = 1;

    /// <summary>Share of the patients never trained on; 0: train on all.</summary>
    internal double HeldOut { get; init; } = 0.2;

    /// <summary>
    /// The fold of every data set that is never trained on, in place of <see cref="HeldOut"/>; null for the share.
    /// </summary>
    internal Fold? Fold { get; init; }

    /// <summary>Where every stage computes, unless the command line says otherwise.</summary>
    internal DeviceChoice Device { get; init; }

    /// <summary>The path that the recipe was read from.</summary>
    public string SourcePath { get; internal init; } = "";

    /// <summary>The file as it was, without <see cref="Overrides"/>.</summary>
    internal string SourceText { get; init; } = "";

    /// <summary>
    /// "stage.key=value", in the order they were applied. Store them beside the text to read the same recipe again.
    /// </summary>
    internal IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>NAMEs for --data, of all stages, each once.</summary>
    public IReadOnlyList<string> DataNames =>
        [
            .. Stages
                .SelectMany(s => (string?[])[.. s.Each.Select(one => one.Data.Name), s.Unlabeled?.Name])
                .OfType<string>()
                .Distinct(),
        ];

    /// <summary>Of the stages chosen by <see cref="Only"/>; empty for all.</summary>
    public IReadOnlyList<string> Chosen { get; private init; } = [];

    /// <summary>
    /// The recipe with these stages alone. Where one starts from a stage that is left out, or crops by it, it takes the
    /// checkpoint of that stage's name instead ("densenet121.chexpert"), which is then found in a hub. Throws
    /// <see cref="MarrowException"/> when a name is no stage's, or there is none.
    /// </summary>
    public Recipe Only(IReadOnlyList<string> names)
    {
        var known = string.Join(", ", Stages.Select(s => s.Name));
        if (names.Count == 0)
            throw new MarrowException(
                $"{SourcePath}: expected the name of a stage or more, found none. It has {known}.");
        if (names.FirstOrDefault(n => Stages.All(s => s.Name != n)) is { } unknown)
            throw new MarrowException($"{SourcePath}: no stage '{unknown}'. It has {known}.");
        var kept = Stages.Where(s => names.Contains(s.Name)).ToList();
        return new(this)
        {
            Chosen = [.. kept.Select(s => s.Name)],
            Stages =
            [
                .. kept.Select(s =>
                    s with
                    {
                        Init = KeptInit(s.Init),
                        Crop = s.Crop is { } crop ? crop with { By = Kept(crop.By)! } : null,
                        Data = s.Data with { SoftLabelsFrom = Kept(s.Data.SoftLabelsFrom) },
                    }
                ),
            ],
        };

        string? KeptInit(string? init) =>
            init is null ? null : InitReference.Rename(init, Kept(InitReference.NameIn(init))!);

        string? Kept(string? reference) =>
            Stages.FirstOrDefault(o => o.Name == reference && !names.Contains(o.Name))?.CheckpointName ?? reference;
    }

    /// <summary>
    /// Writes <see cref="SourceText"/>, unchanged; throws <see cref="MarrowException"/> when it can't.
    /// </summary>
    internal void WriteTo(string path) => AtomicFile.WriteText(path, SourceText);
}
