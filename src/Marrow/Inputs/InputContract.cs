using System.Globalization;
using System.Text.Json.Serialization;
using Marrow.Imaging;

namespace Marrow.Inputs;

/// <summary>The ways to bring an image of any shape to the size of the input.</summary>
public enum Fit
{
    /// <summary>Each axis is scaled by a factor of its own, so that the whole image fills the input.</summary>
    Stretch,

    /// <summary>
    /// Both axes are scaled by the same factor. The image is centred, and the rest of the input is black.
    /// </summary>
    Letterbox,

    /// <summary>
    /// Both axes are scaled by the same factor until the image fills the input. It is centred, and what juts out is cut
    /// off.
    /// </summary>
    Cover,
}

/// <summary>The ways to choose which grey values become black and white.</summary>
public enum WindowKind
{
    /// <summary>Two percentiles of the whole image become black and white.</summary>
    Percentiles,

    /// <summary>
    /// The smallest and the largest value of the pixels' type become black and white: 0 and 255, or 0 and 65535.
    /// </summary>
    FullRange,
}

/// <summary>
/// The input that a model's weights expect. It belongs to the weights and is stored with them. An image becomes an
/// input in these steps: decode, window to 0..255, resize by area, divide by 255, subtract the mean, divide by the
/// standard deviation.
/// </summary>
public sealed record InputContract
{
    /// <summary>The width of the input in pixels.</summary>
    public required int Width { get; init; }

    /// <summary>The height of the input in pixels.</summary>
    public required int Height { get; init; }

    /// <summary>The number of channels: 1, or 3 with equal values.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Says how an image of another shape is brought to the input's size.</summary>
    public Fit Fit { get; init; } = Fit.Stretch;

    /// <summary>
    /// For <see cref="Fit.Cover"/>: the input's side as a share of the scaled image's side before it is cut. 1 cuts off
    /// as little as possible; 0.875 is "resize to 256, crop to 224".
    /// </summary>
    public double CropShare { get; init; } = 1;

    /// <summary>Says how the grey values that become black and white are chosen.</summary>
    public WindowKind Window { get; init; } = WindowKind.Percentiles;

    /// <summary>
    /// The percentile (0 to 1) of the image's values that becomes 0. It has no effect when the window is the full
    /// range.
    /// </summary>
    public double WindowLow { get; init; } = 0.005;

    /// <summary>
    /// The percentile (0 to 1) of the image's values that becomes 255. It has no effect when the window is the full
    /// range.
    /// </summary>
    public double WindowHigh { get; init; } = 0.995;

    /// <summary>
    /// The mean that is subtracted from values in 0..1. When each channel has its own mean, this one is the grey with
    /// which an augmentation fills.
    /// </summary>
    public double Mean { get; init; } = 0.5;

    /// <summary>
    /// The standard deviation by which values in 0..1 are divided. When each channel has its own, this one scales the
    /// noise of an augmentation.
    /// </summary>
    public double Std { get; init; } = 0.25;

    /// <summary>The mean of each channel, for values in 0..1; null when all channels have <see cref="Mean"/>.</summary>
    public IReadOnlyList<double>? ChannelMeans { get; init; }

    /// <summary>
    /// The standard deviation of each channel, for values in 0..1; null when all channels have <see cref="Std"/>.
    /// </summary>
    public IReadOnlyList<double>? ChannelStds { get; init; }

    /// <summary>The part of the image at which the model looks; null for the whole image.</summary>
    [JsonInclude] internal InputCrop? Crop { get; init; }

    /// <summary>How a curve through the image is laid straight; null for a model that looks at no strip.</summary>
    [JsonInclude] internal InputStrip? Strip { get; init; }

    // As recipes allow: four times the side of the largest input a GPU of today takes; guards allocations against a
    // foreign config.json.
    private const int MaxSide = 4096;
    private const double SmallestCropShare = 0.25; // images are decoded at up to four times the input's sides

    /// <summary>Returns the mean that is subtracted from a channel's values in 0..1.</summary>
    internal double MeanOf(int channel) => ChannelMeans?[channel] ?? Mean;

