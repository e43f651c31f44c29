using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Marrow.Datasets.Copies;
using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// Checks every row and every image of a data set, on all processor cores. It finds rows that can't be read, images
/// that are missing, damaged, of a wrong size, blank or duplicated, films that it has twice, and patients, images or
/// films that other splits of the data set share.
/// </summary>
public static class DataCheck
{
    private const int PartsOfARun = 3;
    private const string ImageLeakage = "image-leakage";

    /// <summary>
    /// Checks a data set. Throws <see cref="MarrowException"/> only when there is nothing to check: no folder, no label
    /// file or no image.
    /// </summary>
    /// <param name="progress">Called from any thread after each image.</param>
    public static DataReport Run(
        DatasetRequest request, Action<Progress>? progress = null, CancellationToken cancellation = default)
    {
        request = request.WithBadRows();
        var dataset = DatasetCatalogue.Open(request);
        var faults = new List<DataFault>(dataset.Faults);
        int? reproduced = null;
        if (request.Format == "spineweb16")
        {
            // Its readers drop what they can't repair; a check looks at all.
            dataset = DatasetCatalogue.Open(request.With(request.Options with { Faults = "keep" }));
            reproduced = SpineWeb16Check.Run(request, faults);
        }

        var others = OtherSplits(request).ToArray();
        var total = dataset.Samples.Count + others.Sum(o => o.Dataset.Samples.Count);
        var done = 0;
        void Step() =>
            progress?.Invoke(new(request.Name, Interlocked.Increment(ref done), total, ProgressUnit.Images));
        var contents = Decode(dataset, faults, Step, cancellation);
        AddDuplicates(contents, faults);
        foreach (var (split, other) in others)
            AddLeakage(dataset, contents, split, other, Decode(other, [], Step, cancellation), faults);
        AddLeakageWithin(request, contents, faults);
        var films = FilmCopies.Within(
            request.Root,
            others.Select(o => o.Dataset).Prepend(dataset).SelectMany(d => d.Samples).Select(s => s.ImagePath),
            new(progress, cancellation));
        var sameFilms = SameFilm.Of(dataset, others, films);
        AddSameFilms(sameFilms, contents, faults);
        AddLacks(dataset, faults);

        return new DataReport(
            name: request.Name,
            format: request.Format,
            root: request.Root,
            license: dataset.License,
            samples: dataset.Samples.Count,
            imagesReadable: contents.Count,
            patients: PatientSplit.CountPatients(dataset.Samples),
            classes: dataset.Classes.Count == 0
                ? new Dictionary<string, ClassCount>()
                : dataset.Layout.Reported.ToDictionary(c => dataset.Classes[c], c => Count(dataset, c)),
            faultCounts: faults.CountBy(f => f.Kind).OrderBy(k => k.Key, StringComparer.Ordinal).ToDictionary(),
            faults: [.. faults.OrderBy(f => f.File, StringComparer.Ordinal).ThenBy(f => f.Kind, StringComparer.Ordinal)]
        )
        {
            Numbers = dataset
                .NumberNames.Select((name, i) => (name, Summary: Summarize(dataset, i)))
                .ToDictionary(n => n.name, n => n.Summary),
            Points = dataset
                .PointNames.Select((name, i) => (name, Count: dataset.Samples.Count(s => !double.IsNaN(s.Points[i].X))))
                .ToDictionary(p => p.name, p => p.Count),
            Boxes = dataset
                .BoxClasses.Select(
                    (name, k) => (name, Count: dataset.Samples.Sum(s => s.Boxes?.Count(b => b.Class == k) ?? 0)))
                .ToDictionary(b => b.name, b => b.Count),
            WithoutBoxes = dataset.BoxClasses.Count > 0 ? dataset.Samples.Count(s => s.Boxes is { Count: 0 }) : null,
            Masks =
                dataset.MaskClasses.Count > 0 && dataset.Samples.All(s => s.MaskAreas.Count == 0)
                    ? dataset.Samples.Count(s => s.MaskPath is not null)
                    : null,
            Spines = dataset.Samples.Any(s => s.Vertebrae.Count > 0)
                ? dataset.Samples.Count(s => s.Vertebrae.Count > 0)
                : null,
            SameFilms = sameFilms,
            Notes = [.. dataset.Notes, .. films.Remark.Length > 0 ? [films.Remark] : (string[])[]],
            AnglesReproduced = reproduced,
        };
    }

