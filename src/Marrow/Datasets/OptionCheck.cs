namespace Marrow.Datasets;

/// <summary>Refuses options that a format does not know, and values that an option does not have.</summary>
internal static class OptionCheck
{
    private static readonly (string Name, Func<DatasetOptions, bool> IsGiven)[] Options =
    [
        ("split", o => o.Split is not null),
        ("uncertain", o => o.Uncertain.Count > 0),
        ("blank", o => o.Blank is not null),
        ("softLabels", o => o.SoftLabels is not null),
        ("view", o => o.View is not null),
        ("faults", o => o.Faults is not null),
        ("landmarks", o => o.Landmarks is not null),
        ("csv", o => o.Csv is not null),
        ("fileColumn", o => o.FileColumn is not null),
        ("patientColumn", o => o.PatientColumn is not null),
        ("partColumn", o => o.PartColumn is not null),
        ("partCsv", o => o.PartCsv is not null),
        ("labelColumns", o => o.LabelColumns.Count > 0),
        ("kind", o => o.Kind is not null),
        ("units", o => o.Units.Count > 0),
        ("mirrorPairs", o => o.MirrorPairs is not null),
        ("coordinates", o => o.Coordinates is not null),
        ("mmPerPixel", o => o.MmPerPixel is not null),
        ("unlisted", o => o.Unlisted is not null),
        ("boxClass", o => o.BoxClass is not null),
        ("annotations", o => o.Annotations is not null),
        ("imageFolder", o => o.ImageFolder is not null),
        ("area", o => o.Area is not null),
        ("maskColumn", o => o.MaskColumn is not null),
        ("masks", o => o.Masks is not null),
        ("maskClasses", o => o.MaskClasses.Count > 0),
    ];

    /// <summary>
    /// Throws <see cref="MarrowException"/> when an option outside <paramref name="known"/> is given. What the films
    /// show may be said of every format, though it selects films of MURA alone.
    /// </summary>
    public static void Only(DatasetRequest request, params string[] known)
    {
        foreach (var (name, isGiven) in Options)
        {
            if (isGiven(request.Options) && !known.Contains(name))
                throw MarrowException.Bad(
                    $"{request.Name}: option {name}",
                    known.Length == 0
                        ? $"none for format {request.Format}"
                        : $"one that format {request.Format} knows ({string.Join(", ", known)})",
                    name,
                    "Remove it.");
        }
    }

    /// <summary>Throws <see cref="MarrowException"/> when a list has the same name twice.</summary>
    public static void Distinct(DatasetRequest request, string option, IReadOnlyList<string> names)
    {
        if (
            names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1) is
            { } twice)
            throw MarrowException.Bad(
                $"{request.Name}: option {option}",
                "each name once",
                $"{SomeText.Quote(twice.Key)} twice",
                "Remove one of them.");
    }

    /// <summary>
    /// Returns the value, or the first of <paramref name="known"/> when it is null. Throws
    /// <see cref="MarrowException"/> for any other value.
    /// </summary>
    public static string OneOf(DatasetRequest request, string option, string? value, params string[] known)
    {
        if (value is null)
            return known[0];
        return known.Contains(value)
            ? value
            : throw MarrowException.Bad(
                $"{request.Name}: option {option}",
                $"one of {string.Join(", ", known)}",
                $"\"{value}\"",
                "Correct it.");
    }
}
