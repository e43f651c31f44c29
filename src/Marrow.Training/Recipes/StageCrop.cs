using Marrow.Inputs;

namespace Marrow.Training.Recipes;

/// <summary>
/// Where in its images a stage looks: at what an earlier detector found. In YAML "crop: landmarks" for the spine, or a
/// section.
/// </summary>
internal sealed record StageCrop
{
    internal const double SpineMargin = 0.1;
    internal const double VertebraMargin = 0.4;

    /// <summary>
    /// An earlier stage of task detect-vertebrae, or a checkpoint of one, named as in <see cref="Recipes.Stage.Init"/>.
    /// </summary>
    public required string By { get; init; }

    /// <summary>
    /// spine: one crop an image, around all vertebrae. vertebra: 17, each turned upright.
    /// </summary>
    public CropRegion Region { get; init; } = CropRegion.Spine;

    /// <summary>Added on each side, as a share of the box's width and height.</summary>
    public double Margin { get; init; } = SpineMargin;
}
