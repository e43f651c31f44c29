// configs/metadata.json of a MONAI bundle ("MONAI Bundle Specification"): all keys that it demands, and those of the
// others that a checkpoint can fill.

using System.Globalization;
using System.Text.Json.Serialization;
using Marrow.Checkpoints;
using Marrow.Tasks;

namespace Marrow.Exchange;

/// <summary>The metadata of a MONAI bundle. The properties have MONAI's own names.</summary>
internal sealed record MonaiMetadata
{
    public string Schema { get; init; } =
        "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20220324.json";
    public required string Version { get; init; }
    public required IReadOnlyDictionary<string, string> Changelog { get; init; }

    // The specification demands three versions. The weights need no MONAI; 0.9 is the first that knows bundles, and
    // with the other two the state dict is loaded in Marrow's tests.
    [JsonPropertyName("monai_version")]
    public string MonaiVersion { get; init; } = "0.9.0";

    [JsonPropertyName("pytorch_version")]
    public string PyTorchVersion { get; init; } = "1.13.1";

    [JsonPropertyName("numpy_version")]
    public string NumpyVersion { get; init; } = "1.24.2";

    [JsonPropertyName("optional_packages_version")]
    public IReadOnlyDictionary<string, string> OptionalPackages { get; init; } =
        new Dictionary<string, string> { ["torchvision"] = "0.14.1", ["onnxruntime"] = "1.31.1" };

    public required string Name { get; init; }
    public required string Task { get; init; }
    public required string Description { get; init; }
    public required string Authors { get; init; }
    public required string Copyright { get; init; }

    [JsonPropertyName("data_source")]
    public required string DataSource { get; init; }

    [JsonPropertyName("data_type")]
    public string DataType { get; init; } = "image files (PNG, JPEG) of radiographs";

    [JsonPropertyName("image_classes")]
    public required string ImageClasses { get; init; }

    [JsonPropertyName("pred_classes")]
    public required string PredictedClasses { get; init; }

    [JsonPropertyName("eval_metrics")]
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    [JsonPropertyName("intended_use")]
    public required string IntendedUse { get; init; }

    public required IReadOnlyList<string> References { get; init; }

    /// <summary>Names the checkpoint that was exported. This key is not part of MONAI's specification.</summary>
    public required IReadOnlyDictionary<string, string> Marrow { get; init; }

    [JsonPropertyName("network_data_format")]
    public required MonaiDataFormat NetworkDataFormat { get; init; }

    public static MonaiMetadata Of(Checkpoint checkpoint, CardText card)
    {
        var (config, version) = (
            checkpoint.Config,
            checkpoint.Created.UtcDateTime.ToString("yyyy.M.d", CultureInfo.InvariantCulture));
        return new()
        {
            Version = version,
            Changelog = new Dictionary<string, string>
            {
                [version] = $"Exported by Marrow from {checkpoint.Name}@{checkpoint.Digest}",
            },
            Name = checkpoint.Name,
            Task = TaskCatalogue.Find(config.Task)?.Summary(config) ?? config.Task,
            Description = card.Summary,
            Authors = "not named in the checkpoint",
            Copyright = $"Weights under {checkpoint.License}; the ancestors' terms are in LICENSE",
            DataSource = string.Join(
                "; ",
                checkpoint.Parents.Datasets.Select(d =>
                    $"{d.Name}, {d.License}{(d.Citation.Length > 0 ? $". {d.Citation}" : "")}")),
            ImageClasses = ExportMetadata.Preprocessing(config.Input),
            PredictedClasses = string.Join(" ", config.Outputs.Select(o => $"{o.Name} ({o.Unit}): {o.Meaning}")),
            Metrics = checkpoint
                .Metrics.Where(m => double.IsFinite(m.Value))
                .GroupBy(m => m.Metric)
                .ToDictionary(g => g.Key, g => g.First().Value),
            IntendedUse = card.Section("Limits and intended use"),
            References = [.. checkpoint.Parents.Datasets.Select(d => d.Citation).Where(c => c.Length > 0).Distinct()],
            Marrow = new Dictionary<string, string>
            {
                ["digest"] = checkpoint.Digest,
                ["architecture"] = config.Model.Architecture,
                ["license"] = checkpoint.License,
                ["version"] = CheckpointConfig.CodeVersion,
            },
            NetworkDataFormat = MonaiDataFormat.Of(config),
        };
    }
}

/// <summary>The model's inputs and outputs by name.</summary>
internal sealed record MonaiDataFormat(
    IReadOnlyDictionary<string, MonaiTensor> Inputs,
    IReadOnlyDictionary<string, MonaiTensor> Outputs)
{
    /// <summary>Describes the inputs and outputs of models/model.pt, which returns raw numbers.</summary>
    public static MonaiDataFormat Of(CheckpointConfig config)
    {
        var input = config.Input;
        var channels = Enumerable.Range(0, input.Channels).ToList();
        var image = new MonaiTensor(
            "image",
            "magnitude",
            input.Channels,
            [input.Height, input.Width],
            [
                channels.Min(c => (0 - input.MeanOf(c)) / input.StdOf(c)),
                channels.Max(c => (1 - input.MeanOf(c)) / input.StdOf(c)),
            ],
            channels.ToDictionary(c => c.ToString(CultureInfo.InvariantCulture), _ => "image"), Modality: "X-ray");
        return new(new Dictionary<string, MonaiTensor> { ["image"] = image }, Given(config));
    }

    private static Dictionary<string, MonaiTensor> Given(CheckpointConfig config) =>
        TaskCatalogue
            .Get(config.Task)
            .RawOutputs(config)
            .ToDictionary(
                output => output.Name,
                output => new MonaiTensor(
                    output.Kind,
                    output.Format,
                    output.Channels.Count,
                    output.Shape,
                    [],
                    output
                        .Channels.Index()
                        .ToDictionary(
                            channel => channel.Index.ToString(CultureInfo.InvariantCulture),
                            channel => channel.Item)));
}

/// <summary>Describes one tensor. A size is a number or an expression in n.</summary>
internal sealed record MonaiTensor(
    string Type,
    string Format,
    [property: JsonPropertyName("num_channels")] int Channels,
    [property: JsonPropertyName("spatial_shape")] IReadOnlyList<object> SpatialShape,
    [property: JsonPropertyName("value_range")] IReadOnlyList<double> ValueRange,
    [property: JsonPropertyName("channel_def")] IReadOnlyDictionary<string, string> ChannelDefinition,
    string Modality = "n/a")
{
    public string Dtype { get; } = "float32";

    [JsonPropertyName("is_patch_data")]
    public bool IsPatchData { get; }
}
