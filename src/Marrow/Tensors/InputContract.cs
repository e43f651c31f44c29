namespace Marrow.Tensors;

/// <summary>How an image of another shape is brought to the input's size.</summary>
public enum Fit
{
    /// <summary>Each axis is scaled on its own.</summary>
    Stretch,

    /// <summary>Scaled evenly, centred, the rest filled with black.</summary>
    Letterbox,
}

/// <summary>
/// What a model's weights expect of their input; it belongs to the weights and is stored with them. The way: decode,
/// window between two percentiles of the whole image, to 0..255, area-resize, to 0..1, subtract mean, divide by std.
/// </summary>
public sealed record InputContract
{
    public required int Width { get; init; }
    public required int Height { get; init; }

    /// <summary>1, or 3 equal channels.</summary>
    public int Channels { get; init; } = 1;

    public Fit Fit { get; init; } = Fit.Stretch;

    /// <summary>Percentiles (0 to 1) of the image's values that become 0 and 255.</summary>
    public double WindowLow { get; init; } = 0.005;
    public double WindowHigh { get; init; } = 0.995;

    /// <summary>Of values in 0..1.</summary>
    public double Mean { get; init; } = 0.5;
    public double Std { get; init; } = 0.25;
}
