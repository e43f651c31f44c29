using System.Globalization;
using Marrow.Datasets;
using Marrow.Datasets.Copies;
using Marrow.Inputs;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// The unlabelled images of a stage, stripped of any label. Left out are those of the held-out and validation parts: by
/// patient where both data sets are one folder, by file, whatever it is called there, and, unless the recipe says
/// otherwise, by what the film shows; with such a film goes whatever else belongs to its patient.
/// </summary>
internal sealed record UnlabeledSamples
{
    public required Dataset Dataset { get; init; }
    public required IReadOnlyList<Sample> Samples { get; init; }

    /// <summary>
    /// The number of images that were left out because they show patients on whose images the stage is measured.
    /// </summary>
    public required int LeftOut { get; init; }

    /// <summary>
    /// Reads the images. Throws <see cref="MarrowException"/> when that is impossible, and when too few images are left
    /// for one batch.
    /// </summary>
    /// <param name="labelled">The stage's own data, divided.</param>
    /// <param name="labelledRoot">The folder of that data.</param>
    /// <param name="include">Returns true for samples that may be used; null to use all.</param>
    public static UnlabeledSamples Read(
        Stage stage,
        string root,
        StageSamples labelled,
        string labelledRoot,
        Func<Sample, bool>? include = null,
        FilmWatch watch = default)
    {
        var images = stage.Unlabeled!;
        var dataset = DatasetCatalogue.Open(
            new()
            {
                Name = images.Name,
                Format = images.Format,
                Root = root,
                Options = images.Options,
            }
        );
        if (include is not null)
            dataset = dataset with { Samples = [.. dataset.Samples.Where(include)] };
        IReadOnlyList<Sample> measured = [.. labelled.Validation, .. labelled.HeldOut];
        var patients = MeasuredPatients.Among(
            dataset.Samples, root, measured, labelledRoot,
            labelled.Groups.Rule == GroupRule.PatientsAndCopies, watch);
        Sample[] left = [.. dataset.Samples.Where(s => !patients.Has(s))];
        if (left.Length < stage.Train.Batch)
        {
            var found =
                left.Length == 0 && dataset.Samples.Count > 0
                    ? $"none besides {dataset.Samples.Count} of patients who are held out or choose the best weights"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{left.Length}, and {dataset.Samples.Count - left.Length} of patients who are held out or "
                            + $"choose the best weights"
                    );
            throw MarrowException.Bad(
                root,
                $"{stage.Train.Batch} unlabelled images or more, a batch of stage {stage.Name}",
                found,
                "Use more images, or lower train.batch.");
        }
        return new()
        {
            Dataset = dataset,
            Samples = [.. left.Select(s => s with { Targets = Targets.None })],
            LeftOut = dataset.Samples.Count - left.Length,
        };
    }

    /// <summary>
    /// "films: 300 unlabelled images, 40 left out, whose patients are held out or choose the best weights".
    /// </summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Dataset.Name}: {Samples.Count} unlabelled images")
        + (LeftOut == 0
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $", {LeftOut} left out, whose patients are held out or choose the best weights"));

    /// <summary>Decodes and packs the images. The caller disposes the cache.</summary>
    public PackedCache Pack(InputContract input, Action<Progress>? progress, CancellationToken cancellation) =>
        PackedCache.Open(Samples, input, cacheFolder: null, progress, cancellation: cancellation);
}
