using Marrow.Spine;

namespace Marrow.Datasets;

/// <summary>
/// Makes samples of spines whose vertebrae are marked: faults of the marks are found and, as asked, repaired. A repair
/// only puts points in another order; it never makes one up.
/// </summary>
internal sealed class SpineSamples
{
    // What the options can be; the first of each without it.
    public static readonly string[] FaultPolicies = ["repair", "drop", "keep"];
    public static readonly string[] Areas = ["vertebrae", "spine"];

    private readonly DatasetRequest _request;
    private readonly string _policy;
    private readonly bool _wholeSpine;
    private readonly List<Sample> _samples = [];

    public SpineSamples(DatasetRequest request)
    {
        _request = request;
        _policy = OptionCheck.OneOf(request, "faults", request.Options.Faults, FaultPolicies);
        _wholeSpine = OptionCheck.OneOf(request, "area", request.Options.Area, Areas) == Areas[1];
    }

    public List<DataFault> Faults { get; } = [];

    /// <summary>
    /// Adds a film, unless its marks have faults that the options do not allow. Its angles are measured again when the
    /// vertebrae were put in order, and when the data set does not tell them.
    /// </summary>
    /// <param name="marked">The film with its vertebrae as the files give them.</param>
    /// <param name="height">The film's height in pixels, on which the angles of the data set's kind depend.</param>
    public void Add(Sample marked, int height)
    {
        var verdict = MarkedSpine.Judge(marked.Vertebrae);
        var usable = _policy == "keep" || verdict.Faults.Count == 0 || (_policy == "repair" && verdict.IsSound);
        var repaired = _policy == "repair" && verdict.IsSound && verdict.Reordered;
        foreach (var (kind, detail) in verdict.Faults)
            Faults.Add(
                new DataFault(
                    kind,
                    marked.Id,
                    detail,
                    !usable ? "dropped"
                        : repaired && kind != MarkedSpine.DiscsMarked ? "repaired"
                        : "kept"));
        if (!usable)
            return;
        var vertebrae = repaired ? verdict.Vertebrae : marked.Vertebrae;
        _samples.Add(marked with
        {
            Vertebrae = vertebrae,
            CobbDegrees = repaired || marked.CobbDegrees.Count == 0
                ? MarkedSpine.Measure(vertebrae, height)
                : marked.CobbDegrees,
            MaskAreas = SpineAreas.Of(vertebrae, _wholeSpine),
        });
    }

    public Dataset ToDataset() => new(
        name: _request.Name,
        format: _request.Format,
        root: _request.Root,
        samples: _samples)
    {
        MaskClasses = [_wholeSpine ? "spine" : "vertebra"],
        Faults = Faults,
    };
}
