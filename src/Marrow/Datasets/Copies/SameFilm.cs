using System.Globalization;

namespace Marrow.Datasets.Copies;

/// <summary>Two samples of a data set that show the same film.</summary>
/// <param name="Split">The split of the other sample; null when both are of the one that was checked.</param>
/// <param name="SamePatient">True when the data set gives both to one patient, so that no split divides them.</param>
/// <param name="LabelsDiffer">In which labels they differ, as far as that is easily said; null when in none.</param>
internal sealed record SameFilm(
    string File,
    string Other,
    string? Split,
    double Correlation,
    bool Mirrored,
    bool Inverted,
    bool SamePatient,
    string? LabelsDiffer)
{
    /// <summary>Returns the pairs that a sample of this data set is part of.</summary>
    /// <param name="others">The other splits of the data set.</param>
    public static IReadOnlyList<SameFilm> Of(
        Dataset dataset, IReadOnlyList<(string Split, Dataset Dataset)> others, CopyReport report)
    {
        var own = dataset.Samples.ToLookup(s => s.ImagePath, StringComparer.Ordinal);
        return
        [
            .. from pair in report.Pairs
            from film in own[pair.First]
            from other in own[pair.Second]
            select Pair(film, other, null, pair),
            .. from split in others
            let theirs = split.Dataset.Samples.ToLookup(s => s.ImagePath, StringComparer.Ordinal)
            from pair in report.Pairs
            from both in ((string, string)[])[(pair.First, pair.Second), (pair.Second, pair.First)]
            from film in own[both.Item1]
            from other in theirs[both.Item2]
            select Pair(film, other, split.Split, pair),
        ];

        SameFilm Pair(Sample film, Sample other, string? split, FilmPair pair) => new(
            film.Id, other.Id, split, Math.Round(Math.Abs(pair.Correlation), 3), pair.Mirrored, pair.IsInverted,
            film.OwnPatient == other.OwnPatient, Difference(dataset, film, other));
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"The same film as {Other}{(Split is null ? "" : $" of split {Split}")}, "
            + $"{(SamePatient ? "of the same patient" : "of another patient")} (correlation {Correlation:0.00}"
            + $"{(Mirrored ? ", mirrored" : "")}{(Inverted ? ", inverted" : "")})."
            + $"{(LabelsDiffer is null ? "" : $" Their labels differ: {LabelsDiffer}.")}");

    private static string? Difference(Dataset dataset, Sample a, Sample b)
    {
        var differences = new List<string>();
        if (dataset.ExclusiveClasses)
            differences.AddRange(Classes(dataset.Classes, a.Labels, b.Labels));
        else
            differences.AddRange(Named(dataset.Classes, Doubles(a.Labels), Doubles(b.Labels)));
        differences.AddRange(Named(dataset.NumberNames, a.Numbers, b.Numbers));
        if (a.CobbDegrees.Zip(b.CobbDegrees, (x, y) => Math.Abs(x - y)).DefaultIfEmpty().Max() is > 0 and var degrees)
            differences.Add($"angles by up to {NumberText.Degrees(degrees)}");
        if (a.Boxes is { } boxes && b.Boxes is { } others && boxes.Count != others.Count)
            differences.Add($"{NumberText.Whole(boxes.Count)} and {NumberText.Whole(others.Count)} boxes");
        return differences.Count == 0 ? null : string.Join("; ", differences);

        static List<double> Doubles(IReadOnlyList<float> labels) => [.. labels.Select(label => (double)label)];
    }

    /// <summary>"normal and virus", where each sample has one class.</summary>
    private static IEnumerable<string> Classes(
        IReadOnlyList<string> names, IReadOnlyList<float> a, IReadOnlyList<float> b)
    {
        var (first, second) = (Class(a), Class(b));
        if (first >= 0 && second >= 0 && first != second)
            yield return $"{names[first]} and {names[second]}";

        static int Class(IReadOnlyList<float> labels) => labels.ToList().FindIndex(label => label >= 0.5f);
    }

    /// <summary>What both samples have a value of, where the values differ.</summary>
    private static IEnumerable<string> Named(
        IReadOnlyList<string> names, IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        for (var i = 0; i < Math.Min(names.Count, Math.Min(a.Count, b.Count)); i++)
        {
            if (!double.IsNaN(a[i]) && !double.IsNaN(b[i]) && a[i] != b[i])
                yield return $"{names[i]} {Number(a[i])} and {Number(b[i])}";
        }

        static string Number(double value) => NumberText.Of(value, "0.###");
    }
}
