using System.Globalization;
using System.Text.Json.Serialization;

namespace Marrow.Inputs;

/// <summary>How an image of another shape is brought to the input's size.</summary>
public enum Fit
{
    /// <summary>Each axis is scaled on its own.</summary>
    Stretch,

    /// <summary>Scaled evenly, centred, the rest filled with black.</summary>
    Letterbox,

    /// <summary>Scaled evenly until the input is filled, centred, the rest cut off.</summary>
    Cover,
}

/// <summary>Which of an image's values become black and white.</summary>
public enum WindowKind
{
    /// <summary>Two percentiles of the whole image.</summary>
    Percentiles,

    /// <summary>The least and the largest that the pixels' type can hold: 0 and 255, or 0 and 65535.</summary>
    FullRange,
}

/// <summary>
/// What a model's weights expect of their input; it belongs to the weights and is stored with them. The way: decode,
/// window to 0..255, area-resize, to 0..1, subtract mean, divide by std.
/// </summary>
public sealed record InputContract
{
    public required int Width { get; init; }
    public required int Height { get; init; }

    /// <summary>1, or 3 equal channels.</summary>
    public int Channels { get; init; } = 1;

    public Fit Fit { get; init; } = Fit.Stretch;

    /// <summary>
    /// Of a <see cref="Fit.Cover"/>, the share of the input's sides in the image's before it is cut: 1 cuts no more
    /// than must be, 0.875 is "resize to 256, cut 224".
    /// </summary>
    public double CropShare { get; init; } = 1;

    public WindowKind Window { get; init; } = WindowKind.Percentiles;

    /// <summary>
    /// Percentiles (0 to 1) of the image's values that become 0 and 255, unless the window is the full range.
    /// </summary>
    public double WindowLow { get; init; } = 0.005;
    public double WindowHigh { get; init; } = 0.995;

    /// <summary>
    /// Of values in 0..1. Where each channel has its own, these are what an augmentation fills with and scales noise
    /// by.
    /// </summary>
    public double Mean { get; init; } = 0.5;
    public double Std { get; init; } = 0.25;

    /// <summary>
    /// Of values in 0..1, one for each channel; null (both) where all have <see cref="Mean"/> and <see cref="Std"/>.
    /// </summary>
    public IReadOnlyList<double>? ChannelMeans { get; init; }
    public IReadOnlyList<double>? ChannelStds { get; init; }

    /// <summary>Where in the image the model looks; null for all of it.</summary>
    [JsonInclude] internal InputCrop? Crop { get; init; }

    // As recipes allow: four times the side of the largest input a GPU of today takes; guards allocations against a
    // foreign config.json.
    private const int MaxSide = 4096;
    private const double SmallestCropShare = 0.25; // images are decoded at up to four times the input's sides

    /// <summary>What is subtracted from a channel's values in 0..1.</summary>
    internal double MeanOf(int channel) => ChannelMeans?[channel] ?? Mean;

    /// <summary>What they are divided by then.</summary>
    internal double StdOf(int channel) => ChannelStds?[channel] ?? Std;

    /// <summary>What a channel's black becomes.</summary>
    internal double BlackOf(int channel) => -MeanOf(channel) / StdOf(channel);

    /// <summary>
    /// The least size, in px, at which an image may be decoded without loss; 0 for its full size, all of which a crop
    /// may need.
    /// </summary>
    internal (int Width, int Height) DecodeSize => Crop is not null ? (0, 0) : Fit == Fit.Cover
        ? ((int)Math.Ceiling(Width / CropShare), (int)Math.Ceiling(Height / CropShare))
        : (Width, Height);

    /// <summary>
    /// What is packed beyond the input on each side, in px, where the model sees a crop: an augmentation that
    /// moves the crop then shows the image around it, not a black edge by which the move could be told.
    /// </summary>
    internal (int X, int Y) PackedBorder => Crop is null ? (0, 0) : ((Width + 3) / 4, (Height + 3) / 4);

