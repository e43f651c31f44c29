using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marrow.Datasets;
using Marrow.Tasks;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Training.Experiments;

/// <summary>
/// Turns a request into its plan. Labels are read, subsets are drawn and starts are loaded before the first run, so
/// that every fault is found by then.
/// </summary>
internal static class ExperimentPlanner
{
    private const int MostSeeds = 100, MostRuns = 10_000;

    /// <summary>
    /// Plans the experiment without writing anything. Throws <see cref="MarrowException"/> for every fault that a run
    /// would meet.
    /// </summary>
    public static ExperimentPlan Plan(ExperimentRequest request)
    {
        var source = request.Recipe;
        var recipe = source.Only(request.Stages.Count > 0 ? request.Stages : [source.Stages[^1].Name]);
        OneTask.Require(recipe);
        var last = recipe.Stages[^1];
        var missing = recipe
            .Stages.SelectMany(s => s.Each)
            .Select(one => one.Data.Name)
            .Distinct()
            .Where(name => !request.DataFolders.ContainsKey(name))
            .ToList();
        if (missing.Count > 0)
            throw new MarrowException(
                $"{source.SourcePath}: no folder for '{string.Join("', '", missing)}'. Give each with --data NAME=DIR."
            );
        if (request.Seeds is < 1 or > MostSeeds)
            throw new MarrowException($"An experiment has 1 to {MostSeeds} seeds, found {request.Seeds}.");
        var metric = Metric(request, last);
        var unlimited = recipe.Stages.Select(s => s with { Data = s.Data with { Limit = 0, Fraction = 1 } }).ToList();
        var looksForCopies = new ExperimentFolder(request.OutFolder).LooksForCopies;
        var grouping = new StageGrouping(isEarlier: !looksForCopies);
        var whole = unlimited
            .Select(s => StageSamples.Read(recipe, s, request.DataFolders[s.Data.Name], grouping: grouping))
            .ToList();
        if (whole[^1].HeldOut.Count == 0)
            throw new MarrowException(
                $"{source.SourcePath}: stage {last.Name} holds nothing out, so that nothing can be measured. Set "
                    + $"heldOut above 0."
            );

        var shares = Shares(request, whole);
        var seeds = Enumerable.Range(0, request.Seeds).Select(i => source.Seed + (ulong)i).ToList();
        var starts = ExperimentStarts.Find(
            request,
            recipe.Stages[0],
            whole[0].Dataset,
            whole[^1].Dataset,
            out var warnings);
        var methods = Methods(request, recipe);
        var steps = unlimited.Select((s, i) => Steps(s, whole[i].Training.Count)).ToList();
        warnings = [.. warnings, .. recipe.Stages.SelectMany((s, i) => Warnings(s, steps[i]))];
        var writer = new ExperimentOverrides(recipe, steps);
        var runs = new List<ExperimentRun>();
        foreach (var seed in seeds)
            foreach (var share in shares)
                foreach (var start in starts)
                    foreach (var method in methods)
                        runs.Add(
                            new(
                                runs.Count,
                                RunName(starts, start, method, share, seed),
                                start.Name,
                                method,
                                share,
                                seed,
                                writer.Of(start, method, share, seed, source.SplitSeed)));
        foreach (var method in methods)
            RequireData(request, runs.First(r => r.Method == method), recipe.Chosen, whole);
        if (runs.Count > MostRuns)
            throw new MarrowException(
                $"An experiment has at most {MostRuns} runs, found {runs.Count}. Ask for fewer fractions, starts, "
                    + $"methods or seeds."
            );
        return new(
            name: source.Name,
            stages: [.. recipe.Stages.Select(s => s.Name)],
            task: last.Task,
            metric: metric,
            starts: starts,
            methods: methods,
            shares: shares,
            seeds: seeds,
            runs: runs,
            subsets:
            [
                .. from share in shares
                from seed in seeds
                select Subset(request, runs.First(r => r.Share == share && r.Seed == seed), recipe.Chosen, whole),
            ],
            trainingPatients: PatientSplit.CountPatients(whole[^1].TrainingPart),
            heldOutPatients: PatientSplit.CountPatients(whole[^1].HeldOut),
            heldOutImages: whole[^1].HeldOut.Count,
            heldOutDigest: HeldOutDigest(whole[^1]),
            steps: steps,
            warnings: warnings)
        {
            LooksForCopies = looksForCopies,
        };
    }

