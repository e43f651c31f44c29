namespace Marrow.Checkpoints;

/// <summary>The restrictions of a licence that decide under which licence a descendant may be distributed.</summary>
[Flags]
public enum LicenseRestrictions
{
    None = 0,

    /// <summary>The licence allows no commercial use.</summary>
    NonCommercial = 1,

    /// <summary>The licence does not allow distribution to others.</summary>
    NoRedistribution = 2,

    /// <summary>Whatever is made from the licensed work must keep the same licence.</summary>
    ShareAlike = 4,

    /// <summary>Whatever is made from the licensed work may not be distributed under another licence.</summary>
    NoDerivatives = 8,
}

/// <param name="Id">The SPDX identifier, or LicenseRef-... for the agreement of a data set.</param>
internal sealed record LicenseTerms(string Id, string Name, LicenseRestrictions Restrictions);

/// <summary>Describes the restrictions of licences in words.</summary>
internal static class LicenseWords
{
    private static readonly (LicenseRestrictions Term, string OfAnother, string Own)[] Words =
    [
        (LicenseRestrictions.NonCommercial, "forbids commercial use", "no commercial use"),
        (LicenseRestrictions.NoRedistribution, "forbids redistribution", "no redistribution"),
        (
            LicenseRestrictions.ShareAlike,
            "demands that what is made from it stays under it",
            "what is made from it stays under it"),
        (
            LicenseRestrictions.NoDerivatives,
            "forbids other terms for what is made from it",
            "what is made from it is not passed on under other terms"),
    ];

    /// <summary>Describes a restriction of an ancestor's licence, such as "forbids commercial use".</summary>
    internal static string OfAnother(LicenseRestrictions term) => Array.Find(Words, w => w.Term == term).OfAnother
        ?? throw new ArgumentOutOfRangeException(nameof(term), term, "No single term.");

    /// <summary>Describes all restrictions of a licence, such as "no commercial use; ...".</summary>
    internal static string Own(LicenseRestrictions restrictions) => restrictions == LicenseRestrictions.None
        ? "may be used and passed on, as its text says"
        : string.Join("; ", Words.Where(w => restrictions.HasFlag(w.Term)).Select(w => w.Own));
}

/// <summary>A term of an ancestor that a licence does not keep.</summary>
/// <param name="Ancestor">The ancestor, such as "data set spineweb16" or "checkpoint densenet121.chexpert".</param>
internal sealed record LicenseBreach(string Ancestor, string AncestorLicense, LicenseRestrictions Term)
{
    public override string ToString() => $"{Ancestor} is under {AncestorLicense}, which {LicenseWords.OfAnother(Term)}";
}

/// <summary>
/// The licences of weights and data, by SPDX identifier (spdx.org/licenses) or, for the agreements of data sets, by
/// LicenseRef. A licence is one identifier or several joined by " AND " (SPDX, annex D), and then all of them apply.
/// Identifiers are compared regardless of case, as SPDX demands. An unknown licence is taken to forbid both commercial
/// use and redistribution.
/// </summary>
public static class Licenses
{
    /// <summary>The identifier of terms that nobody has stated.</summary>
    public const string Unknown = "LicenseRef-unknown";
    private const string And = " AND ";
    private const LicenseRestrictions AgreementOnly =
        LicenseRestrictions.NonCommercial | LicenseRestrictions.NoRedistribution;
    private static readonly LicenseRestrictions[] Each =
    [
        .. Enum.GetValues<LicenseRestrictions>().Where(r => r != LicenseRestrictions.None),
    ];

    // They ask for nothing, not even that the makers are named.
    private static readonly HashSet<string> Dedications =
        new(StringComparer.OrdinalIgnoreCase) { "CC0-1.0", "PDDL-1.0", "Unlicense" };