    /// <summary>
    /// "224 x 224 px (width x height), cover, 1 channel, window from percentile 0.005 to 0.995, mean 0.5, std 0.25".
    /// </summary>
    public string Describe()
    {
        var fit =
            Fit == Fit.Cover && CropShare < 1
                ? $"cover and cut to {Number(CropShare)} of each side"
                : Fit.ToString().ToLowerInvariant();
        var window =
            Window == WindowKind.FullRange
                ? "full range of the pixels' type"
                : $"window from percentile {Number(WindowLow)} to {Number(WindowHigh)}";
        return $"{Width} x {Height} px (width x height), {fit}, {Channels} channel{(Channels == 1 ? "" : "s")}, "
            + $"{window}, mean {Numbers(ChannelMeans, Mean)}, std "
            + $"{Numbers(ChannelStds, Std)}{(Crop is null ? "" : $", of {Crop.Describe()}")}";

        static string Numbers(IReadOnlyList<double>? each, double all) =>
            string.Join(" ", (each ?? [all]).Select(Number));
        static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/>, which names <paramref name="source"/>, when a value is impossible.
    /// </summary>
    internal void Validate(string source)
    {
        Require(Width is >= 1 and <= MaxSide, $"an input width of 1 to {MaxSide} px", $"{Width}");
        Require(Height is >= 1 and <= MaxSide, $"an input height of 1 to {MaxSide} px", $"{Height}");
        Require(Channels is 1 or 3, "1 or 3 input channels", $"{Channels}");
        Require(Enum.IsDefined(Fit), "fit stretch, letterbox or cover", $"{(int)Fit}");
        Require(
            CropShare is >= SmallestCropShare and <= 1 && (Fit == Fit.Cover || CropShare == 1),
            $"a crop share of {SmallestCropShare} to 1, below 1 with cover only",
            Text(CropShare));
        Require(Enum.IsDefined(Window), "window percentiles or fullRange", $"{(int)Window}");
        Require(
            WindowLow >= 0 && WindowLow < WindowHigh && WindowHigh <= 1,
            "0 <= windowLow < windowHigh <= 1",
            $"{Text(WindowLow)} and {Text(WindowHigh)}");
        Require(double.IsFinite(Mean), "a finite mean", Text(Mean));
        Require(double.IsFinite(Std) && Std > 0, "a std above 0", Text(Std));
        Require(
            (ChannelMeans?.Count ?? 0) == (ChannelStds?.Count ?? 0)
                && (ChannelMeans is null ? ChannelStds is null : ChannelMeans.Count == Channels),
            "a mean and a std for each channel, or for none",
            $"{ChannelMeans?.Count ?? 0} and {ChannelStds?.Count ?? 0} for {Channels} channels");
        Require(Crop is null || Enum.IsDefined(Crop.Region), "crop region spine or vertebra", $"{(int?)Crop?.Region}");
        Require(
            Crop is null || Crop.Margin is >= 0 and <= InputCrop.MaxMargin,
            $"a crop margin of 0 to {InputCrop.MaxMargin}",
            Text(Crop?.Margin ?? 0));
        Require(
            Crop is null
                || (Crop.Detector.Length > 0 && Crop.Digest.StartsWith(Digest.Scheme, StringComparison.Ordinal)),
            "the name and digest of the detector that is cropped by",
            $"'{Crop?.Detector}' and '{Crop?.Digest}'");
        Require(
            ChannelMeans is null || ChannelMeans.All(double.IsFinite),
            "finite means of the channels",
            "one that is not");
        Require(
            ChannelStds is null || ChannelStds.All(std => double.IsFinite(std) && std > 0),
            "stds of the channels above 0",
            "one that is not");

        static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

        void Require(bool holds, string expected, string found)
        {
            if (!holds)
                throw MarrowException.Bad(source, expected, found, "Correct the input contract.");
        }
    }
}
