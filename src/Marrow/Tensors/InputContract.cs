using System.Globalization;

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

    // 16,384 px a side: 16 times the largest input a GPU of today takes; guards allocations against a foreign config.json.
    private const int MaxSide = 16384;

    /// <summary>Throws <see cref="MarrowException"/>, which names <paramref name="source"/>, when a value is impossible.</summary>
    public void Validate(string source)
    {
        Require(Width is >= 1 and <= MaxSide, $"an input width of 1 to {MaxSide} px", $"{Width}");
        Require(Height is >= 1 and <= MaxSide, $"an input height of 1 to {MaxSide} px", $"{Height}");
        Require(Channels is 1 or 3, "1 or 3 input channels", $"{Channels}");
        Require(Enum.IsDefined(Fit), "fit stretch or letterbox", $"{(int)Fit}");
        Require(WindowLow >= 0 && WindowLow < WindowHigh && WindowHigh <= 1, "0 <= windowLow < windowHigh <= 1",
            string.Create(CultureInfo.InvariantCulture, $"{WindowLow} and {WindowHigh}"));
        Require(double.IsFinite(Mean), "a finite mean", string.Create(CultureInfo.InvariantCulture, $"{Mean}"));
        Require(double.IsFinite(Std) && Std > 0, "a std above 0", string.Create(CultureInfo.InvariantCulture, $"{Std}"));

        void Require(bool holds, string expected, string found)
        {
            if (!holds)
                throw MarrowException.Bad(source, expected, found, "Correct the input contract.");
        }
    }
}
