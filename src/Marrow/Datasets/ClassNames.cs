using System.Globalization;
namespace Marrow.Datasets;

/// <summary>
/// Reads the classes that a column names. It reports texts that can't be classes, such as identifiers, numbers and
/// lists.
/// </summary>
internal static class ClassNames
{
    /// <summary>
    /// The most classes that a column may have. More distinct texts are identifiers or numbers, not classes.
    /// </summary>
    public const int Most = 1000;

    public const string FewFault = "few-per-class", SimilarFault = "similar-classes";

    // Under so many images a class there is nothing to learn and to measure; so many classes of that kind are none.
    private const int FewestImages = 4, MostUsual = 4, MostRare = 10;

    /// <summary>
    /// In alphabetical order, from all rows, so that every split has the same ones. Throws
    /// <see cref="MarrowException"/> for fewer than two, and for so many that they are hardly classes, unless kind says
    /// that they are.
    /// </summary>
    public static string[] Of(DatasetRequest request, CsvTable table, int column, List<DataFault> faults)
    {
        var cells = table.Rows.Select(row => row.Fields[column]).Where(cell => cell.Length > 0).ToList();
        string[] classes = [.. cells.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var name = SomeText.Quote(table.Header[column]);
        if (classes.Length is < 2 or > Most)
            throw MarrowException.Bad(
                table.Path,
                $"2 to {Most} classes in column {name}",
                $"{classes.Length}",
                "Check the column; numbers are of kind \"numbers\", several findings in one cell are separated by |.");
        NoteSimilar(table, classes, faults);
        if (classes.Length <= MostUsual || classes.Length * FewestImages <= cells.Count)
            return classes;
        if (classes.Length > MostRare && request.Options.Kind is null)
            throw MarrowException.Bad(
                table.Path,
                $"{FewestImages} images or more of each class in column {name}",
                $"{classes.Length} classes in {cells.Count} rows",
                "Check the column: numbers are of kind \"numbers\", several findings in one cell are separated by |. "
                    + "Set kind: classes where they are classes all the same."
            );
        faults.Add(
            new DataFault(
                FewFault,
                Path.GetFileName(table.Path),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{classes.Length} classes in {cells.Count} rows of column {name}: too few images of each to "
                        + $"learn and measure them."
                )));
        return classes;
    }

    /// <summary>
    /// Notes names that differ only by case or spaces, since they are probably meant to be one class.
    /// </summary>
    public static void NoteSimilar(CsvTable table, IReadOnlyList<string> names, List<DataFault> faults)
    {
        foreach (
            var same in names
                .GroupBy(n => string.Concat(n.Where(c => !char.IsWhiteSpace(c))), StringComparer.OrdinalIgnoreCase)
                .Where(g => g.Count() > 1))
            faults.Add(
                new DataFault(
                    SimilarFault,
                    Path.GetFileName(table.Path),
                    $"{string.Join(" and ", same.Select(SomeText.Quote))} are different names."));
    }
}
