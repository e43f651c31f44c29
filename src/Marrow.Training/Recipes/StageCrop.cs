using Marrow.Inputs;

namespace Marrow.Training.Recipes;

/// <summary>
/// Where in its images a stage looks: at what an earlier model found. In YAML "crop: landmarks" for the spine, or a
/// section.
/// </summary>
internal sealed record StageCrop
{
    internal const double SpineMargin = 0.1;
    internal const double VertebraMargin = 0.4;
    internal const double PointSide = 0.2;

    /// <summary>
    /// An earlier stage of a task that finds such places, or a checkpoint of one, named as in
    /// <see cref="Recipes.Stage.Init"/>.
    /// </summary>
    public required string By { get; init; }

    /// <summary>
    /// spine: one crop an image, around all vertebrae. vertebra: 17, each turned upright. point: one about each point.
    /// </summary>
    public CropRegion Region { get; init; } = CropRegion.Spine;

    /// <summary>
    /// Added on each side, as a share of the box's width and height; 0 for points, which have no box.
    /// </summary>
    public double Margin { get; init; } = SpineMargin;

    /// <summary>Of the square about a point, as a share of the image's longer side; null for other regions.</summary>
    public double? Side { get; init; }
}
