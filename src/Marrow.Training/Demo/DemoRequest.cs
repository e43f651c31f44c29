namespace Marrow.Training.Demo;

/// <summary>What to show and where; the defaults take a few minutes on two cores.</summary>
public sealed record DemoRequest
{
    /// <summary>The demo's folder, relative to the current one.</summary>
    public const string DefaultFolder = "runs/demo";

    /// <summary>
    /// For everything that is made. One that holds a finished demo is left alone: see <see cref="DemoFolder"/>.
    /// </summary>
    public string OutFolder { get; init; } = DefaultFolder;

    /// <summary>Of the phantoms, the splits, the weights and the order of the films.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>"stage.key=value" upon recipes/demo.yaml, as <c>marrow run --set</c> takes them.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>Chest phantoms to learn features from.</summary>
    internal int Chests { get; init; } = 480;

    /// <summary>Spine phantoms, each of another patient; half of them are held out.</summary>
    internal int Spines { get; init; } = 128;

    /// <summary>As typed, for the checkpoints' cards.</summary>
    public string Command { get; init; } = "marrow demo";
}
