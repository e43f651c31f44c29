using System.Buffers.Binary;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Marrow.Computing;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks.Familiarity;

/// <summary>
/// What a model's weights know of images, so that an image unlike those can be refused: where the sketches of the
/// training images lie, and how far from there an image may be (Lee et al. 2018, "A Simple Unified Framework for
/// Detecting Out-of-Distribution Samples", with one class). It belongs to the weights as the decoding contract does,
/// and stands beside that in the section "familiarity" of config.json. Checkpoints without it refuse nothing by it.
/// </summary>
internal sealed record FamiliarityContract
{
    /// <summary>The shallowest level of the backbone that is looked at.</summary>
    [Range(1, ImageSketch.Levels)]
    public required int FirstLevel { get; init; }

    /// <summary>The number of bands from top to bottom over which channels are averaged.</summary>
    [Range(1, ImageSketch.MostBands)]
    public required int Bands { get; init; }

    /// <summary>How many numbers of a sketch come from each level.</summary>
    [Range(1, ImageSketch.MostNumbersPerLevel)]
    public required int NumbersPerLevel { get; init; }

    /// <summary>The seed of the signs with which channels and bands are added up.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How many training images the mean and the spread are of.</summary>
    [Range(2, int.MaxValue)]
    public required int Images { get; init; }

    /// <summary>The mean sketch of the training images.</summary>
    [JsonConverter(typeof(FloatsConverter))]
    public required IReadOnlyList<double> Mean { get; init; }

    /// <summary>The spread of the training images about it; see <see cref="SpreadMatrix"/>.</summary>
    [JsonConverter(typeof(FloatsConverter))]
    public required IReadOnlyList<double> Spread { get; init; }

    /// <summary>The distance, in spreads, beyond which an image is unfamiliar.</summary>
    [Range(1e-6, 1e9)]
    public required double MostDistance { get; init; }

    /// <summary>The share of images like those of the training that are farther away.</summary>
    [Range(0.0, 0.5)]
    public required double Rate { get; init; }

    /// <summary>How many images that the weights were not trained on the distance was chosen by.</summary>
    [Range(2, int.MaxValue)]
    public required int RateImages { get; init; }

    [JsonIgnore]
    internal ImageSketch Sketch => new(FirstLevel, Bands, NumbersPerLevel, Seed);

    /// <summary>
    /// Returns how unfamiliar each image is: its distance from the training images as a multiple of the largest that is
    /// allowed, so that what is above 1 is to be refused.
    /// </summary>
    /// <param name="images">Normalised images [N, C, H, W] in the memory layout of <paramref name="compute"/>.</param>
    public IReadOnlyList<double> Of(TaskModel task, Tensor images, Compute compute) =>
        [.. Sketch.Of(task, images, compute).Select(Of)];

    internal double Of(double[] sketch) => SpreadMatrix.Distance(sketch, Mean, Spread) / MostDistance;

    /// <summary>Returns sentences that say why an image is refused; empty when it is familiar.</summary>
    public static IReadOnlyList<string> Refusals(double unfamiliarity) => unfamiliarity <= 1 ? [] :
    [
        FormattableString.Invariant(
            $"The image is unlike those of the training: {unfamiliarity:0.0#} times as far from them as it may be."),
    ];

    /// <summary>
    /// Runs the judgement on made-up maps of a backbone and returns the results by name, which form a part of the
    /// golden finding, as <see cref="DecodingContract.Rehearse"/> does.
    /// </summary>
    internal IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random)
    {
        const int cases = 8, channels = 24;
        var distances = new List<double>();
        for (var i = 0; i < cases; i++)
        {
            var spread = random.Uniform(0, 2);
            distances.Add(Of(Sketch.Of([.. Enumerable.Range(FirstLevel, ImageSketch.Levels + 1 - FirstLevel).Select(_ =>
                new ArraySegment<float>([.. Enumerable.Range(0, channels * Bands).Select(_ =>
                    (float)(spread * random.NextGaussian()))]))])));
        }
        return
        [
            new("unfamiliarity", distances),
            new("unfamiliar", [.. distances.Select(d => (double)Refusals(d).Count)]),
        ];
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when a value is out of bounds.
    /// </summary>
    internal void Validate(string path)
    {
        DecodingContract.RequireBounds(DecodingContract.Bounded(this), "familiarity", path);
        var numbers = Sketch.Length;
        if (Mean.Count != numbers || Spread.Count != SpreadMatrix.Size(numbers))
            throw MarrowException.Bad(
                path,
                $"{numbers} numbers as familiarity.mean and {SpreadMatrix.Size(numbers)} as familiarity.spread",
                $"{Mean.Count} and {Spread.Count}",
                DecodingContract.Remedy);
        var diagonal = Enumerable.Range(0, numbers).Select(i => Spread[SpreadMatrix.Size(i + 1) - 1]);
        if (!Mean.Concat(Spread).All(double.IsFinite) || !diagonal.All(value => value > 0))
            throw MarrowException.Bad(
                path,
                "finite numbers as familiarity.mean and familiarity.spread, those of the diagonal above 0",
                "others",
                DecodingContract.Remedy);
    }

    /// <summary>Writes numbers as base64 of float32, little-endian: there are too many to be read by people.</summary>
    private sealed class FloatsConverter : JsonConverter<IReadOnlyList<double>>
    {
        public override IReadOnlyList<double> Read(
            ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String
                || !reader.TryGetBytesFromBase64(out var bytes)
                || bytes.Length % sizeof(float) != 0)
                throw new JsonException("Expected base64 of float32 numbers.");
            return [.. bytes.Chunk(sizeof(float)).Select(b => (double)BinaryPrimitives.ReadSingleLittleEndian(b))];
        }

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<double> value, JsonSerializerOptions options)
        {
            var bytes = new byte[value.Count * sizeof(float)];
            foreach (var (i, number) in value.Index())
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), (float)number);
            writer.WriteBase64StringValue(bytes);
        }
    }
}
