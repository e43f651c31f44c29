using Marrow.Datasets;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

public sealed class CheXpertTests : IDisposable
{
    private const int Edema = 5, Atelectasis = 8;
    private readonly TemporaryFolder _folder = new();

    public CheXpertTests()
    {
        // Edema and Atelectasis are the 6th and 9th finding.
        WriteText(_folder["train.csv"], Header,
            Row("train/patient00001/study1/view1_frontal.jpg", "Frontal", "-1.0", "1.0"),
            Row("train/patient00001/study1/view2_lateral.jpg", "Lateral", "-1.0", "1.0"),
            Row("train/patient00002/study1/view1_frontal.jpg", "Frontal", "", "-1.0"),
            Row("train/patient00003/study2/view1_frontal.jpg", "Frontal", "0.0", "0.0"));
        foreach (var patient in (int[])[1, 2, 3])
            WriteImage(_folder[$"train/patient0000{patient}/study{(patient == 3 ? 2 : 1)}/view1_frontal.jpg"], patient);
        WriteImage(_folder["train/patient00001/study1/view2_lateral.jpg"], 4);
    }

    private static string Header => "Path,Sex,Age,Frontal/Lateral,AP/PA," + string.Join(',', CheXpert.Findings);

    private static string Row(string path, string view, string edema, string atelectasis) =>
        $"CheXpert-v1.0-small/{path},Female,68,{view},AP,,,,,,{edema},,,{atelectasis},,,,,";

    public void Dispose() => _folder.Dispose();

    private Dataset Open(string edema, string blank = "zeros", string? view = null, string? softLabels = null) =>
        DatasetCatalogue.Open(
            Request(
                "chexpert",
                _folder.Path,
                new()
                {
                    Blank = blank,
                    View = view,
                    SoftLabels = softLabels,
                    Uncertain = new Dictionary<string, string> { ["Edema"] = edema },
                }
            ));

    [Fact]
    public void Paths_patients_and_studies_come_from_the_csv()
    {
        var data = Open("ones");
        Assert.Equal(["patient00001", "patient00002", "patient00003"], data.Samples.Select(s => s.Patient));
        Assert.Equal("train/patient00003/study2", data.Samples[2].Study);
        Assert.Equal(CheXpert.Findings, data.Classes);
        Assert.Equal(("LicenseRef-CheXpert-research", "v1.0-small"), (data.License, data.Version));
        Assert.Empty(data.Faults);
    }

    [Fact]
    public void Data_in_its_layout_under_other_terms_is_no_release_of_it()
    {
        new DatasetTerms("CC0-1.0").Write(_folder.Path);
        Assert.Equal(("CC0-1.0", ""), (Open("ones").License, Open("ones").Version));
    }

    [Theory]
    [InlineData("zeros", 0f)]
    [InlineData("ones", 1f)]
    [InlineData("ignore", float.NaN)]
    [InlineData("self-trained", float.NaN)]
    public void Uncertain_is_read_by_the_policy_of_its_finding(string policy, float expected)
    {
        var data = Open(policy);
        Assert.Equal(expected, data.Samples[0].Labels[Edema]);
        Assert.Equal(float.NaN, data.Samples[1].Labels[Atelectasis]); // "ignore" for a finding without a policy.
        Assert.Equal(1f, data.Samples[0].Labels[Atelectasis]);
        Assert.Equal(0f, data.Samples[2].Labels[Edema]);
    }

    [Fact]
    public void Smoothed_labels_lie_in_their_range_and_stay_the_same_for_an_image()
    {
        var drawn = Open("ones 0.55-0.85").Samples[0].Labels[Edema];
        Assert.InRange(drawn, 0.55f, 0.85f);
        Assert.Equal(drawn, Open("ones 0.55-0.85").Samples[0].Labels[Edema]);
        Assert.NotEqual(drawn, Open("ones 0.55-0.85", view: "all").Samples[1].Labels[Edema]);
    }

    [Fact]
    public void Multi_class_findings_get_two_classes_more()
    {
        var data = Open("multi-class", blank: "masked");
        Assert.Equal(["Edema:negative", "Edema:uncertain"], data.Classes.Skip(14));
        Assert.Equal([new ThreeClassFinding(Edema, 14, 15)], data.ThreeClassFindings);
        float[] Of(int sample) =>
            [data.Samples[sample].Labels[Edema], data.Samples[sample].Labels[14], data.Samples[sample].Labels[15]];
        Assert.Equal([0f, 0f, 1f], Of(0));
        Assert.Equal([float.NaN, float.NaN, float.NaN], Of(1)); // Blank, masked.
        Assert.Equal([0f, 1f, 0f], Of(2));
    }

    [Fact]
    public void Self_trained_labels_replace_the_uncertain_ones_only()
    {
        var values = string.Join(',', CheXpert.Findings.Select((_, i) => $"0.{i + 10}"));
        WriteText(_folder["soft.csv"], "path," + string.Join(',', CheXpert.Findings),
            $"train/patient00001/study1/view1_frontal.jpg,{values}",
            $"train/patient00003/study2/view1_frontal.jpg,{values}");
        var data = Open("self-trained", softLabels: "soft.csv");
        Assert.Equal(0.15f, data.Samples[0].Labels[Edema]);
        Assert.Equal(0f, data.Samples[2].Labels[Edema]);
    }

    [Fact]
    public void Blank_is_read_as_it_is_told_and_must_be_told()
    {
        Assert.Equal(0f, Open("ones", "zeros").Samples[1].Labels[Edema]);
        Assert.Equal(float.NaN, Open("ones", "masked").Samples[1].Labels[Edema]);
        var error = Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("chexpert", _folder.Path)));
        Assert.Contains("option blank", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_view_is_chosen()
    {
        Assert.Equal(3, Open("ones").Samples.Count);
        Assert.Equal(
            "train/patient00001/study1/view2_lateral.jpg",
            Assert.Single(Open("ones", view: "lateral").Samples).Id);
        Assert.Equal(4, Open("ones", view: "all").Samples.Count);
    }

    [Theory]
    [InlineData("one")]
    [InlineData("ones 0.9-0.5")]
    [InlineData("ones 0.5-1.5")]
    [InlineData("ones a-b")]
    [InlineData("multi-class 0-1")]
    public void An_unknown_policy_is_refused_with_the_known_ones(string policy) =>
        Assert.Contains(
            "self-trained",
            Assert.Throws<MarrowException>(() => Open(policy)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void An_unknown_finding_or_an_option_of_another_format_is_refused()
    {
        var typo = Request(
            "chexpert",
            _folder.Path,
            new()
            {
                Blank = "zeros",
                Uncertain = new Dictionary<string, string> { ["Oedema"] = "ones" },
            }
        );
        Assert.Contains(
            "Oedema",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(typo)).Message,
            StringComparison.Ordinal);
        var foreign = Request("chexpert", _folder.Path, new() { Blank = "zeros", Area = "spine" });
        Assert.Contains(
            "area",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(foreign)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "chexpert, coco, csv",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("padchest", _folder.Path))).Message,
            StringComparison.Ordinal);
    }
}
