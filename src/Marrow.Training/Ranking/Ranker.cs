using System.Diagnostics;
using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Tasks;
using Marrow.Training.Loop;

namespace Marrow.Training.Ranking;

/// <summary>
/// Finds the checkpoint from which a training should start, by measuring the hub's checkpoints on the user's own
/// labelled images, on none of which a candidate was trained. Features are computed once for each candidate and scored
/// by a cross-validated linear probe, which decides the ranking, and by LogME, H-score and GBC, which are experimental.
/// On request the best ones are fine-tuned briefly. Random weights always compete, both from the architecture's own
/// initialisation and with the statistics of the best checkpoint's weights.
/// </summary>
public static class Ranker
{
    private const int FewestFolds = 3, MostFolds = 20; // the penalty is chosen among the other folds
    private const int FewestForAgreement = 3;
    private const string OwnModule = "a module of its maker's own, which only its maker's code can run";
    private const int FewPatients = 30; // a percentile bootstrap of fewer covers less than it says

    /// <summary>The names of the tasks for which starts can be ranked.</summary>
    public static IReadOnlyList<string> Tasks => TaskCatalogue.Names(task => task.Probe is not null);

    /// <summary>
    /// Ranks the candidates. Throws <see cref="MarrowException"/> when the task can't be ranked, when the hub has no
    /// usable checkpoint, and when the data can't be read. Throws <see cref="OperationCanceledException"/> when it is
    /// cancelled.
    /// </summary>
    public static RankResult Rank(
        RankRequest request,
        Action<RunEvent> report,
        CancellationToken cancellation = default)
    {
        Check(request);
        var watch = Stopwatch.StartNew();
        var hub = new LocalHub(request.HubFolder);
        var warnings = new List<string>();
        List<Candidate> candidates;
        RankSamples data;
        var checkpoints = Load(request, hub, warnings, cancellation);
        try
        {
            data = RankSamples.Select(request, hub, checkpoints);
            candidates =
            [
                .. checkpoints.Where(c => !data.LeftOut.Contains(c.Name)).Select(c => Candidate.Of(c, request.Size)),
            ];
        }
        finally
        {
            checkpoints.ForEach(c => c.Dispose());
        }
        if (candidates.Count == 0)
            throw new MarrowException(
                $"{request.DataName}: no checkpoint is left to rank. {string.Join(" ", data.Warnings)}");
        candidates = WithDistinctNames(candidates);
        warnings.AddRange(data.Warnings);
        if (data.Patients < FewPatients)
            warnings.Add(
                $"{data.Patients} patients are few: the intervals are narrower than they should be with fewer than "
                    + $"{FewPatients}."
            );
        var read = new Progress(request.DataName, data.Samples.Count, data.Samples.Count, ProgressUnit.Images);
        report(RunEvent.Of(read, string.Join("; ", data.Notes)));
        var task = new ProbeTask(request.Task, data.Dataset, data.Samples, request.Folds, request.Seed);
        if (task.Unusable.Count > 0)
            warnings.Add(
                $"Not ranked by {string.Join(", ", task.Unusable)}: too few patients have it, or have it not.");

        var extractor = new FeatureExtractor(
            data.Samples,
            Pooling.For(request.Task),
            request.CacheFolder,
            request.Device);
        var scored = candidates
            .Select(c => (Candidate: c, Score: Score(c, extractor, task, report, cancellation)))
            .ToList();
        var architectures = Ordered(scored, task)
            .DistinctBy(s => s.Candidate.Backbone)
            .Select(s => s.Candidate)
            .ToList();
        scored.AddRange(
            architectures
                .SelectMany(best => best.Controls(request.Seed, nameBackbone: architectures.Count > 1))
                .Select(c => (c, Score(c, extractor, task, report, cancellation)))
                .ToList());
        scored = Ordered(scored, task);
        IReadOnlyList<RankedCandidate> ranked = [.. scored.Select(s => s.Score)];
        Compare(ranked, task);
        if (request.FineTune is { } options)
        {
            var size = request.Size
                ?? (
                    scored.First(s => s.Candidate.Kind == CandidateKind.Checkpoint).Candidate.Input is var input
                        ? (input.Width, input.Height)
                        : default);
            var fineTune = new FineTune(request, data, options, size);
            var left = options.Best;
            foreach (var (candidate, score) in scored)
            {
                if (options.All
                    || candidate.Kind == CandidateKind.Random
                    || (candidate.Kind == CandidateKind.Checkpoint && left-- > 0))
                    score.FineTuned = fineTune.Run(candidate, task.Metric, report, cancellation);
            }
        }
        return new(
            data: request.DataName,
            task: request.Task,
            metric: task.Metric,
            images: data.Samples.Count,
            patients: data.Patients,
            folds: request.Folds,
            seed: request.Seed,
            classes: task.Classes,
            candidates: ranked,
            notes: data.Notes,
            warnings: warnings,
            agreement: Agreement(ranked, task.HigherIsBetter),
            recommendation: Recommendation.Of(ranked, task.Metric, (a, b) => task.Difference(a.Statistic, b.Statistic)),
            seconds: watch.Elapsed.TotalSeconds);
    }

