using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Prediction;

namespace Marrow.Benchmarks;

/// <summary>Checkpoints that measure spines together, and films of their data set.</summary>
internal sealed class SpineFilms : IDisposable
{
    private const int UsualFilms = 24;

    public const string Options = """
          --data      the folder of the data set that the first checkpoint was trained on
          --films     the most films, evenly spread; default 24
          --threads   of libtorch; default: its own choice
        """;

    private SpineFilms(IReadOnlyList<Checkpoint> checkpoints, PredictorSet predictor, IReadOnlyList<Sample> films) =>
        (Checkpoints, Predictor, Films) = ([.. checkpoints.Select(c => $"{c.Name}@{c.Digest}")], predictor, films);

    public IReadOnlyList<string> Checkpoints { get; }

    public PredictorSet Predictor { get; }

    public IReadOnlyList<Sample> Films { get; }

    /// <param name="split">
    /// Which films: held out by all checkpoints that were trained on that data, or, where it does not matter whether
    /// they have been seen, all.
    /// </param>
    public static SpineFilms Open(TableArguments arguments, EvaluationSplit split)
    {
        var hub = new LocalHub(arguments.Hub);
        var checkpoints = new List<Checkpoint>();
        try
        {
            checkpoints.AddRange(arguments.Names.Select(hub.Resolve));
            // One that was trained on other data has seen none of these films.
            var name = DataOf(checkpoints[0]);
            var chosen = checkpoints
                .Where(c => DataOf(c) == name)
                .Select(c => EvaluationSamples.Select(c, name, arguments.Data, split).Samples)
                .ToList();
            var films = chosen[0]
                .Where(s => chosen.All(others => others.Any(other => other.Id == s.Id)))
                .ToList();
            return new(
                checkpoints,
                PredictorSet.Open(hub, arguments.Names),
                EvenSpread.Of(films, arguments.Number("--films", UsualFilms)));
        }
        finally
        {
            checkpoints.ForEach(c => c.Dispose());
        }
    }

    private static string DataOf(Checkpoint checkpoint) =>
        checkpoint.Parents.Datasets.First(d => d.Use is not null).Name;

    public void Dispose() => Predictor.Dispose();
}
