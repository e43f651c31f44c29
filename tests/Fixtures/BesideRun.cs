using System.Globalization;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Phantoms;

namespace Marrow.Tests;

/// <summary>
/// The films of a <see cref="SpineRun"/> and, beside them, films of which only the boxes of vertebrae are known.
/// </summary>
internal sealed class BesideRun : SmallRun
{
    private const int Boxed = 16;

    private readonly SpineRun _spines;

    public BesideRun(string train = "steps: 6, batch: 3, lr: 1.0e-3, ema: 0.9, clipNorm: 10, saveEverySeconds: 0")
    {
        _spines = new(
            "detect-vertebrae",
            "retinanet-densenet-mini",
            train,
            "detector: {pyramidChannels: 16, headConvolutions: 1}",
            "augment: {rotationDegrees: 15}",
            "beside:",
            "  - name: clinic",
            "    task: detect",
            "    batch: 2",
            "    weight: 0.5",
            "    augment: {rotationDegrees: 2}",
            "    data: {name: boxed, format: csv, csv: boxes.csv, kind: boxes, boxClass: vertebra, validation: 0.2, "
                + "license: CC-BY-NC-4.0}");
        BoxedData = Path.Combine(Folder, "boxed");
        PhantomWriter.WriteSpine(
            BoxedData, Boxed, 77, new PhantomOptions { Width = 64, Height = 160, RepeatedFilms = 0 });
        File.Delete(Path.Combine(BoxedData, DatasetTerms.FileName)); // the recipe says the licence
        var films = DatasetCatalogue.Open(new() { Name = "boxed", Format = "spineweb16", Root = BoxedData }).Samples;
        File.WriteAllLines(
            Path.Combine(BoxedData, "boxes.csv"),
            [
                "path,patient,x1,y1,x2,y2",
                .. films.SelectMany(film => film.Vertebrae.Select(v =>
                {
                    Point2D[] corners = [v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight];
                    return string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Path.GetRelativePath(BoxedData, film.ImagePath)},{film.Patient},{corners.Min(c => c.X):F2},"
                            + $"{corners.Min(c => c.Y):F2},{corners.Max(c => c.X):F2},{corners.Max(c => c.Y):F2}");
                })),
            ]);
    }

    public string BoxedData { get; }
    public override string Folder => _spines.Folder;
    public override string Data => _spines.Data;
    public override string RecipePath => _spines.RecipePath;
    public override string DataName => _spines.DataName;
    public override string Stage => _spines.Stage;
    public override string Checkpoint => _spines.Checkpoint;

    public override IReadOnlyDictionary<string, string> DataFolders =>
        new Dictionary<string, string> { [DataName] = Data, ["boxed"] = BoxedData };
}
