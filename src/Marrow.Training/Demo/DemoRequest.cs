namespace Marrow.Training.Demo;

/// <summary>What to show and where; the defaults take a few minutes on two cores.</summary>
public sealed class DemoRequest
{
    /// <summary>
    /// For everything that is made. One that holds a finished demo is left alone, and the next goes to the folder of
    /// that name with "-2" behind it.
    /// </summary>
    public required string OutFolder { internal get; init; }

    /// <summary>Of the phantoms, the splits, the weights and the order of the films.</summary>
    public ulong Seed { internal get; init; } = 1;

    /// <summary>"stage.key=value" upon recipes/demo.yaml, as <c>marrow run --set</c> takes them.</summary>
    public IReadOnlyList<string> Overrides { internal get; init; } = [];

    /// <summary>Chest phantoms to learn features from.</summary>
    internal int Chests { get; init; } = 480;

    /// <summary>Spine phantoms, each of another patient; half of them are held out.</summary>
    internal int Spines { get; init; } = 128;

    /// <summary>As typed, for the checkpoints' cards.</summary>
    public string Command { internal get; init; } = "marrow demo";
}
