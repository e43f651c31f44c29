using Marrow.Imaging;
using Marrow.Tasks;

namespace Marrow.Checkpoints;

/// <summary>
/// The part of golden.json that goes on to the finding: what the checkpoint's decoding and its familiarity make of
/// made-up outputs, which are drawn from the seed. The outputs of golden.json prove that the weights still compute the
/// same; this proves that the same is still said of what they compute. The two are apart because a decoding chooses:
/// fed with what a machine's rounding may change, it might choose otherwise there. No model is run, so it is looked at
/// wherever a checkpoint is verified.
/// </summary>
internal sealed record GoldenFinding
{
    private const ulong FixedSeed = 17;
    private const double DefaultTolerance = 1e-6; // ten times what is lost where values are kept as float32

    public required ulong Seed { get; init; }

    /// <summary>
    /// The largest difference that is allowed, as a share of the largest recorded magnitude of the value.
    /// </summary>
    public double Tolerance { get; init; } = DefaultTolerance;

    public required IReadOnlyList<GoldenOutput> Values { get; init; }

    /// <summary>
    /// Records what the decoding and the familiarity of a config return; null for a config that has neither.
    /// </summary>
    public static GoldenFinding? Record(CheckpointConfig config, string path) =>
        Rehearse(config, FixedSeed, path) is { Count: > 0 } values ? new() { Seed = FixedSeed, Values = values } : null;

    /// <summary>
    /// Runs the decoding again. Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when it returns
    /// anything else.
    /// </summary>
    public void Verify(CheckpointConfig config, string path)
    {
        if (Rehearse(config, Seed, path) is not { Count: > 0 } values)
            throw GoldenOutput.Bad(path, $"no finding for {config.Task}, whose outputs are the finding", "one");
        GoldenOutput.RequireEqual(Values, values, Tolerance, path);
    }

    /// <summary>
    /// Verifies the recorded finding in a folder whose files are intact. Does nothing when none was recorded, and for
    /// tasks that this version does not have.
    /// </summary>
    public static void VerifyStored(string folder, CheckpointManifest manifest)
    {
        var path = Path.Combine(folder, Checkpoint.GoldenFile);
        if (manifest.ReadListed<GoldenSample>(folder, Checkpoint.GoldenFile)?.Finding is not { } finding)
            return;
        if (manifest.ReadListed<CheckpointConfig>(folder, Checkpoint.ConfigFile) is { } config
            && TaskCatalogue.Find(config.Task) is not null)
            finding.Verify(config, path);
    }

    private static IReadOnlyList<GoldenOutput> Rehearse(CheckpointConfig config, ulong seed, string path) =>
    [
        .. config.ReadDecoding(path) is { } decoding ? Rehearse(decoding, seed) : [],
        .. config.Familiarity is { } familiarity ? Kept(familiarity.Rehearse(new SeededRandom(seed))) : [],
        .. from part in config.PartConfigs
           from value in Rehearse(part.Config, seed, path)
           select value with { Name = $"{part.Name}.{value.Name}" },
    ];

    internal static IReadOnlyList<GoldenOutput> Rehearse(DecodingContract decoding, ulong seed) =>
        Kept(decoding.Rehearse(new SeededRandom(seed)));

    private static IReadOnlyList<GoldenOutput> Kept(IReadOnlyList<RehearsedValue> values) =>
    [
        .. from value in values
           let count = value.Numbers.Count
           select GoldenOutput.Of(value.Name, [count], count, i => (float)value.Numbers[(int)i]),
    ];
}