    /// <summary>Returns the recipe of one run.</summary>
    public static Recipe RecipeOf(ExperimentRequest request, ExperimentRun run, IReadOnlyList<string> stages) =>
        RecipeOf(request, run.Overrides, stages);

    public static Recipe RecipeOf(
        ExperimentRequest request, IReadOnlyList<string> overrides, IReadOnlyList<string> stages) =>
        RecipeReader
            .Parse(request.Recipe.SourceText, request.Recipe.SourcePath, [.. request.Recipe.Overrides, .. overrides])
            .Only(stages);

    /// <summary>
    /// Returns the names for --data that such a run reads. A run without a method does not need the method's unlabelled
    /// images.
    /// </summary>
    public static IReadOnlyList<string> DataNames(
        ExperimentRequest request,
        ExperimentRun run,
        IReadOnlyList<string> stages
    ) => RecipeOf(request, run, stages).DataNames;

    public static string HeldOutDigest(StageSamples samples) => DigestOf(samples.HeldOut);

    /// <summary>Returns a digest of the samples' ids, whatever their order.</summary>
    public static string DigestOf(IEnumerable<Sample> samples) =>
        Convert.ToHexStringLower(
            SHA256.HashData(
                Encoding.UTF8.GetBytes(string.Join('\n', samples.Select(s => s.Id).Order(StringComparer.Ordinal)))));

    private static void RequireData(
        ExperimentRequest request,
        ExperimentRun run,
        IReadOnlyList<string> stages,
        List<StageSamples> whole)
    {
        var recipe = RecipeOf(request, run, stages);
        if (recipe.DataNames.FirstOrDefault(name => !request.DataFolders.ContainsKey(name)) is { } missing)
            throw new MarrowException(
                $"{request.Recipe.SourcePath}: no folder for '{missing}', which method {run.Method} needs. Give it "
                    + $"with --data {missing}=DIR, or leave the method out by --methods."
            );
        foreach (var (stage, all) in recipe.Stages.Zip(whole).Where(s => s.First.Unlabeled is not null))
            UnlabeledSamples.Read(
                stage,
                request.DataFolders[stage.Unlabeled!.Name],
                StageSamples.Of(recipe, stage, all.Dataset, all.Groups),
                request.DataFolders[stage.Data.Name]);
    }

    private static string Metric(ExperimentRequest request, Stage last)
    {
        var metrics = TaskCatalogue.Get(last.Task).Metrics;
        var metric = request.Metric ?? last.Train.Metric;
        return metrics.Contains(metric)
            ? metric
            : throw new MarrowException(
                $"An experiment of task {last.Task} can measure {string.Join(", ", metrics)}; found '{metric}'.");
    }