    // The agreements, as their makers publish them: CheXpert and MURA come under Stanford's Dataset Research Use
    // Agreement (research, no commercial use, no copies to others); ImageNet's terms of access (non-commercial research
    // and education; access for colleagues who accept the terms first); SpineWeb gives data to registered researchers
    // and states no licence that would allow more.
    internal static IReadOnlyDictionary<string, LicenseTerms> Known { get; } =
        new LicenseTerms[]
        {
            new("Apache-2.0", "Apache License 2.0", LicenseRestrictions.None),
            new("BSD-2-Clause", "BSD 2-Clause License", LicenseRestrictions.None),
            new("BSD-3-Clause", "BSD 3-Clause License", LicenseRestrictions.None),
            new("CC0-1.0", "Creative Commons Zero 1.0", LicenseRestrictions.None),
            new("CC-BY-3.0", "Creative Commons Attribution 3.0", LicenseRestrictions.None),
            new("CC-BY-4.0", "Creative Commons Attribution 4.0", LicenseRestrictions.None),
            new("CC-BY-SA-3.0", "Creative Commons Attribution ShareAlike 3.0", LicenseRestrictions.ShareAlike),
            new("CC-BY-SA-4.0", "Creative Commons Attribution ShareAlike 4.0", LicenseRestrictions.ShareAlike),
            new("CC-BY-NC-4.0", "Creative Commons Attribution NonCommercial 4.0", LicenseRestrictions.NonCommercial),
            new(
                "CC-BY-NC-SA-4.0",
                "Creative Commons Attribution NonCommercial ShareAlike 4.0",
                LicenseRestrictions.NonCommercial | LicenseRestrictions.ShareAlike),
            new("CC-BY-ND-4.0", "Creative Commons Attribution NoDerivatives 4.0", LicenseRestrictions.NoDerivatives),
            new(
                "CC-BY-NC-ND-4.0",
                "Creative Commons Attribution NonCommercial NoDerivatives 4.0",
                LicenseRestrictions.NonCommercial | LicenseRestrictions.NoDerivatives),
            new("GPL-3.0-only", "GNU General Public License 3.0", LicenseRestrictions.ShareAlike),
            new("GPL-3.0-or-later", "GNU General Public License 3.0 or later", LicenseRestrictions.ShareAlike),
            new("AGPL-3.0-only", "GNU Affero General Public License 3.0", LicenseRestrictions.ShareAlike),
            new("AGPL-3.0-or-later", "GNU Affero General Public License 3.0 or later", LicenseRestrictions.ShareAlike),
            new("MIT", "MIT License", LicenseRestrictions.None),
            // of the changed file: weights are one
            new("MPL-2.0", "Mozilla Public License 2.0", LicenseRestrictions.ShareAlike),
            new("ODbL-1.0", "Open Data Commons Open Database License 1.0", LicenseRestrictions.ShareAlike),
            new("PDDL-1.0", "Open Data Commons Public Domain Dedication 1.0", LicenseRestrictions.None),
            new("ODC-By-1.0", "Open Data Commons Attribution 1.0", LicenseRestrictions.None),
            new("Unlicense", "The Unlicense", LicenseRestrictions.None),
            new("LicenseRef-CheXpert-research", "CheXpert, Stanford Dataset Research Use Agreement", AgreementOnly),
            new("LicenseRef-MURA-research", "MURA, Stanford Dataset Research Use Agreement", AgreementOnly),
            new("LicenseRef-SpineWeb-research", "SpineWeb data, for research after registration", AgreementOnly),
            new("LicenseRef-ImageNet-research", "ImageNet terms of access", AgreementOnly),
            new(Unknown, "terms that nobody has stated", AgreementOnly),
        }.ToDictionary(t => t.Id, StringComparer.OrdinalIgnoreCase);

    /// <summary>Returns the restrictions of all identifiers of the licence together.</summary>
    public static LicenseRestrictions RestrictionsOf(string license) =>
        IdsOf(license)
            .Select(id => Known.TryGetValue(id, out var terms) ? terms.Restrictions : AgreementOnly)
            .Aggregate(LicenseRestrictions.None, (a, b) => a | b);

    /// <summary>
    /// Returns the ancestors' licence terms that <paramref name="license"/> does not keep, each in words: "data set
    /// chests is under CC-BY-NC-4.0, which forbids commercial use". The licence must forbid what they forbid, and must
    /// name those that demand to be kept. Empty when all terms are kept.
    /// </summary>
    public static IReadOnlyList<string> Breaches(string license, IEnumerable<LicensedAncestor> ancestors) =>
        [.. FindBreaches(license, ancestors).Select(b => b.ToString())];

    /// <summary>
    /// Returns the terms that the licence does not keep, as <see cref="Breaches"/> does, but as separate values.
    /// </summary>
    internal static IReadOnlyList<LicenseBreach> FindBreaches(string license, IEnumerable<LicensedAncestor> ancestors)
    {
        var (own, ids) = (RestrictionsOf(license), IdsOf(license).ToHashSet(StringComparer.OrdinalIgnoreCase));
        return [.. ancestors.SelectMany(a => IdsOf(a.License).SelectMany(id => Each
            .Where(term => RestrictionsOf(id).HasFlag(term) && !Keeps(term, id))
            .Select(term => new LicenseBreach(a.Label, id, term))))];

        bool Keeps(LicenseRestrictions term, string id) =>
            term is LicenseRestrictions.ShareAlike or LicenseRestrictions.NoDerivatives
                ? ids.Contains(id)
                : own.HasFlag(term);
    }

    /// <summary>
    /// Returns the licence of what is made from works under all these licences: the restricting ones joined by AND.
    /// When none restricts, the first one that wants its makers named; a dedication to the public only when all are.
    /// </summary>
    public static string Join(IEnumerable<string> licenses)
    {
        var ids = licenses.SelectMany(IdsOf).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var restricting = ids.Where(id => RestrictionsOf(id) != LicenseRestrictions.None).ToList();
        return restricting.Count > 0
            ? string.Join(And, restricting)
            : ids.Find(id => !Dedications.Contains(id)) ?? ids.FirstOrDefault() ?? Unknown;
    }

    /// <summary>
    /// Returns the licence with its full name and its restrictions, such as "CC-BY-NC-4.0 (Creative Commons Attribution
    /// NonCommercial 4.0): no commercial use".
    /// </summary>
    public static string Describe(string license)
    {
        var names = IdsOf(license)
            .Select(id =>
                Known.TryGetValue(id, out var terms) ? terms.Name : $"{id} is not known here and taken to allow nothing"
            );
        return $"{license} ({string.Join("; ", names)}): {LicenseWords.Own(RestrictionsOf(license))}";
    }

    /// <summary>Counts the identifiers that a licence joins, without splitting the text.</summary>
    internal static int PartsOf(string license)
    {
        var parts = 1;
        for (
            var at = license.IndexOf(And, StringComparison.Ordinal);
            at >= 0;
            at = license.IndexOf(And, at + And.Length, StringComparison.Ordinal))
            parts++;
        return parts;
    }

    /// <summary>Returns the identifiers that a licence joins by AND.</summary>
    public static IReadOnlyList<string> IdsOf(string license) =>
        license.Split(And, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