    private static void Check(RankRequest request)
    {
        if (request is { FineTune: not null, CacheFolder: null })
            UserCache.Require(UserCache.FineTune, "--cache"); // Said before the hours that come first.
        if (TaskCatalogue.Find(request.Task) is not { } task)
            throw MarrowException.Bad(
                "task",
                SomeText.Either(TaskCatalogue.Names(t => t.Probe is not null)),
                $"\"{request.Task}\"",
                "Correct --task.");
        if (task.Probe is null)
            throw new MarrowException(
                $"{task}: {task.WhyNoProbe}. Starts are ranked for "
                    + $"{SomeText.Either(TaskCatalogue.Names(t => t.Probe is not null))}."
            );
        if (request.Folds is < FewestFolds or > MostFolds)
            throw MarrowException.Bad(
                "folds",
                $"{FewestFolds} to {MostFolds}",
                request.Folds.ToString(CultureInfo.InvariantCulture),
                "Correct --folds.");
    }

    /// <summary>Loads the named checkpoints, which must be usable, or the newest usable one of each name.</summary>
    private static List<Checkpoint> Load(
        RankRequest request,
        LocalHub hub,
        List<string> warnings,
        CancellationToken cancellation)
    {
        var loaded = new List<Checkpoint>();
        try
        {
            foreach (var reference in request.Checkpoints)
            {
                var checkpoint = hub.Resolve(reference, cancellation);
                loaded.Add(checkpoint);
                if (checkpoint.WeightsOnly)
                    throw MarrowException.Bad(
                        reference,
                        "a checkpoint with its input contract",
                        "weights alone",
                        "Import them first, so that it is known what they expect.");
                if (IsCustom(checkpoint))
                    throw MarrowException.Bad(
                        reference,
                        "a checkpoint whose features Marrow can compute",
                        OwnModule,
                        "Name others by --checkpoints.");
            }
            if (request.Checkpoints.Count > 0)
                return loaded;
            foreach (var entry in hub.List().DistinctBy(e => e.Name, StringComparer.Ordinal))
            {
                try
                {
                    var checkpoint = HubDisk.Load(entry.Folder, cancellation);
                    if (!IsCustom(checkpoint))
                    {
                        loaded.Add(checkpoint);
                        continue;
                    }
                    warnings.Add($"{entry.Name}: not ranked. It is {OwnModule}.");
                    checkpoint.Dispose();
                }
                catch (MarrowException e)
                {
                    warnings.Add($"{entry.Name}: not ranked. {e.Message}");
                }
            }
            return loaded.Count > 0
                ? loaded
                : throw MarrowException.Bad(
                    hub.Folder,
                    "a hub with a checkpoint that can be ranked",
                    warnings.Count > 0 ? string.Join(" ", warnings) : "none",
                    "Name another hub with --hub, or train one with marrow run.");
        }
        catch
        {
            loaded.ForEach(c => c.Dispose());
            throw;
        }
    }

    private static bool IsCustom(Checkpoint checkpoint) => checkpoint.Config.IsOwnModule;