    /// <summary>Returns the standard deviation by which a channel's values are divided.</summary>
    internal double StdOf(int channel) => ChannelStds?[channel] ?? Std;

    /// <summary>Returns the normalised value of black in a channel.</summary>
    internal double BlackOf(int channel) => -MeanOf(channel) / StdOf(channel);

    /// <summary>
    /// The smallest size in pixels at which an image may be decoded without loss; 0 for the full size, which a crop may
    /// need.
    /// </summary>
    internal (int Width, int Height) DecodeSize => Crop is not null || Strip is not null ? (0, 0) : Fit == Fit.Cover
        ? ((int)Math.Ceiling(Width / CropShare), (int)Math.Ceiling(Height / CropShare))
        : (Width, Height);

    /// <summary>
    /// What is packed beyond the input on each side, in px, where the model sees a crop: an augmentation that
    /// moves the crop then shows the image around it, not a black edge by which the move could be told.
    /// </summary>
    internal (int X, int Y) PackedBorder =>
        Strip is not null ? ((Width + 3) / 4, (Height + 15) / 16)
        : Crop is not null ? ((Width + 3) / 4, (Height + 3) / 4)
        : (0, 0);

    /// <summary>
    /// How many packed pixels there are for one of the input along a side. A strip is cut anew out of the packed one at
    /// each step, along a curve that was moved a little; packed more finely, it loses next to nothing by that.
    /// </summary>
    internal double PackedDensity => Strip is not null ? 1.5 : 1;

    /// <summary>The size of a packed image in its own pixels, with its border.</summary>
    internal (int Width, int Height) PackedSize => (
        (int)Math.Ceiling((Width + 2 * PackedBorder.X) * PackedDensity),
        (int)Math.Ceiling((Height + 2 * PackedBorder.Y) * PackedDensity));

    /// <summary>The way in which a curve is laid into the strip that the model looks at.</summary>
    internal StripLayout StripLayout => new(Width, Height, Strip!.Ends);

    /// <summary>
    /// Describes the contract in one line, such as "224 x 224 px (width x height), cover, 1 channel, window from
    /// percentile 0.005 to 0.995, mean 0.5, std 0.25".
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
        return $"{Width} x {Height} px (width x height), {fit}, {NumberText.Count(Channels, "channel")}, "
            + $"{window}, mean {Numbers(ChannelMeans, Mean)}, std "
            + $"{Numbers(ChannelStds, Std)}{(Crop is null ? "" : $", of {Crop.Describe()}")}"
            + (Strip is null ? "" : $", of a strip along a curve, with {Number(Strip.Ends)} of its height at each end");

        static string Numbers(IReadOnlyList<double>? each, double all) =>
            string.Join(" ", (each ?? [all]).Select(Number));
        static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/>, naming <paramref name="source"/>, when a value is impossible.
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
        Require(
            Crop is null || Enum.IsDefined(Crop.Region),
            "crop region spine, vertebra or point",
            $"{(int?)Crop?.Region}");
        Require(
            Crop is null || Crop.Margin is >= 0 and <= InputCrop.MaxMargin,
            $"a crop margin of 0 to {InputCrop.MaxMargin}",
            Text(Crop?.Margin ?? 0));
        Require(
            Crop is null
                || (Crop.Region == CropRegion.Point
                    ? Crop.Side is >= InputCrop.MinSide and <= InputCrop.MaxSide
                    : Crop.Side is null),
            $"a crop side of {InputCrop.MinSide} to {InputCrop.MaxSide} for region point, and none for others",
            Text(Crop?.Side ?? 0));
        Require(
            Crop is null
                || (Crop.Detector.Length > 0 && Crop.Digest.StartsWith(Digest.Scheme, StringComparison.Ordinal)),
            "the name and digest of the checkpoint that is cropped by",
            $"'{Crop?.Detector}' and '{Crop?.Digest}'");
        Require(
            Strip is null || (Strip.Ends is >= 0 and <= InputStrip.MaxEnds && Crop is null),
            $"strip ends of 0 to {InputStrip.MaxEnds}, and no crop beside them",
            Text(Strip?.Ends ?? 0));
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
