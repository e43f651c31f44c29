using Marrow.Inputs;

namespace Marrow.Training.Recipes;

// How a stage learns from unlabelled images: the keys under "uda:" and "teacher:". What both have is in the base.

/// <summary>Settings that every method with unlabelled images has.</summary>
internal abstract record UnlabeledOptions
{
    /// <summary>Of the loss on unlabelled images against that on labelled ones, 0 to 100.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Least confidence with which the model's own answer is taken for a label, 0 to 1.</summary>
    public double Confidence { get; init; }

    /// <summary>Unlabelled images for each labelled one in a step, 1 to 16.</summary>
    public int Ratio { get; init; } = 1;

    /// <summary>Share of all steps that learn from labelled images alone, at the beginning, 0 to 0.9.</summary>
    public double Warmup { get; init; }

    /// <summary>Share of all steps in which the weight then rises linearly from 0, 0 to 1.</summary>
    public double Ramp { get; init; }

    /// <summary>
    /// How the image that the model is to answer for is changed; keys and ranges are those of the stage's own. Default:
    /// see
    /// <see cref="Stronger"/>.
    /// </summary>
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
    /// <summary>Default 1, 0.8, 3, 0.1 and 0.1: weight, confidence, ratio, warmup and ramp.</summary>
    public UdaOptions()
    {
        Confidence = 0.8;
        Ratio = 3;
        Warmup = 0.1;
        Ramp = 0.1;
    }

    /// <summary>
    /// Classification only: the logits of the original are divided by it, 0.05 to 1. Default 0.4; 1 leaves them.
    /// </summary>
    public double Temperature { get; init; } = 0.4;

    /// <summary>Classification only. none (default), linear, exp or log.</summary>
    public Annealing Annealing { get; init; } = Annealing.None;
}

/// <summary>
/// A mean teacher (Tarvainen and Valpola, NIPS 2017) that gives pseudo-labels (Liu et al., ICLR 2021).
/// </summary>
internal sealed record TeacherOptions : UnlabeledOptions
{
    /// <summary>Default 1, 0.4, 1, 0.3 and 0.1: weight, confidence, ratio, warmup and ramp.</summary>
    public TeacherOptions()
    {
        Confidence = 0.4;
        Ratio = 1;
        Warmup = 0.3;
        Ramp = 0.1;
    }

    /// <summary>Of the teacher's weights, a step, 0 to 0.99999. Default 0.99.</summary>
    public double Decay { get; init; } = 0.99;
}
