using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments;

/// <summary>
/// A run's changes of the recipe, as one would type them after --set: start, labels, method, steps and seeds, and no
/// more, so that "marrow run" can repeat it.
/// </summary>
internal sealed class ExperimentOverrides(Recipe recipe, IReadOnlyList<int> steps)
{
    public const string Supervised = "supervised";
    private const string Unlabeled = "unlabeled"; // what the other sections learn from
    private const int LongestSlug = 40, LongestTag = 64;

    /// <summary>The sections of a stage that can be left out, each of which is a method.</summary>
    public static readonly string[] Sections = ["uda", "teacher"];

    public IReadOnlyList<string> Of(
        ExperimentStart start,
        string method,
        ExperimentShare share,
        ulong seed,
        ulong splitSeed)
    {
        var changes = new List<string> { Invariant($"seed={seed}"), Invariant($"splitSeed={splitSeed}") };
        foreach (var (index, stage) in recipe.Stages.Index())
        {
            if (index == 0)
                changes.Add($"{stage.Name}.init={start.Init}");
            if (index == 0 && start.IsCheckpoint)
                changes.Add($"{stage.Name}.tag={Tag(stage, start)}");
            if (stage.Train.Epochs > 0)
                changes.AddRange([
                    $"{stage.Name}.train.epochs=",
                    Invariant($"{stage.Name}.train.steps={steps[index]}"),
                ]);
            var (written, other) = share.Fraction is { } fraction
                ? (Invariant($"fraction={fraction}"), "limit")
                : (Invariant($"limit={share.Patients}"), "fraction");
            if (RecipeKeys.Of(recipe, stage.Name, "data").Contains(other))
                changes.Add($"{stage.Name}.data.{other}=");
            changes.Add($"{stage.Name}.data.{written}");
            changes.AddRange(
                RecipeKeys
                    .Of(recipe, stage.Name)
                    .Where(key => IsLeftOut(key, method))
                    .Select(key => $"{stage.Name}.{key}="));
        }
        return changes;
    }

    /// <summary>Returns a name of lower-case letters, digits and '-' that no other start has.</summary>
    public static string Slug(IReadOnlyList<ExperimentStart> starts, ExperimentStart start)
    {
        var slug = Slug(start);
        return starts.Count(s => Slug(s) == slug) == 1 ? slug : $"{slug}-{starts.ToList().IndexOf(start) + 1}";
    }

    private static string Slug(ExperimentStart start)
    {
        var plain = string.Concat(start.Name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'))
            .Trim('-');
        return plain.Length <= LongestSlug ? plain : plain[^LongestSlug..].TrimStart('-');
    }

    /// <summary>
    /// Returns a tag that says from what the model was started, and that keeps it from becoming the newest of the
    /// recipe's own name.
    /// </summary>
    private static string Tag(Stage stage, ExperimentStart start)
    {
        var tag = $"{stage.Tag}-from-{Slug(start)}";
        return tag.Length <= LongestTag ? tag : tag[..LongestTag].TrimEnd('-');
    }

    private static bool IsLeftOut(string key, string method) => key switch
    {
        Unlabeled => method == Supervised,
        _ => Sections.Contains(key) && key != method,
    };

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
