using Marrow.Checkpoints.Transfer;

namespace Marrow.Training.Recipes;

/// <summary>What an "init:" refers to: a stage or a checkpoint, by its weights or by their statistics alone.</summary>
internal static class InitReference
{
    /// <summary>
    /// "matched:NAME": not NAME's weights, but random ones with its statistics; see <see cref="MatchedWeights"/>.
    /// </summary>
    public const string Matched = "matched:";

    public static bool IsMatched(string? init) =>
        init is not null && init.StartsWith(Matched, StringComparison.Ordinal);

    /// <summary>The stage or checkpoint that an init names.</summary>
    public static string NameIn(string init) => IsMatched(init) ? init[Matched.Length..] : init;

    /// <summary>The same init of another stage or checkpoint.</summary>
    public static string Rename(string init, string name) => IsMatched(init) ? Matched + name : name;
}