    private static List<ExperimentShare> Shares(ExperimentRequest request, List<StageSamples> whole)
    {
        if (request.Fractions.Count > 0 == request.Patients.Count > 0)
            throw new MarrowException(
                request.Fractions.Count > 0
                    ? "An experiment has fractions or numbers of patients, not both. Remove one of them."
                    : "An experiment needs amounts of labels: give fractions, as 0.1,0.3,1, or numbers of patients.");
        var patients = PatientSplit.CountPatients(whole[^1].TrainingPart);
        foreach (var fraction in request.Fractions.Where(f => !(f is >= 0.0001 and <= 1)))
            throw new MarrowException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"A fraction of the labels is a number from 0.0001 to 1, found {fraction}."));
        foreach (var count in request.Patients.Where(p => p < 1 || p > patients))
            throw new MarrowException(
                $"{whole[^1].Dataset.Root}: the training part has {patients} patients with labels, found {count}. Ask "
                    + $"for 1 to {patients}."
            );
        List<ExperimentShare> shares =
            request.Fractions.Count > 0
                ?
                [
                    .. request
                        .Fractions.Distinct()
                        .Order()
                        .Select(f => new ExperimentShare(LabelSubset.Count(f, patients), f)),
                ]
                : [.. request.Patients.Distinct().Order().Select(p => new ExperimentShare(p))];
        if (shares.GroupBy(s => s.Patients).FirstOrDefault(g => g.Count() > 1) is { } same)
            throw new MarrowException(
                $"{string.Join(" and ", same)} of {patients} patients are the same {same.Key}. Remove one of them.");
        return shares;
    }

    private static List<string> Methods(ExperimentRequest request, Recipe recipe)
    {
        List<string> known =
        [
            ExperimentOverrides.Supervised,
            .. ExperimentOverrides.Sections.Where(section =>
                recipe.Stages.Any(s => RecipeKeys.Of(recipe, s.Name).Contains(section))),
        ];
        if (request.Methods.Count == 0)
            return known;
        return request.Methods.FirstOrDefault(m => !known.Contains(m)) is { } unknown
            ? throw new MarrowException(
                $"{recipe.SourcePath}: no method '{unknown}'. The stages have {string.Join(", ", known)}; a section "
                    + $"{unknown}: in one of them makes it one."
            )
            : [.. known.Where(request.Methods.Contains)];
    }

    /// <summary>Returns the number of steps that training on all labels would take.</summary>
    internal static int Steps(Stage stage, int images)
    {
        var perEpoch = Math.Max(1, images / stage.Train.Batch / stage.Train.Accumulate);
        var byEpochs = stage.Train.Epochs == 0 ? long.MaxValue : (long)stage.Train.Epochs * perEpoch;
        return (int)Math.Min(byEpochs, stage.Train.Steps == 0 ? int.MaxValue : stage.Train.Steps);
    }

    private static IEnumerable<string> Warnings(Stage stage, int steps)
    {
        if (stage.Train.Epochs > 0)
            yield return $"{stage.Name}: {stage.Train.Epochs} epochs of all labels are {steps} steps; every run takes "
                + $"as many";
        if (stage.Data.Limit > 0 || stage.Data.Fraction < 1)
            yield return $"{stage.Name}: the recipe's own limit or fraction is left out: amounts of labels are shares "
                + $"of all";
        if (stage.Data.Validation > 0)
            yield return $"{stage.Name}: a validation part chooses the weights, by labels that few-label runs would "
                + $"not have. For a clean experiment: --set {stage.Name}.data.validation=0";
        if (stage.Train.Patience > 0)
            yield return $"{stage.Name}: patience may end runs early, so that not all take the same number of steps. "
                + $"For a clean experiment: --set {stage.Name}.patience=0";
        if (stage.Train.Schedule == ScheduleKind.Step)
            yield return $"{stage.Name}: schedule: step counts epochs, which are shorter with few labels. For a clean "
                + $"experiment: --set {stage.Name}.schedule=cosine";
    }

    private static ExperimentSubset Subset(
        ExperimentRequest request,
        ExperimentRun run,
        IReadOnlyList<string> stages,
        List<StageSamples> whole)
    {
        var recipe = RecipeOf(request, run, stages);
        StageSamples? samples = null;
        foreach (var (stage, all) in recipe.Stages.Zip(whole))
        {
            try
            {
                samples = StageSamples.Of(recipe, stage, all.Dataset, all.Groups);
            }
            catch (MarrowException e)
            {
                throw new MarrowException($"{run.Share}, seed {run.Seed}: {e.Message}", e);
            }
        }
        var classes = samples!.Dataset.Classes;
        return new(run.Share, run.Seed, PatientSplit.CountPatients(samples.Training), samples.Training.Count,
            TaskCatalogue.Get(recipe.Stages[^1].Task).HasUncertainLabels
                ? classes.Index().ToDictionary(c => c.Item, c => samples.Training.Count(s => s.Labels[c.Index] >= 0.5f))
                : new Dictionary<string, int>());
    }

    private static string RunName(
        IReadOnlyList<ExperimentStart> starts,
        ExperimentStart start,
        string method,
        ExperimentShare share,
        ulong seed
    ) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{ExperimentOverrides.Slug(starts, start)}.{method}.{share.Slug}.s{seed}");
}
