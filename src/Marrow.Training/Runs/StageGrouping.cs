using Marrow.Datasets;
using Marrow.Datasets.Copies;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// Says which patients of a stage's data are one. A run that begins looks for copies of films, unless its recipe says
/// otherwise. A stage that goes on has the groups with which it began. A run from before copies were looked for goes on
/// without, in its later stages too: what one stage holds out no other may have seen.
/// </summary>
internal sealed class StageGrouping
{
    private readonly Dictionary<string, PatientGroups> _began = new(StringComparer.Ordinal);
    private readonly bool _isEarlier;

    /// <summary>The grouping of runs that begin.</summary>
    /// <param name="isEarlier">True for data that is to be divided as before copies were looked for.</param>
    public StageGrouping(bool isEarlier = false, FilmWatch watch = default) => (_isEarlier, Watch) = (isEarlier, watch);

    private StageGrouping(Dictionary<string, PatientGroups> began, bool isEarlier, FilmWatch watch)
        : this(isEarlier, watch) => _began = began;

    /// <summary>The grouping of a run, with that of its stages' beginnings if it is resumed.</summary>
    public static StageGrouping Of(RunRequest request, FilmWatch watch)
    {
        var began = new Dictionary<string, PatientGroups>(StringComparer.Ordinal);
        foreach (var stage in request.Resume ? request.Recipe.Stages : [])
        {
            foreach (var one in stage.Each)
            {
                var path = Path.Combine(request.OutFolder, stage.Name, StageSamples.SplitFileOf(stage, one));
                if (File.Exists(path))
                    began[one.Name] = PatientSplit.LoadGroups(path);
            }
        }
        return new(began, request.DividesByPatientAlone || began.Values.Any(groups => groups.IsEarlier), watch);
    }

    /// <summary>Is told how far the comparison of films is.</summary>
    public FilmWatch Watch { get; }

    /// <summary>Returns the patients of a stage's data who are one.</summary>
    public PatientGroups Of(Stage stage, Dataset dataset) =>
        _began.TryGetValue(stage.Name, out var groups) ? groups
        : _isEarlier || stage.Data.Copies == CopyPolicy.Ignore ? PatientGroups.Own
        : PatientGroups.ByCopies(dataset, Watch);
}