    /// <summary>Adds the digest to the names of checkpoints that share one.</summary>
    private static List<Candidate> WithDistinctNames(List<Candidate> candidates)
    {
        var twice = candidates
            .CountBy(c => c.Name)
            .Where(n => n.Value > 1)
            .Select(n => n.Key)
            .ToHashSet(StringComparer.Ordinal);
        return
        [
            .. candidates
                .DistinctBy(c => c.Digest)
                .Select(c =>
                    twice.Contains(c.Name) ? c with { Name = Digest.ShortenReference($"{c.Name}@{c.Digest}") } : c),
        ];
    }

    private static RankedCandidate Score(
        Candidate candidate,
        FeatureExtractor extractor,
        ProbeTask task,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var (features, found) = extractor.Extract(candidate, at => report(RunEvent.Of(at)), cancellation);
        using var _ = features;
        var featureSeconds = watch.Elapsed.TotalSeconds;
        watch.Restart();
        var scores = task.Score(features, cancellation);
        return new(
            name: candidate.Name,
            kind: candidate.Kind,
            digest: candidate.Kind == CandidateKind.Checkpoint ? candidate.Digest : "",
            license: candidate.License,
            backbone: candidate.Backbone,
            width: candidate.Input.Width,
            height: candidate.Input.Height,
            probe: scores.Metrics.First(m => m.Name == task.Metric),
            metrics: scores.Metrics,
            logMe: scores.LogMe,
            hScore: scores.HScore,
            gbc: scores.Gbc,
            featureSeconds: featureSeconds,
            featuresFound: found,
            scoreSeconds: watch.Elapsed.TotalSeconds)
        {
            MatchedTo = candidate.MatchedTo,
            Statistic = scores.Statistic,
        };
    }

    private static List<(Candidate Candidate, RankedCandidate Score)> Ordered(
        List<(Candidate Candidate, RankedCandidate Score)> scored,
        ProbeTask task
    ) =>
        [
            .. scored
                .OrderByDescending(s => task.HigherIsBetter ? s.Score.Probe.Value : -s.Score.Probe.Value)
                .ThenBy(s => s.Candidate.Kind),
        ];

    /// <summary>
    /// Gives each candidate its place and its differences from the first one and from random weights.
    /// </summary>
    private static void Compare(IReadOnlyList<RankedCandidate> ordered, ProbeTask task)
    {
        foreach (var (i, candidate) in ordered.Index())
        {
            candidate.Rank = i + 1;
            candidate.ToBest = i == 0 ? null : task.Difference(candidate.Statistic, ordered[0].Statistic);
            if (candidate.Kind == CandidateKind.Random)
                continue;
            var random = ordered.First(o => o.Kind == CandidateKind.Random && o.Backbone == candidate.Backbone);
            candidate.ToRandom = task.Difference(candidate.Statistic, random.Statistic);
        }
    }

    private static IReadOnlyList<ScoreAgreement> Agreement(IReadOnlyList<RankedCandidate> ranked, bool higherIsBetter)
    {
        var tuned = ranked.Where(c => c.FineTuned is not null).ToList();
        if (tuned.Count < FewestForAgreement)
            return [];
        var sign = higherIsBetter ? 1 : -1;
        double[] results = [.. tuned.Select(c => sign * c.FineTuned!.Mean)];
        (string Name, Func<RankedCandidate, double?> Of)[] scores =
        [
            ("probe", c => sign * c.Probe.Value),
            ("logMe", c => c.LogMe),
            ("hScore", c => c.HScore),
            ("gbc", c => c.Gbc),
        ];
        return
        [
            .. scores
                .Where(s => tuned.All(c => s.Of(c) is not null))
                .Select(s =>
                {
                    double[] values = [.. tuned.Select(c => s.Of(c)!.Value)];
                    return new ScoreAgreement(
                        s.Name,
                        tuned.Count,
                        RankCorrelation.Spearman(values, results),
                        RankCorrelation.PermutationP(values, results, RankCorrelation.Spearman),
                        RankCorrelation.Kendall(values, results),
                        RankCorrelation.PermutationP(values, results, RankCorrelation.Kendall));
                }),
        ];
    }
}
