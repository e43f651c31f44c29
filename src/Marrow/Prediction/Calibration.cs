using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Familiarity;
using TorchSharp;

namespace Marrow.Prediction;

/// <summary>
/// Teaches a checkpoint that exists which images are familiar to its weights, so that it can refuse others, as a run
/// teaches new ones. A checkpoint is never changed: a new one with the same weights is made, whose parent the old one
/// is. The spread is learnt from the images that were trained on, how far is too far from one half of the held-out
/// patients, and on the other half it is counted how many images are refused.
/// </summary>
public static class Calibration
{
    private const int BatchSize = 8;
    private const ulong DivisionSeed = 1;
    private const double HeldOutShare = 0.4; // of data that the checkpoint was not trained on

    /// <summary>
    /// Makes the new checkpoint, which the caller disposes. Throws <see cref="MarrowException"/> for a checkpoint that
    /// makes no findings of whole images, when it is not known what it held out, and for too few images.
    /// </summary>
    public static (Checkpoint Checkpoint, TextReport Report) Run(
        CalibrationRequest request, Action<Progress>? progress = null, CancellationToken cancellation = default)
    {
        var old = request.Checkpoint;
        using var task = old.BuildTask();
        if (!FamiliarityFit.Serves(task))
            throw MarrowException.Bad(
                old.Name,
                "a checkpoint that makes a finding of an image",
                $"one for {task.Name}{(task.Input.Crop is { } part ? $" of {part.Describe()}" : "")}",
                "Name another checkpoint.");
        AtomicFile.RequireWritable(request.Hub.Folder);
        var (known, bounding, counted, warnings) = Divide(request);
        var compute = Compute.Choose(device: request.Device);
        compute.ArrangeForInference(task.Model);
        var refused = 0;
        using (var images = new CalibrationImages(
            request, task.Input, [.. known, .. bounding, .. counted], progress, cancellation))
        {
            using var training = images.Of(known, cancellation);
            using var unseen = images.Of(bounding, cancellation);
            using var others = images.Of(counted, cancellation);
            using var noGrad = torch.no_grad();
            FamiliarityFit.Learn(task, [training], [unseen], request.Rate, compute);
            refused = CheckpointMetrics.CountRefused(task, others, compute);
        }
        var draft = Draft(old, task, request);
        cancellation.ThrowIfCancellationRequested();
        var made = draft.Save(request.Hub.Folder);
        return (made, Report(made, task.Familiarity!, counted.Count, refused, warnings));
    }

    /// <summary>
    /// Divides the images into those that the spread is learnt from, those that set the bound, and those on which it is
    /// counted what is refused.
    /// </summary>
    private static (
        IReadOnlyList<Sample> Known, IReadOnlyList<Sample> Bounding, IReadOnlyList<Sample> Counted,
        IReadOnlyList<string> Warnings) Divide(CalibrationRequest request)
    {
        if (request.Format is null && request.Checkpoint.Parents.Datasets.Any(data => data.Use is { HeldOut: 0 }))
            throw MarrowException.Bad(
                request.Checkpoint.Name,
                "a checkpoint that held out a part of its data, by which it is learnt how unlike an image may be",
                "one that was trained on all of it",
                "Name other images like those, with --format.");
        var all = Select(EvaluationSplit.All);
        if (request.Format is not null && all.Warnings is [var seen, ..])
            throw new MarrowException(
                $"{seen} What is familiar to it can't be learnt from them. Name images that it has not seen.");
        var own = request.Format is null ? Select(EvaluationSplit.HeldOut) : null;
        var heldOut = own?.Samples ?? PatientSplit.Create(all.Samples, HeldOutShare, DivisionSeed).HeldOut;
        var ids = heldOut.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var halves = Halves(heldOut);
        var known = FamiliarityFit.Spread([.. all.Samples.Where(s => !ids.Contains(s.Id))]);
        var (bounding, counted) = (FamiliarityFit.Spread(halves.Bounding), FamiliarityFit.Spread(halves.Others));
        return FamiliarityFit.Suffice(known, bounding)
            ? (known, bounding, counted, own?.Warnings ?? [])
            : throw MarrowException.Bad(
                request.Root,
                $"{FamiliarityFit.LeastKnown} images that were trained on and {2 * FamiliarityFit.LeastUnseen} or so, "
                    + $"of {2 * FamiliarityFit.LeastPatients} patients, that were not",
                $"{known.Count}, and {heldOut.Count} of {PatientSplit.CountPatients(heldOut)} patients",
                "Name more data.");

        EvaluationSamples Select(EvaluationSplit split) => EvaluationSamples.Select(
            request.Checkpoint, request.Data, request.Root, split, request.Format,
            hub: split == EvaluationSplit.All && request.Format is null ? null : request.Hub);
    }

