namespace Marrow.Datasets.Copies;

/// <summary>Says by what the samples of a data set are kept together when they are divided.</summary>
internal enum GroupRule
{
    /// <summary>By the data set's own patients. So all data was divided before copies were looked for.</summary>
    Patients,

    /// <summary>By patients, of whom those are one who have copies of the same film.</summary>
    PatientsAndCopies,
}

/// <summary>
/// The patients of a data set who are taken for one, since each has a copy of a film of another of them. All of them
/// get the ordinally smallest of their names, so that whatever divides samples by patient keeps a film and its copies
/// together.
/// </summary>
internal sealed record PatientGroups
{
    /// <summary>The data set's own patients.</summary>
    public static PatientGroups Own { get; } = new();

    public GroupRule Rule { get; init; } = GroupRule.Patients;

    /// <summary>True for groups of a time when copies were not looked for at all.</summary>
    public bool IsEarlier { get; init; }

    /// <summary>The names of patients who are one, in ordinal order; their common name is the first.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Joined { get; init; } = [];

    /// <summary>The pairs by which patients were joined; null where they were joined before.</summary>
    public CopyReport? Found { get; private init; }

    /// <summary>Compares the films of a data set and joins the patients who share one.</summary>
    public static PatientGroups ByCopies(Dataset dataset, FilmWatch watch = default) =>
        Join(dataset.Samples, FilmCopies.Within(dataset.Root, dataset.Samples.Select(s => s.ImagePath), watch));

    /// <summary>Joins the patients of the samples whose films are pairs.</summary>
    public static PatientGroups Join(IReadOnlyList<Sample> samples, CopyReport report)
    {
        var name = new Dictionary<string, string>(StringComparer.Ordinal); // patient -> a smaller one of his group
        var patients = samples.ToLookup(s => s.ImagePath, s => s.OwnPatient, StringComparer.Ordinal);
        foreach (var file in patients)
            foreach (var patient in file)
                Union(file.First(), patient);
        foreach (var pair in report.Pairs)
            Union(patients[pair.First].First(), patients[pair.Second].First());
        return new()
        {
            Rule = GroupRule.PatientsAndCopies,
            Found = report,
            Joined =
            [
                .. name.Keys.GroupBy(Least, StringComparer.Ordinal)
                    .Where(group => group.Count() > 1)
                    .OrderBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group => group.Order(StringComparer.Ordinal).ToArray()),
            ],
        };

        string Least(string patient)
        {
            while (name.TryGetValue(patient, out var smaller) && smaller != patient)
                patient = smaller;
            return patient;
        }

        void Union(string a, string b)
        {
            name.TryAdd(a, a);
            name.TryAdd(b, b);
            (a, b) = (Least(a), Least(b));
            if (string.CompareOrdinal(a, b) > 0)
                (a, b) = (b, a);
            name[b] = a;
        }
    }

    /// <summary>Returns the samples with the names of the joined patients.</summary>
    public IReadOnlyList<Sample> Join(IReadOnlyList<Sample> samples)
    {
        if (Joined.Count == 0)
            return samples;
        var name = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in Joined)
            foreach (var patient in group)
                name[patient] = group[0];
        return
        [
            .. samples.Select(sample =>
                name.TryGetValue(sample.OwnPatient, out var common) ? sample with { Patient = common } : sample),
        ];
    }

    public Dataset Join(Dataset dataset) => dataset with { Samples = Join(dataset.Samples) };

    /// <summary>
    /// "24 pairs of films are copies of each other; 27 patients are joined to 13": for the log of a run; "" where
    /// nothing is joined by rule.
    /// </summary>
    public override string ToString()
    {
        if (Rule == GroupRule.Patients)
            return "";
        var joined = Joined.Count == 0
            ? "no patients are joined"
            : $"{NumberText.Grouped(Joined.Sum(group => group.Count))} patients are joined to "
                + NumberText.Grouped(Joined.Count);
        if (Found is not { } found)
            return $"{joined}, as the run began";
        var pairs = found.Search == CopySearch.None ? "" : found.Pairs.Count switch
        {
            0 => "no film is a copy of another; ",
            1 => "1 pair of films shows the same film; ",
            var count => $"{NumberText.Grouped(count)} pairs of films show the same film; ",
        };
        return $"{pairs}{joined}{(found.Remark.Length == 0 ? "" : $" ({found.Remark})")}";
    }
}
