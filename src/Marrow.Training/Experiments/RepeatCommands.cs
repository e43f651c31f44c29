namespace Marrow.Training.Experiments;

/// <summary>The commands that repeat an experiment, or a run of it.</summary>
internal static class RepeatCommands
{
    /// <summary>To be typed: with the folders as they were given.</summary>
    public static string ToRepeat(ExperimentRequest request, ExperimentPlan plan, ExperimentRun run) =>
        Join(
            request,
            plan,
            run,
            request.Recipe.SourcePath,
            name => Quote($"{name}={request.DataFolders[name]}"),
            $"--out {Quote(Path.Combine("runs", run.Name))} --hub {Quote(request.HubFolder)}");

    /// <summary>As a checkpoint's card tells it: folders are the user's own business.</summary>
    public static string OfCard(ExperimentRequest request, ExperimentPlan plan, ExperimentRun run) =>
        Join(request, plan, run, Path.GetFileName(request.Recipe.SourcePath), name => $"{name}=DIR", "");

    /// <summary>The "marrow experiment" of a card: folders are the user's own business.</summary>
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

    /// <summary>What an experiment is asked for, but for the recipe and the folders.</summary>
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

    private static string Join(
        ExperimentRequest request,
        ExperimentPlan plan,
        ExperimentRun run,
        string recipe,
        Func<string, string> data,
        string folders
    ) =>
        string.Join(
            ' ',
            (
                (string[])
                    [
                        $"marrow run {Quote(recipe)}",
                        .. ExperimentPlanner
                            .DataNames(request, run, plan.Stages)
                            .Select(name => $"--data {data(name)}"),
                        $"--stages {string.Join(',', plan.Stages)}",
                        .. request.Recipe.Overrides.Concat(run.Overrides).Select(o => $"--set {Quote(o)}"),
                        folders,
                    ]
            ).Where(part => part.Length > 0));

    /// <summary>Words as a POSIX shell takes them.</summary>
    public static string Quote(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    /// <summary>For a POSIX shell; what is plain stays as it is.</summary>
    public static string Quote(string text) =>
        text.Length > 0
        && text.All(c =>
            char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or '=' or ':' or '@' or ',' or '+' or '%')
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
