using System.Text;
using Marrow.Datasets;
using Marrow.Imaging;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Hostile;

public sealed class HostileCsvTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public HostileCsvTests() => WriteImage(_folder["a.png"], 1);

    public void Dispose() => _folder.Dispose();

    private Dataset Open(byte[] csv, DatasetOptions? options = null)
    {
        File.WriteAllBytes(_folder["labels.csv"], csv);
        return DatasetCatalogue.Open(Request("csv", _folder.Path, options));
    }

    private string Refused(string csv, DatasetOptions? options = null) =>
        Assert.Throws<MarrowException>(() => Open(Encoding.UTF8.GetBytes(csv), options)).Message;

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("images/../../x.png")]
    [InlineData("C:\\\\windows\\\\win.ini")]
    [InlineData("C:/x.png")]
    [InlineData("..\\\\x.png")]
    [InlineData("a.png:stream")]
    [InlineData("\\\\\\\\server\\\\share\\\\x.png")]
    [InlineData("a//b.png")]
    [InlineData("images/")]
    [InlineData("")]
    [InlineData("a\u0001.png")]
    public void A_path_that_leaves_the_folder_is_refused(string path)
    {
        var message = Refused($"path,label\n{path},x\na.png,y\n");
        Assert.Contains("labels.csv, line 2, column \"path\"", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Path_rules_hold_for_every_format()
    {
        WriteSpineWeb(_folder.Path, ("x-1 A AP.png", MakeSpine()));
        WriteText(_folder["labels/training/filenames.csv"], "../../../etc/passwd");
        Assert.Contains(
            "filenames.csv, line 1",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("spineweb16", _folder.Path))).Message,
            StringComparison.Ordinal);

        WriteText(
            _folder["train.csv"],
            "Path,Sex,Age,Frontal/Lateral,AP/PA," + string.Join(',', CheXpert.Findings),
            "CheXpert-v1.0-small/../../patient1/x.jpg,F,1,Frontal,AP,,,,,,,,,,,,,,");
        Assert.Contains(
            "train.csv, line 2",
            Assert
                .Throws<MarrowException>(() =>
                    DatasetCatalogue.Open(Request("chexpert", _folder.Path, new() { Blank = "zeros" })))
                .Message,
            StringComparison.Ordinal);

        WriteText(_folder["train_image_paths.csv"], "/MURA-v1.1/train/XR_HAND/patient00002/study1_negative/image1.png");
        WriteText(_folder["train_labeled_studies.csv"], "MURA-v1.1/train/XR_HAND/patient00002/study1_negative/,0");
        Assert.Contains(
            "train_image_paths.csv, line 1",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("mura", _folder.Path))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Encodings_are_known_by_their_mark_or_refused()
    {
        WriteImage(_folder["b.png"], 2);
        const string csv = "path,label\na.png,größe\nb.png,x\n";
        Assert.Equal("größe", Open(Encoding.UTF8.GetBytes(csv)).Classes[0]);
        foreach (var encoding in (Encoding[])[new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode])
            Assert.Equal(2, Open([.. encoding.GetPreamble(), .. encoding.GetBytes(csv)]).Samples.Count);

        Assert.Contains(
            "UTF-8",
            Assert.Throws<MarrowException>(() => Open(Encoding.Latin1.GetBytes(csv))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "UTF-8",
            Assert.Throws<MarrowException>(() => Open(Encoding.Unicode.GetBytes(csv))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_columns_are_named_with_those_that_are_there()
    {
        Assert.Contains("fileColumn", Refused("image_name,label\na.png,x\n"), StringComparison.Ordinal);
        Assert.Contains("the columns path, diagnosis", Refused("path,diagnosis\na.png,x\n"), StringComparison.Ordinal);
        Assert.Contains(
            "a column \"subject_id\"",
            Refused("path,label\na.png,x\n", new() { PatientColumn = "subject_id" }),
            StringComparison.Ordinal);
        Assert.Contains("\"label\" twice", Refused("path,label,LABEL\na.png,x,y\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1,5")]
    [InlineData("2")]
    [InlineData("-2")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e999")]
    [InlineData("yes")]
    [InlineData("0x1")]
    public void A_bad_number_is_named_with_its_place(string cell)
    {
        var message = Refused($"path,edema\na.png,\"{cell}\"\n", new() { LabelColumns = ["edema"], Kind = "findings" });
        Assert.Contains("line 2, column \"edema\"", message, StringComparison.Ordinal);
        Assert.Contains($"\"{cell}\"", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_unequal_length_bad_quotes_and_huge_fields_are_refused()
    {
        Assert.Contains("line 3", Refused("path,label\na.png,x\nb.png,x,y\n"), StringComparison.Ordinal);
        Assert.Contains("line 2", Refused("path,label\n\"a.png,x\nb.png,y\n"), StringComparison.Ordinal);
        Assert.Contains("line 2", Refused("path,label\na\"b.png,x\n"), StringComparison.Ordinal);
        Refused("path,label\n\"" + new string('x', 3 << 20) + "\",x\n");
        Refused("path,label\n" + new string('x', 100_000) + ",x\n");
        Refused("");
        Refused("path,label\n");
        Refused("\n\n\n");
    }

    [Fact]
    public void Quoted_fields_keep_their_commas()
    {
        WriteImage(_folder["a, b.png"], 2);
        var data = Open("path,label\n\"a, b.png\",\"said \"\"no\"\"\"\na.png,x\n"u8.ToArray());
        Assert.Equal(["said \"no\"", "x"], data.Classes);
        Assert.Equal("a, b.png", data.Samples[0].Id);
    }

    [Fact]
    public void Absent_folders_and_files_are_named()
    {
        Assert.Contains(
            "no file of that name",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("csv", _folder.Path))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "nothing",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("csv", _folder["none"]))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "found a file",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("csv", _folder["a.png"]))).Message,
            StringComparison.Ordinal);
        Assert.Contains("missing-image", Refused("path,label\nx.png,x\ny.png,y\n"), StringComparison.Ordinal);
        Directory.CreateDirectory(_folder["empty"]);
        Assert.Contains(
            "no image",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("images", _folder["empty"]))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("-0.2")]
    [InlineData("x")]
    [InlineData("")]
    public void Landmarks_outside_of_the_image_are_refused(string cell)
    {
        WriteSpineWeb(_folder.Path, ("x-1 A AP.png", MakeSpine()));
        var cells = Landmarks(MakeSpine()).Split(',');
        cells[70] = cell;
        WriteText(_folder["labels/training/landmarks.csv"], string.Join(',', cells));
        Assert.Contains(
            "landmarks.csv, line 1, column 71",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("spineweb16", _folder.Path))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Landmark_files_that_do_not_belong_together_are_refused()
    {
        WriteSpineWeb(_folder.Path, ("x-1 A AP.png", MakeSpine()), ("x-2 A AP.png", MakeSpine(0.2)));
        WriteText(_folder["labels/training/landmarks.csv"], Landmarks(MakeSpine()));
        Assert.Contains(
            "2 rows as in filenames.csv, found 1",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("spineweb16", _folder.Path))).Message,
            StringComparison.Ordinal);
        WriteText(_folder["labels/training/landmarks.csv"], "0.1,0.2", "0.1,0.2");
        Assert.Contains(
            "136 columns",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("spineweb16", _folder.Path))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Coinciding_corners_break_neither_reading_nor_the_check()
    {
        var flat = MakeSpine()
            .Select(v => new Marrow.Spine.Vertebra(v.TopLeft, v.TopLeft, v.TopLeft, v.TopLeft))
            .ToArray();
        WriteSpineWeb(_folder.Path, ("x-1 A AP.png", MakeSpine()), ("x-2 A AP.png", MakeSpine()));
        WriteText(_folder["labels/training/landmarks.csv"], Landmarks(flat), Landmarks(MakeSpine()));
        File.Delete(_folder["labels/training/angles.csv"]);
        foreach (var faults in (string[])["repair", "drop", "keep"])
            DatasetCatalogue.Open(Request("spineweb16", _folder.Path, new() { Faults = faults }));
        Assert.Contains("absurd-shape", DataCheck.Run(Request("spineweb16", _folder.Path)).FaultCounts.Keys);
    }

    [Fact]
    public void A_mutated_csv_is_refused_or_read_but_never_breaks_the_reader()
    {
        var whole = "path,patient,label\na.png,p1,x\n\"a.png\",p2,y\nb.png,,\"z, z\"\n"u8.ToArray();
        var random = new SeededRandom(3);
        byte[] alphabet = [.. ",\"\n\r\0./\\x1-"u8, 0xFF, 0xC3];
        for (var round = 0; round < 2000; round++)
        {
            var bytes = whole.ToList();
            for (var k = random.Next(5); k >= 0; k--)
            {
                var at = random.Next(bytes.Count);
                if (random.Next(3) == 0)
                    bytes.RemoveAt(at);
                else
                    bytes.Insert(at, alphabet[random.Next(alphabet.Length)]);
            }
            try
            {
                Assert.All(Open([.. bytes]).Samples, s => Assert.Equal("a.png", s.Id));
            }
            catch (MarrowException)
            {
                // Refused: that is the answer.
            }
        }
    }

    [Fact]
    public void Terms_that_are_no_json_are_refused()
    {
        WriteText(_folder[DatasetTerms.FileName], "{ license: ");
        Assert.Contains(
            DatasetTerms.FileName,
            Refused("path,label\na.png,x\n,y\n".Replace("\n,y", "\nb.png,y", StringComparison.Ordinal)),
            StringComparison.Ordinal);
    }
}
