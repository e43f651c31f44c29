using Marrow.Inputs;

namespace Marrow.Training.Recipes;

// How a stage learns from unlabelled images: the keys under "uda:" and "teacher:". What both have is in the base.

/// <summary>Settings that every method with unlabelled images has.</summary>
internal abstract record UnlabeledOptions
{
    /// <summary>Of the loss on unlabelled images against that on labelled ones.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Least confidence with which the model's own answer is taken for a label.</summary>
    public double Confidence { get; init; }

    /// <summary>Unlabelled images for each labelled one in a step.</summary>
    public int Ratio { get; init; } = 1;

    /// <summary>Share of all steps that learn from labelled images alone, at the beginning.</summary>
    public double Warmup { get; init; }

    /// <summary>Share of all steps in which the weight then rises linearly from 0.</summary>
    public double Ramp { get; init; }

    /// <summary>How the image that the model is to answer for is changed.</summary>
    public AugmentationOptions Augment { get; init; } = Stronger(new());

    /// <summary>
    /// The stage's own geometry, as labels are to be moved no further than is known to be right; grey values, blur,
    /// noise and cutout at least so far as makes an image hard, but no film unreadable.
    /// </summary>
    internal static AugmentationOptions Stronger(AugmentationOptions own) => own with
    {
        Gamma = Math.Max(own.Gamma, 0.5),
        Contrast = Math.Max(own.Contrast, 0.4),
        Brightness = Math.Max(own.Brightness, 0.1),
        Noise = Math.Max(own.Noise, 0.06),
        BlurPixels = Math.Max(own.BlurPixels, 1),
        Cutout = Math.Max(own.Cutout, 0.35),
        CutoutProbability = Math.Max(own.CutoutProbability, 0.5),
    };
}

/// <summary>
/// By how the share of labelled examples that count rises over a stage (Xie et al. 2020, section 2.3 and figure 3).
/// </summary>
internal enum Annealing
{
    /// <summary>All labelled images count at all times.</summary>
    None,

    /// <summary>The threshold rises linearly, with the share t of the steps that is done.</summary>
    Linear,

    /// <summary>e^(5(t - 1)): late; for few labels, which are soon learnt by heart.</summary>
    Exp,

    /// <summary>1 - e^(-5t): early; for many labels.</summary>
    Log,
}

/// <summary>Unsupervised data augmentation (Xie et al., NeurIPS 2020).</summary>
internal sealed record UdaOptions : UnlabeledOptions
{
    public UdaOptions()
    {
        Confidence = 0.8;
        Ratio = 3;
        Warmup = 0.1;
        Ramp = 0.1;
    }

    /// <summary>Classification only: the logits of the original are divided by it; 1 leaves them.</summary>
    public double Temperature { get; init; } = 0.4;

    /// <summary>Classification only.</summary>
    public Annealing Annealing { get; init; } = Annealing.None;
}

/// <summary>
/// A mean teacher (Tarvainen and Valpola, NIPS 2017) that gives pseudo-labels (Liu et al., ICLR 2021).
/// </summary>
internal sealed record TeacherOptions : UnlabeledOptions
{
    public TeacherOptions()
    {
        Confidence = 0.4;
        Ratio = 1;
        Warmup = 0.3;
        Ramp = 0.1;
    }

    /// <summary>Of the teacher's weights, a step.</summary>
    public double Decay { get; init; } = 0.99;
}
