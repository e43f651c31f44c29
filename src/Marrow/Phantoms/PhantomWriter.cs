using System.Globalization;
using System.Text;
using System.Text.Json;
using Marrow.Imaging;

namespace Marrow.Phantoms;

/// <summary>
/// Folders of phantoms in the layouts of the real sets, so that the same readers, checks and recipes serve both:
/// SpineWeb data set 16 (Wu et al. 2017) and CheXpert (Irvin et al. 2019). Images are made in parallel, each from its
/// own stream of random numbers; the labels are written last.
/// </summary>
internal static class PhantomWriter
{
    private const int PersonStream = 4, LabelStream = 5, PlanStream = 6; // 1 to 3 are the generator's

    /// <summary>
    /// Writes <c>data/training/*.jpg</c> and <c>labels/training/{filenames,landmarks,angles}.csv</c>,
    /// and <c>dataset.json</c> with licence and origin. Films of one
    /// patient share the number before the letters in their names. Throws <see cref="MarrowException"/> for options
    /// out of range and where the folder can't be written.
    /// </summary>
    public static void WriteSpine(
        string folder,
        int count,
        ulong seed,
        PhantomOptions? options = null,
        CancellationToken cancel = default)
    {
        options ??= new();
        options.Validate(count);
        var plan = PlanFilms(count, seed, options.RepeatedFilms);
        var rows = new (string Name, string Landmarks, string Angles)[count];
        Parallel.For(
            0,
            count,
            new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount },
            i =>
            {
                var (patient, film) = plan[i];
                var name = string.Create(
                    CultureInfo.InvariantCulture,
                    $"phantom-1th-01-Jan-2026-{patient + 1} {(char)('A' + film)} AP.jpg");
                var phantom = PhantomGenerator.Spine(seed, patient, film, options);
                ImageWriter.WriteJpeg(
                    Path.Combine(folder, "data", "training", name),
                    phantom.Width,
                    phantom.Height,
                    phantom.Pixels,
                    options.JpegQuality);
                var corners = phantom
                    .Vertebrae.SelectMany(v => (Point2D[])[v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight])
                    .ToArray();
                var shares = corners.Select(p => p.X / phantom.Width).Concat(corners.Select(p => p.Y / phantom.Height));
                rows[i] = (name, Join(shares, "0.#######"), Join(phantom.Cobb.Degrees, "0.####"));
            }
        );
        var labels = Path.Combine(folder, "labels", "training");
        WriteLines(Path.Combine(labels, "landmarks.csv"), rows.Select(r => r.Landmarks));
        WriteLines(Path.Combine(labels, "angles.csv"), rows.Select(r => r.Angles));
        WriteLines(Path.Combine(labels, "filenames.csv"), rows.Select(r => r.Name));
        WriteTerms(folder);
    }

    /// <summary>
    /// Writes <c>train/patientNNNNN/studyN/view1_frontal.jpg</c>, the same under <c>valid</c>, and <c>train.csv</c> and
    /// <c>valid.csv</c> with paths below <c>CheXpert-v1.0-small/</c>. Patients are in one part only. Throws
    /// <see cref="MarrowException"/> for options out of range and where the folder can't be written.
    /// </summary>
    public static void WriteChest(
        string folder,
        int count,
        ulong seed,
        PhantomOptions? options = null,
        CancellationToken cancel = default)
    {
        options ??= new();
        options.Validate(count);
        var plan = PlanFilms(count, seed, 0.25);
        var patients = plan[^1].Patient + 1;
        var firstValid = patients - (int)Math.Round(patients * options.ValidationShare);
        var rows = new (bool Valid, string Text)[count];
        Parallel.For(
            0,
            count,
            new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount },
            i =>
            {
                var (patient, study) = plan[i];
                var valid = patient >= firstValid;
                var path = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(valid ? "valid" : "train")}/patient{patient + 1:00000}/study{study + 1}/view1_frontal.jpg");
                var phantom = PhantomGenerator.Chest(seed, patient, study, options);
                ImageWriter.WriteJpeg(
                    Path.Combine(folder, path),
                    phantom.Width,
                    phantom.Height,
                    phantom.Pixels,
                    options.JpegQuality);
                var person = SeededRandom.Fork(seed, PersonStream, patient);
                var (sex, age) = (person.Chance(0.5) ? "Female" : "Male", 18 + person.Next(70));
                var random = SeededRandom.Fork(seed, LabelStream, patient, study);
                var labels = ChestFindings.Label(phantom.Findings, valid, random);
                rows[i] = (
                    valid,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"CheXpert-v1.0-small/{path},{sex},{age},Frontal,AP,{string.Join(',', labels)}"));
            }
        );
        var header = $"Path,Sex,Age,Frontal/Lateral,AP/PA,{string.Join(',', ChestFindings.Names)}";
        foreach (var (file, valid) in ((string, bool)[])[("valid.csv", true), ("train.csv", false)])
            WriteLines(
                Path.Combine(folder, file),
                rows.Where(r => r.Valid == valid).Select(r => r.Text).Prepend(header));
        WriteTerms(folder);
    }

    /// <summary>
    /// Without it a reader would take phantoms for the data set whose layout they have, with its licence.
    /// </summary>
    internal static void WriteTerms(string folder) =>
        AtomicFile.WriteText(
            Path.Combine(folder, "dataset.json"),
            JsonSerializer.Serialize(
                new
                {
                    license = "CC0-1.0",
                    citation = "Synthetic radiographs made by Marrow's phantom generator; they show no patient.",
                },
                MarrowJson.Options));

    /// <summary>
    /// For each image its patient and which of that patient's films it is; at most five films a patient.
    /// </summary>
    internal static (int Patient, int Film)[] PlanFilms(int count, ulong seed, double repeated)
    {
        var random = SeededRandom.Fork(seed, PlanStream);
        var plan = new (int Patient, int Film)[count];
        for (var i = 1; i < count; i++)
        {
            var (patient, film) = plan[i - 1];
            plan[i] = random.Chance(repeated) && film < 4 ? (patient, film + 1) : (patient + 1, 0);
        }
        return plan;
    }

    private static string Join(IEnumerable<double> values, string format) =>
        string.Join(',', values.Select(v => v.ToString(format, CultureInfo.InvariantCulture)));

    internal static void WriteLines(string path, IEnumerable<string> lines)
    {
        var text = new StringBuilder();
        foreach (var line in lines)
            text.Append(line).Append('\n');
        AtomicFile.WriteText(path, text.ToString());
    }
}
