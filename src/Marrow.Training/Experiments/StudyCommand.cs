namespace Marrow.Training.Experiments;

/// <summary>The commands that repeat a study, or a run of it.</summary>
internal static class StudyCommand
{
    /// <summary>To be typed: with the folders as they were given.</summary>
    public static string ToRepeat(StudyRequest request, StudyPlan plan, StudyRun run) => Join(request, plan, run, request.Recipe.SourcePath, name => Quote($"{name}={request.DataFolders[name]}"),
        $"--out {Quote(Path.Combine("runs", run.Name))} --hub {Quote(request.HubFolder)}");

    /// <summary>As a checkpoint's card tells it: folders are the user's own business.</summary>
    public static string OfCard(StudyRequest request, StudyPlan plan, StudyRun run) =>
        Join(request, plan, run, Path.GetFileName(request.Recipe.SourcePath), name => $"{name}=DIR", "");

    /// <summary>The "marrow study" of a card: folders are the user's own business.</summary>
    public static string OfStudy(StudyRequest request, StudyPlan plan) => string.Join(' ', (string[])
    [
        $"marrow study {Quote(Path.GetFileName(request.Recipe.SourcePath))}",
        .. plan.Methods.SelectMany(m => StudyPlanner.DataNames(request, plan.Runs.First(r => r.Method == m), plan.Stages)).Distinct().Select(name => $"--data {name}=DIR"),
        .. Arguments(request, plan),
    ]);

    /// <summary>What a study is asked for, but for the recipe and the folders.</summary>
    public static IEnumerable<string> Arguments(StudyRequest request, StudyPlan plan)
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

    private static string Join(StudyRequest request, StudyPlan plan, StudyRun run, string recipe, Func<string, string> data, string folders) => string.Join(' ', ((string[])
    [
        $"marrow run {Quote(recipe)}",
        .. StudyPlanner.DataNames(request, run, plan.Stages).Select(name => $"--data {data(name)}"),
        $"--stages {string.Join(',', plan.Stages)}",
        .. request.Recipe.Overrides.Concat(run.Overrides).Select(o => $"--set {Quote(o)}"),
        folders,
    ]).Where(part => part.Length > 0));

    /// <summary>For a POSIX shell; what is plain stays as it is.</summary>
    public static string Quote(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or '=' or ':' or '@' or ',' or '+' or '%')
        ? text
        : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