    /// <summary>Divides held-out images by patient into those that set the bound and the others.</summary>
    internal static (IReadOnlyList<Sample> Bounding, IReadOnlyList<Sample> Others) Halves(IReadOnlyList<Sample> heldOut)
    {
        var halves = PatientSplit.Create(heldOut, 0.5, DivisionSeed);
        return (halves.Train, halves.HeldOut);
    }

    private static CheckpointDraft Draft(Checkpoint old, TaskModel task, CalibrationRequest request)
    {
        var familiarity = task.Familiarity!;
        return SameWeights.Draft(
            old,
            old.Config with { Decoding = task.Describe().Decoding, Familiarity = familiarity },
            string.Create(
                CultureInfo.InvariantCulture,
                $"Which images are familiar to them was learnt from {familiarity.Images} images of "
                    + $"{MarkdownText.Inline(request.Data)}, and by {familiarity.RateImages} others how far from them "
                    + $"an image may be: {familiarity.Rate:P1} of such images are refused."));
    }

    private static TextReport Report(
        Checkpoint made, FamiliarityContract familiarity, int counted, int refused, IReadOnlyList<string> warnings) =>
        new(
        new
        {
            made.Name,
            made.Digest,
            made.Path,
            familiarity.Images,
            familiarity.RateImages,
            familiarity.Rate,
            Counted = counted,
            Refused = refused,
            Warnings = warnings,
        },
        ReportPart.Facts(
            $"{made.Name}@{made.Digest}",
            [
                ("familiar are images like", $"{NumberText.Of(familiarity.Images, "0")} of the training"),
                ("bound chosen by", $"{NumberText.Of(familiarity.RateImages, "0")} that were not trained on"),
                ("to refuse of such", $"{NumberText.Of(100 * familiarity.Rate, "0.##")} %"),
                ("refused of others", $"{NumberText.Of(refused, "0")} of {NumberText.Of(counted, "0")}"),
                ("folder", made.Path),
                .. warnings.Select(warning => ("warning", warning)),
            ]));

    /// <summary>The images, packed as the model sees them: whole, or cropped by its detector.</summary>
    private sealed class CalibrationImages : IDisposable
    {
        private readonly Dictionary<string, Sample> _shown;
        private readonly InputContract _input;
        private readonly PackedCache _cache;

        public CalibrationImages(
            CalibrationRequest request, InputContract input, IReadOnlyList<Sample> samples, Action<Progress>? progress,
            CancellationToken cancellation)
        {
            var shown = samples;
            if (input.Crop is { } crop)
            {
                var entry = request.Hub.FindDigest(crop.Digest) ?? throw FirstLooker.Missing(request.Checkpoint);
                using var detector = request.Hub.Resolve($"{entry.Name}@{entry.Digest}");
                shown = CheckpointMetrics.Crop(
                    request.Checkpoint, crop, detector, samples, request.Device, progress, cancellation);
            }
            _shown = shown.ToDictionary(s => s.Id, StringComparer.Ordinal);
            _input = input;
            _cache = PackedCache.Open(shown, input, progress: progress, cancellation: cancellation);
        }

        /// <summary>Returns a loader of some of the images, which the caller disposes.</summary>
        public BatchLoader Of(IReadOnlyList<Sample> samples, CancellationToken cancellation) =>
            new([.. samples.Select(s => _shown[s.Id])], _cache, _input, null, BatchSize, 0, shuffle: false,
                dropLast: false)
            {
                Cancellation = cancellation,
            };

        public void Dispose() => _cache.Dispose();
    }
}
