using System.Globalization;
using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Exchange;

/// <summary>
/// The metadata of an exported file: its origin, its licence terms, and what input the weights expect and what output
/// they give. All values are strings, since safetensors and ONNX hold nothing else. Lists and records are JSON, with
/// the property names of the checkpoint's own files.
/// </summary>
internal static class ExportMetadata
{
    /// <summary>
    /// Returns the metadata of a file from which the checkpoint can be imported again. It also names the parents and
    /// holds the digest by which the exported numbers are recognised.
    /// </summary>
    public static SortedDictionary<string, string> Of(
        Checkpoint checkpoint,
        IReadOnlyList<KeyValuePair<string, torch.Tensor>> weights)
    {
        var metadata = Of(checkpoint);
        metadata["parents"] = Json(checkpoint.Parents);
        metadata["weights"] = TensorDigest.Of(weights);
        return metadata;
    }

    public static SortedDictionary<string, string> Of(Checkpoint checkpoint)
    {
        var config = checkpoint.Config;
        return new(StringComparer.Ordinal)
        {
            ["name"] = checkpoint.Name,
            ["digest"] = checkpoint.Digest,
            ["architecture"] = config.Model.Architecture,
            ["task"] = config.Task,
            ["license"] = checkpoint.License,
            ["ancestors"] = Json(checkpoint.Parents.Ancestors()),
            ["classes"] = Json(config.Classes),
            ["input"] = Json(config.Input),
            ["preprocessing"] = Preprocessing(config.Input),
            ["config"] = Json(config),
            ["marrow"] = CheckpointConfig.CodeVersion,
        };
    }

    /// <summary>
    /// Describes each step from an image to the model's input, for those who have to program it again.
    /// </summary>
    public static string Preprocessing(InputContract input)
    {
        var window =
            input.Window == WindowKind.FullRange
                ? "0 and the largest value that the pixels' type can hold become 0 and 255"
                : Inv(
                    $"the percentiles {100 * input.WindowLow:0.###} and {100 * input.WindowHigh:0.###} of all pixels")
                    + " become 0 and 255, what lies outside is clipped";
        var fit = input.Fit switch
        {
            Fit.Stretch => "each axis scaled on its own",
            Fit.Letterbox => "scaled evenly and centred on black",
            _ => Inv($"scaled evenly until both sides are {1 / input.CropShare:0.######} times those wanted or longer")
                + ", and cut from the centre",
        };
        var normalised = input.ChannelMeans is null
            ? Inv($"minus {input.Mean:0.######}; divided by {input.Std:0.######}")
                + (input.Channels > 1 ? Inv($"; repeated over {input.Channels} channels") : "")
            : $"repeated over {input.Channels} channels; minus {Numbers(input.ChannelMeans)}; divided by "
                + $"{Numbers(input.ChannelStds!)}, channel by channel";
        var part = input.Crop is { } crop
            ? $"Not the whole image but {crop.Describe()} ({crop.Digest}), in place of it"
                + (crop.Side is null
                    ? ". "
                    : ": upright, about the place in original pixels, with a side of that share in original pixels "
                        + "too. ")
                + "What of it lies outside the image is black, and counts in no percentile. "
            : "";
        return Inv(
                $"{part}Greyscale, dense structures bright; {window}; {fit} to {input.Width} x {input.Height} px ")
            + $"(width x height) by area averages; rounded to whole numbers; divided by 255; {normalised}.";

        static string Numbers(IReadOnlyList<double> values) =>
            string.Join(" ", values.Select(v => Inv($"{v:0.######}")));
        static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    public static string Json<T>(T value) => JsonSerializer.Serialize(value, MarrowJson.Line);
}
