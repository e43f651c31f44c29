using Marrow.Checkpoints;

namespace Marrow.Tests.Checkpoints;

public class LicensesTests
{
    [Theory]
    [InlineData("Apache-2.0", "LicenseRef-SpineWeb-research", "NonCommercial,NoRedistribution")]
    [InlineData("CC-BY-NC-4.0", "LicenseRef-SpineWeb-research", "NoRedistribution")]
    [InlineData("LicenseRef-CheXpert-research", "LicenseRef-SpineWeb-research", "")]
    [InlineData("LicenseRef-of-our-own", "LicenseRef-SpineWeb-research", "")] // unknown: it allows nothing
    [InlineData("Apache-2.0", "LicenseRef-of-our-own", "NonCommercial,NoRedistribution")]
    [InlineData("Apache-2.0", "CC-BY-4.0", "")]
    [InlineData("MIT", "CC-BY-SA-4.0", "ShareAlike")]
    [InlineData("LicenseRef-SpineWeb-research", "CC-BY-SA-4.0", "ShareAlike")]
    [InlineData("CC-BY-SA-4.0 AND MIT", "CC-BY-SA-4.0", "")]
    [InlineData("CC-BY-NC-4.0", "CC-BY-NC-ND-4.0", "NoDerivatives")]
    [InlineData("Apache-2.0", "MIT AND CC-BY-NC-4.0", "NonCommercial")]
    [InlineData("apache-2.0", "cc-by-4.0", "")] // SPDX: identifiers are told apart regardless of case
    [InlineData("cc-by-sa-4.0", "CC-BY-SA-4.0", "")]
    [InlineData("MIT", "MPL-2.0", "ShareAlike")]
    [InlineData("MIT OR Apache-2.0", "CC-BY-4.0", "")] // no single licence: it allows nothing
    [InlineData("BSD-3-Clause", "LicenseRef-ImageNet-research", "NonCommercial,NoRedistribution")]
    public void A_licence_must_keep_what_its_ancestors_forbid(string license, string ancestor, string terms) =>
        Assert.Equal(
            terms,
            string.Join(
                ',',
                Licenses.FindBreaches(license, [new(LineageKind.Dataset, "data", "", ancestor)]).Select(b => b.Term)));

    [Fact]
    public void A_breach_names_the_ancestor_and_the_term() =>
        Assert.Equal("data set spineweb16 is under LicenseRef-SpineWeb-research, which forbids commercial use",
            Licenses
                .Breaches("MIT", [new(LineageKind.Dataset, "spineweb16", "", "LicenseRef-SpineWeb-research")])[0]
                .ToString());

    [Theory]
    [InlineData("MIT", "MIT (MIT License): may be used and passed on, as its text says")]
    [InlineData(
        "LicenseRef-CheXpert-research",
        "LicenseRef-CheXpert-research (CheXpert, Stanford Dataset Research Use Agreement): no commercial use; no "
            + "redistribution"
    )]
    [InlineData(
        "CC-BY-NC-SA-4.0 AND MIT",
        "CC-BY-NC-SA-4.0 AND MIT (Creative Commons Attribution NonCommercial ShareAlike 4.0; MIT License): no "
            + "commercial use; what is made from it stays under it"
    )]
    [InlineData(
        "LicenseRef-ours",
        "LicenseRef-ours (LicenseRef-ours is not known here and taken to allow nothing): no commercial use; no "
            + "redistribution"
    )]
    public void Terms_are_told_in_words(string license, string words) =>
        Assert.Equal(words, Licenses.Describe(license));

    [Fact]
    public void The_join_of_licences_breaches_none_of_them()
    {
        foreach (var first in Licenses.Known.Keys)
        {
            foreach (var second in Licenses.Known.Keys)
                Assert.Empty(
                    Licenses.Breaches(
                        Licenses.Join([first, second]),
                        [new(LineageKind.Dataset, "a", "", first), new(LineageKind.Checkpoint, "b", "", second)]));
        }
        Assert.Equal("CC-BY-4.0", Licenses.Join(["CC-BY-4.0", "CC0-1.0"]));
        Assert.Equal("CC-BY-4.0", Licenses.Join(["CC0-1.0", "CC-BY-4.0"]));
        Assert.Equal("CC0-1.0", Licenses.Join(["CC0-1.0", "PDDL-1.0"]));
        Assert.Equal("LicenseRef-unknown", Licenses.Join([]));
    }
}
