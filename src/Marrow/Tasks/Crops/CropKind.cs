using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;

namespace Marrow.Tasks.Crops;

/// <summary>
/// Everything that the rest of Marrow knows of one region that can be cropped: which crops a first look gives, what a
/// model learns from them, and how they answer for the image. A new region is a class here, a line in the catalogue and
/// a value of <see cref="CropRegion"/>.
/// </summary>
internal abstract class CropKind
{
    private static readonly IReadOnlyDictionary<CropRegion, CropKind> All =
        ((CropKind[])[new SpineCrops(), new VertebraCrops(), new PointCrops()]).ToDictionary(kind => kind.Region);

    public static CropKind Of(CropRegion region) => All[region];

    public abstract CropRegion Region { get; }

    /// <summary>What a first look must find, in the plural: "vertebrae".</summary>
    public abstract string Found { get; }

    /// <summary>What becomes of an image on which it finds none: "of which all is shown".</summary>
    public virtual string WithoutAny => "which are left out";

    /// <summary>
    /// True when an image has one crop, which stands for it: a model that sees it answers as one of whole images does.
    /// </summary>
    public virtual bool StandsForImage => false;

    /// <summary>
    /// True when the crops of an image, with the first look, make one finding of what the first look found.
    /// </summary>
    public virtual bool SetsPointsAnew => false;

    /// <summary>
    /// Returns the crops of an image in the order of what was found; null for something that has no place to look at.
    /// </summary>
    public abstract IReadOnlyList<ImageCrop?> Crops(InputCrop crop, FirstLook found);

    /// <summary>Describes the targets of the crops of a data set's samples.</summary>
    public virtual Dataset Describe(Dataset dataset) => dataset;

    /// <summary>The largest number of samples that one image of a data set becomes.</summary>
    public virtual int MostOf(Dataset dataset) => 1;

    /// <summary>Returns true when a sample, before it is cropped, has the labels from which the task learns.</summary>
    public virtual bool IsLabelled(Sample sample, string task) => LabelledSamples.IsLabelled(sample, task);

    /// <summary>
    /// Says what is wrong with a first look for a model with these outputs: what was expected and what was found; null
    /// when nothing is.
    /// </summary>
    /// <param name="first">The config of the checkpoint that looks first.</param>
    /// <param name="outputs">
    /// The outputs of the model that sees the crops, and of which of them it sees labels.
    /// </param>
    public virtual (string Expected, string Found)? Fault(
        CheckpointConfig first, IReadOnlyList<(string Name, bool IsLearnt)> outputs) => null;

    /// <summary>Returns the crops of one image as samples.</summary>
    /// <param name="use">What the samples are for.</param>
    public abstract IEnumerable<Sample> Samples(Sample sample, InputCrop crop, FirstLook found, CropUse use);
}

/// <summary>What crops are made for.</summary>
internal enum CropUse
{
    /// <summary>A model learns from them: from all that is labelled in each.</summary>
    Training,

    /// <summary>A model is measured on them: on what each crop is about.</summary>
    Measuring,
}