    private static ClassCount Count(Dataset dataset, int index)
    {
        var (positive, negative, unknown, uncertain) = (0, 0, 0, 0);
        var layout = dataset.Layout;
        foreach (var sample in dataset.Samples)
        {
            if (layout.IsUncertain(sample.Labels, index))
                uncertain++;
            else if (float.IsNaN(sample.Labels[index]))
                unknown++;
            else if (sample.Labels[index] >= 0.5f)
                positive++;
            else
                negative++;
        }
        return new ClassCount(positive, negative, unknown) { Uncertain = uncertain };
    }

    private static NumberSummary Summarize(Dataset dataset, int index)
    {
        var known = dataset
            .Samples.Select(s => s.Numbers[index])
            .Where(v => !double.IsNaN(v))
            .DefaultIfEmpty(double.NaN)
            .ToList();
        var count = known.Count(v => !double.IsNaN(v));
        return new NumberSummary(count, dataset.Samples.Count - count, known.Min(), known.Average(), known.Max());
    }

    /// <summary>
    /// Decodes all images and returns a SHA-256 over size and pixels by sample id. Images that can't be decoded become
    /// faults.
    /// </summary>
    private static SortedDictionary<string, string> Decode(
        Dataset dataset,
        List<DataFault> faults,
        Action step,
        CancellationToken cancellation)
    {
        var contents = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var found = new ConcurrentBag<DataFault>();
        Parallel.ForEach(
            dataset.Samples,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = Environment.ProcessorCount,
                CancellationToken = cancellation,
            },
            sample =>
            {
                try
                {
                    var image = RadiographReader.Read(sample.ImagePath);
                    contents[sample.Id] = Digest(image);
                    foreach (var warning in image.Warnings.Where(w => w.StartsWith("EXIF", StringComparison.Ordinal)))
                        found.Add(new DataFault("exif-orientation", sample.Id, warning));
                    foreach (
                        var (name, point) in dataset
                            .PointNames.Zip(sample.Points)
                            .Where(p => PointFault.IsOutside(p.Second, image.OriginalWidth, image.OriginalHeight)))
                        found.Add(
                            new DataFault(
                                PointFault.Kind,
                                sample.Id,
                                PointFault.Describe(name, point, image.OriginalWidth, image.OriginalHeight)));
                    foreach (
                        var box in (sample.Boxes ?? []).Where(b =>
                            b.IsOutside(image.OriginalWidth, image.OriginalHeight)))
                        found.Add(
                            new DataFault(
                                LabelledBox.Fault,
                                sample.Id,
                                box.Describe(dataset.BoxClasses[box.Class], image.OriginalWidth, image.OriginalHeight))
                        );
                    CheckMask(sample, dataset, found);
                    if (!image.Pixels.AsSpan().ContainsAnyExcept(image.Pixels[0]))
                        found.Add(new DataFault("blank-image", sample.Id, $"All pixels are {image.Pixels[0]}."));
                }
                catch (MarrowException e)
                {
                    found.Add(new DataFault(ImageFault.KindOf(e), sample.Id, e.Message));
                }
                step();
            }
        );
        faults.AddRange(found);
        return new SortedDictionary<string, string>(contents, StringComparer.Ordinal);
    }

    private static void CheckMask(Sample sample, Dataset dataset, ConcurrentBag<DataFault> found)
    {
        if (sample.MaskPath is not { } mask)
            return;
        try
        {
            MaskFile.Require(mask, sample.ImagePath, dataset.MaskClasses.Count);
        }
        catch (MarrowException e)
        {
            found.Add(new DataFault(MaskSamples.Fault, sample.Id, e.Message));
        }
    }

    /// <summary>Adds the faults for which a run would refuse the whole data set.</summary>
    private static void AddLacks(Dataset dataset, List<DataFault> faults)
    {
        if (!dataset.HasLabelKind)
            return;
        if (!dataset.Samples.Any(s => s.HasKnownLabel))
            faults.Add(
                new DataFault(
                    "no-label",
                    ".",
                    $"None of {dataset.Samples.Count} images has a label: a run has nothing to learn from."));
        var patients = PatientSplit.CountPatients(dataset.Samples);
        if (patients is > 0 and < PartsOfARun)
            faults.Add(
                new DataFault(
                    "few-patients",
                    ".",
                    $"The images are of {(patients == 1 ? "one patient" : "two patients")}: a run needs one each to "
                        + $"train on, to choose the best weights by and to hold out."
                ));
    }

    private static string Digest(Radiograph image)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes<int>([image.Width, image.Height]));
        hash.AppendData(MemoryMarshal.AsBytes(image.Pixels.AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void AddDuplicates(SortedDictionary<string, string> contents, List<DataFault> faults)
    {
        foreach (var same in contents.GroupBy(c => c.Value).Where(g => g.Count() > 1))
        {
            foreach (var (id, _) in same.Skip(1))
                faults.Add(new DataFault("duplicate-image", id, $"The same pixels as {same.First().Key}."));
        }
    }

    /// <summary>Adds the pairs that are no faults already since their pixels are the same.</summary>
    private static void AddSameFilms(
        IReadOnlyList<SameFilm> pairs,
        SortedDictionary<string, string> contents,
        List<DataFault> faults)
    {
        foreach (var pair in pairs)
        {
            var hasSamePixels = pair.Split is null
                ? contents.TryGetValue(pair.File, out var content) && contents.GetValueOrDefault(pair.Other) == content
                : faults.Any(f => f.Kind == ImageLeakage && f.File == pair.File);
            if (!hasSamePixels)
                faults.Add(new DataFault(pair.Split is null ? "same-film" : "film-leakage", pair.File, $"{pair}"));
        }
    }

    private static void AddLeakage(
        Dataset dataset,
        SortedDictionary<string, string> contents,
        string split,
        Dataset other,
        SortedDictionary<string, string> otherContents,
        List<DataFault> faults)
    {
        var patients = other.Samples.Select(s => s.Patient).ToHashSet(StringComparer.Ordinal);
        foreach (
            var sample in dataset
                .Samples.DistinctBy(s => s.Patient, StringComparer.Ordinal)
                .Where(s => patients.Contains(s.Patient)))
            faults.Add(
                new DataFault("patient-leakage", sample.Id, $"Patient {sample.Patient} is in split {split} too."));
        var byContent = otherContents.GroupBy(c => c.Value).ToDictionary(g => g.Key, g => g.First().Key);
        foreach (var (id, content) in contents)
        {
            if (byContent.TryGetValue(content, out var twin))
                faults.Add(new DataFault(ImageLeakage, id, $"The same pixels as {twin} of split {split}."));
        }
    }

    /// <summary>
    /// Compares the splits of a CSV that was checked as a whole and has a column of splits, each with each other.
    /// </summary>
    private static void AddLeakageWithin(
        DatasetRequest request,
        SortedDictionary<string, string> contents,
        List<DataFault> faults)
    {
        if (request.Format != "csv" || request.Options.Split is not null)
            return;
        var splits = CsvFolder
            .Splits(request)
            .Where(s => s.Length > 0)
            .Select(split =>
            {
                var dataset = DatasetCatalogue.Open(request.With(request.Options with { Split = split }));
                var own = dataset
                    .Samples.Where(s => contents.ContainsKey(s.Id))
                    .ToDictionary(s => s.Id, s => contents[s.Id], StringComparer.Ordinal);
                return (
                    Name: split,
                    Dataset: dataset,
                    Contents: new SortedDictionary<string, string>(own, StringComparer.Ordinal));
            })
            .ToArray();
        for (var i = 0; i < splits.Length; i++)
        {
            for (var j = i + 1; j < splits.Length; j++)
                AddLeakage(
                    splits[i].Dataset,
                    splits[i].Contents,
                    splits[j].Name,
                    splits[j].Dataset,
                    splits[j].Contents,
                    faults);
        }
    }

    /// <summary>Returns the data set's other splits, as far as they exist.</summary>
    private static IEnumerable<(string Split, Dataset Dataset)> OtherSplits(DatasetRequest request)
    {
        var (splits, file) = request.Format switch
        {
            "chexpert" => ((string[])["train", "valid"], "{0}.csv"),
            "mura" => (["train", "valid"], "{0}_image_paths.csv"),
            "spineweb16" => (["train", "test"], "labels/{0}/filenames.csv"),
            "csv" => (CsvFolder.Splits(request), ""),
            _ => ([], ""),
        };
        var own = request.Options.Split ?? (request.Format == "csv" ? null : "train");
        foreach (var split in splits.Where(s => own is not null && s != own && !(own == "training" && s == "train")))
        {
            var folder = request.Format == "spineweb16" && split == "train" ? "training" : split;
            if (
                file.Length == 0
                || File.Exists(Path.Combine(request.Root, string.Format(CultureInfo.InvariantCulture, file, folder))))
                yield return (
                    split,
                    DatasetCatalogue.Open(request.With(request.Options with { Split = split })));
        }
    }
}
