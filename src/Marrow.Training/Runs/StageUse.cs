using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Datasets.Copies;
using Marrow.Metrics;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>What a checkpoint says of one data set that its stage has learnt from.</summary>
/// <param name="Whole">The stage.</param>
/// <param name="Stage">The stage itself, or that of <see cref="Stage.Each"/> which has the data set.</param>
internal sealed record StageUse(Recipe Recipe, Stage Whole, Stage Stage, StageSamples Data)
{
    /// <summary>
    /// The name of the part of a stage of several tasks, or of what a stage of one task learnt from beside its own data
    /// set; null for a stage's own.
    /// </summary>
    public string? Part => Whole.PartName(Stage);

    public Dataset Dataset => Data.Dataset;

    /// <summary>The digest of the data set's files.</summary>
    public string FilesDigest { get; } = PatientSplit.FilesDigest(Data.Dataset);

    /// <summary>How the held-out images were chosen, such as "held out by patient (20 %, seed 1)".</summary>
    public string HeldOutInWords => Data.HeldOut.Count == 0
        ? "all samples; none held out"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"held out by patient ({(Recipe.Fold is { } fold ? $"fold {fold}" : $"{Stage.Data.HeldOut:P0}")}, seed "
                + $"{Recipe.SplitSeed})");

    /// <summary>The record of the images that were held out.</summary>
    public RecordedSplit Split =>
        RecordedSplit.Of(Dataset.Name, FilesDigest, Data.HeldOut, Recipe.Fold).Without(Data.LeftOut) with
        {
            Part = Part,
        };

    /// <summary>The data set as a parent of the checkpoint.</summary>
    public ParentDataset Parent => new(
        Dataset.Name, Dataset.Version, Dataset.License, FilesDigest, Dataset.Citation, Data.Training.Count)
    {
        Part = Part,
        BodyPart = Dataset.BodyPart,
        Task = Whole.Parts.Count == 0 && Stage.Task != Whole.Task ? Stage.Task : null,
        Use = new(
            Dataset.Format,
            Stage.Data.Options,
            Recipe.Fold?.Share ?? Stage.Data.HeldOut,
            Recipe.SplitSeed)
        {
            Fold = Recipe.Fold,
            Groups = JoinsCopies ? GroupRule.PatientsAndCopies : null,
        },
    };

    /// <summary>The sentence of the model card on the data set.</summary>
    public string InWords => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Part is null ? "" : $"{MarkdownText.Inline(Part)}: ")}{MarkdownText.Inline(Dataset.Name)} "
            + $"({Dataset.Format}): {Data.Training.Count} images to train on, {Data.Validation.Count} that "
            + $"{(Part is null ? "chose the best weights" : "chose nothing but values of the decoding")}, "
            + $"{Data.HeldOut.Count} {(Data.HeldOut.Count == 0 ? "held out" : HeldOutInWords)}"
            + $"{(Data.LeftOut.Count == 0 ? "" : $", {Data.LeftOut.Count} left out since other parts hold them out")}. "
            + $"No patient is in two parts{(JoinsCopies ? ", nor a film and a copy of it" : "")}.");

    private bool JoinsCopies => Data.Groups.Rule == GroupRule.PatientsAndCopies;

    /// <summary>True when a metric was measured on the held-out images of this data set.</summary>
    public bool Measured(MetricValue metric) =>
        Part is null || metric.Name.StartsWith(MetricCatalogue.OfPart(Part, ""), StringComparison.Ordinal);
}
