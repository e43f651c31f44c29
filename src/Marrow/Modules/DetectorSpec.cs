namespace Marrow.Modules;

/// <summary>The parts of a RetinaNet that recipes choose. Defaults suit two CPU cores and vertebrae.</summary>
internal sealed record DetectorSpec
{
    /// <summary>Foreground classes; 1 for "vertebra".</summary>
    public int Classes { get; init; } = 1;

    /// <summary>Channels of the feature pyramid and the heads. RetinaNet's own: 256.</summary>
    public int PyramidChannels { get; init; } = 128;

    /// <summary>3x3 convolutions in each head before its output. RetinaNet's own: 4.</summary>
    public int HeadConvolutions { get; init; } = 2;

    /// <summary>
    /// Group norm (32 groups, fewer where channels are few) in the heads, as torchvision's second RetinaNet has.
    /// </summary>
    public bool HeadGroupNorm { get; init; }

    /// <summary>Corners a detection has; 0 leaves the corner head out.</summary>
    public int Corners { get; init; } = 4;

    /// <summary>
    /// Finest pyramid level with anchors: 3 (stride 8) as RetinaNet's own, or 2 (stride 4) for small inputs.
    /// </summary>
    public int FirstPyramidLevel { get; init; } = 3;

    /// <summary>
    /// Anchor side (square root of its area) at each pyramid level, input px; one entry a level from the first on.
    /// </summary>
    public IReadOnlyList<double> AnchorSizes { get; init; } = [32, 64, 128, 256, 512];

    /// <summary>Multiples of each size. RetinaNet's own: 1, 2^(1/3), 2^(2/3).</summary>
    public IReadOnlyList<double> AnchorScales { get; init; } = [1, 1.2599210498948732, 1.5874010519681994];

    /// <summary>Height over width, as torchvision has it. RetinaNet's own: 0.5, 1, 2.</summary>
    public IReadOnlyList<double> AnchorRatios { get; init; } = [0.5, 1, 2];

    /// <summary>
    /// Anchors for the vertebrae of a whole spine that fills an input of this size, in px: one level, six anchors a
    /// cell. Measured on SpineWeb 16 (the boxes around the four corners of 8,177 vertebrae, 224 x 640): 99.5 % have an
    /// anchor with an IoU of 0.5 or more, half of them have 15 or more. Stretched or not, a vertebra keeps its share of
    /// the image, so sizes scale with the input.
    /// </summary>
    public static DetectorSpec Vertebrae(int inputWidth, int inputHeight)
    {
        const double medianSize = 0.1; // of sqrt(width * height); median box: 0.204 of the width, 0.049 of the height
        const double smallest = 0.74;  // 28 / 37.9 px at 224 x 640
        const double coarsestStride = 0.4; // of the median height: an 8 px stride needs vertebrae of 20 px and more
        var ratio = inputHeight / (double)inputWidth; // height over width of a box that has equal shares of both sides
        return new DetectorSpec
        {
            FirstPyramidLevel = 0.049 * inputHeight * coarsestStride >= 8 ? 3 : 2,
            AnchorSizes = [Math.Round(smallest * medianSize * Math.Sqrt((double)inputWidth * inputHeight), 1)],
            AnchorScales = [1, 1.4, 2],
            AnchorRatios = [Math.Round(0.1575 * ratio, 3), Math.Round(0.28 * ratio, 3)], // 0.45 and 0.8 at 224 x 640
        };
    }
}
