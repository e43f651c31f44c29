using Marrow.Training.Experiments.Folds;

namespace Marrow.Training.Experiments;

/// <summary>The command lines that repeat an experiment or one of its runs.</summary>
internal static class RepeatCommands
{
    /// <summary>Returns the command line to type, with the folders as they were given.</summary>
    public static string ToRepeat(ExperimentRequest request, ExperimentPlan plan, ExperimentRun run) =>
        Join(
            request,
            plan,
            run,
            request.Recipe.SourcePath,
            name => Quote($"{name}={request.DataFolders[name]}"),
            $"--out {Quote(Path.Combine("runs", run.Name))} --hub {Quote(request.HubFolder)}");

    /// <summary>Returns the command line for a checkpoint's card, which leaves out the user's own folders.</summary>
    public static string OfCard(ExperimentRequest request, ExperimentPlan plan, ExperimentRun run) =>
        Join(request, plan, run, Path.GetFileName(request.Recipe.SourcePath), name => $"{name}=DIR", "");

    /// <summary>
    /// Returns the "marrow experiment" command line for a card, which leaves out the user's own folders.
    /// </summary>
    public static string OfExperiment(ExperimentRequest request, ExperimentPlan plan) =>
        string.Join(
            ' ',
            (string[])
                [
                    $"marrow experiment {Quote(Path.GetFileName(request.Recipe.SourcePath))}",
                    .. plan
                        .Methods.SelectMany(m =>
                            ExperimentPlanner.DataNames(request, plan.Runs.First(r => r.Method == m), plan.Stages))
                        .Distinct()
                        .Select(name => $"--data {name}=DIR"),
                    .. Arguments(request, plan),
                ]);

    /// <summary>Returns the arguments of an experiment, except the recipe and the folders.</summary>
    public static IEnumerable<string> Arguments(ExperimentRequest request, ExperimentPlan plan)
    {
        yield return $"--stages {string.Join(',', plan.Stages)}";
        yield return plan.Shares[0].Fraction is null
            ? $"--labels {string.Join(',', plan.Shares.Select(s => FormattableString.Invariant($"{s.Patients}")))}"
            : $"--fractions {string.Join(',', plan.Shares.Select(s => FormattableString.Invariant($"{s.Fraction}")))}";
        yield return $"--starts {Quote(string.Join(',', plan.Starts.Select(s => s.Name)))}";
        yield return $"--methods {string.Join(',', plan.Methods)}";
        yield return FormattableString.Invariant($"--seeds {plan.Seeds.Count}");
        yield return $"--metric {plan.Metric}";
        foreach (var change in request.Recipe.Overrides)
            yield return $"--set {Quote(change)}";
    }

    /// <summary>
    /// Returns the "marrow experiment --folds" command line for a card, which leaves out the user's own folders.
    /// </summary>
    public static string OfFolds(CrossValidationPlan plan) => string.Join(
        ' ',
        (string[])
            [
                $"marrow experiment {Quote(Path.GetFileName(plan.Recipe.SourcePath))}",
                .. plan.Recipe.DataNames.Select(name => $"--data {name}=DIR"),
                FormattableString.Invariant($"--folds {plan.Folds.Count}"),
                .. plan.Recipe.Chosen.Count > 0
                    ? [$"--stages {string.Join(',', plan.Recipe.Chosen)}"]
                    : Array.Empty<string>(),
                .. plan.Recipe.Overrides.Select(change => $"--set {Quote(change)}"),
            ]);

    /// <summary>Returns a "marrow run" command line.</summary>
    /// <param name="data">The folder of each data set, as "NAME=DIR".</param>
    /// <param name="stages">The stages that are carried out; empty for all.</param>
    public static string Run(
        string recipe,
        IEnumerable<string> data,
        IReadOnlyList<string> stages,
        IEnumerable<string> overrides,
        string folders = "") =>
        string.Join(
            ' ',
            (
                (string[])
                    [
                        $"marrow run {Quote(recipe)}",
                        .. data.Select(folder => $"--data {folder}"),
                        stages.Count > 0 ? $"--stages {string.Join(',', stages)}" : "",
                        .. overrides.Select(o => $"--set {Quote(o)}"),
                        folders,
                    ]
            ).Where(part => part.Length > 0));

    private static string Join(
        ExperimentRequest request,
        ExperimentPlan plan,
        ExperimentRun run,
        string recipe,
        Func<string, string> data,
        string folders
    ) =>
        Run(
            recipe,
            ExperimentPlanner.DataNames(request, run, plan.Stages).Select(data),
            plan.Stages,
            request.Recipe.Overrides.Concat(run.Overrides),
            folders);

    /// <summary>Quotes words as a POSIX shell expects them.</summary>
    public static string Quote(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    /// <summary>Quotes one word for a POSIX shell. A plain word stays as it is.</summary>
    public static string Quote(string text) =>
        text.Length > 0
        && text.All(c =>
            char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or '=' or ':' or '@' or ',' or '+' or '%')
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
