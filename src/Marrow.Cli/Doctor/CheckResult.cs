namespace Marrow.Cli.Doctor;

/// <summary>What a check came to. Only a problem keeps Marrow from working.</summary>
internal enum Verdict
{
    /// <summary>Everything is as it should be.</summary>
    Ok,

    /// <summary>Neither good nor bad: something optional, there or not.</summary>
    Info,

    /// <summary>Marrow works, but slower or with less than it could.</summary>
    Warning,

    /// <summary>Marrow, or the part that is named, can't work.</summary>
    Problem,
}

/// <summary>One line of the report.</summary>
/// <param name="Group">The heading it stands under.</param>
/// <param name="Check">What was looked at.</param>
/// <param name="Found">What there is, in words.</param>
/// <param name="Remedy">What to do about it; with every problem and warning.</param>
internal sealed record CheckResult(string Group, string Check, Verdict Verdict, string Found, string? Remedy = null);

/// <summary>All findings; what --json prints.</summary>
internal sealed record Diagnosis(string Marrow, bool Usable, IReadOnlyList<CheckResult> Checks)
{
    /// <summary>Folders of the user are written with ~, so that the report can be shown to anybody.</summary>
    public static Diagnosis Of(string version, IEnumerable<CheckResult> findings, HomeFolder home)
    {
        var shown = findings
            .Select(f => f with { Found = home.Hide(f.Found), Remedy = f.Remedy is null ? null : home.Hide(f.Remedy) })
            .ToList();
        return new(version, shown.All(f => f.Verdict != Verdict.Problem), shown);
    }
}
