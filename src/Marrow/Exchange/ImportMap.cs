using Marrow.Inputs;

namespace Marrow.Exchange;

/// <summary>A key of the source that has no place in the model, and why it is left out.</summary>
internal sealed record DroppedKey(string Key, string Reason);

/// <summary>How the weights of one source become Marrow's, and what they expect of their input.</summary>
internal sealed class ImportMap
{
    public ImportMap(string name, string source, Func<int, InputContract> input, string preprocessing) =>
        (Name, Source, Input, Preprocessing) = (name, source, input, preprocessing);

    /// <summary>"torchvision-densenet".</summary>
    public string Name { get; }

    /// <summary>Who makes such files, and where that is written down.</summary>
    public string Source { get; }

    /// <summary>Whole keys, after the wrappers' prefixes are gone.</summary>
    public IReadOnlyList<DroppedKey> Dropped { get; init; } = [];

    /// <summary>
    /// Names of the outputs in order, where there are as many; empty when the source has none of its own.
    /// </summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>True when exactly one class holds (softmax).</summary>
    public bool ExclusiveClasses { get; init; }

    /// <summary>For weights of one channel or of three.</summary>
    public Func<int, InputContract> Input { get; }

    /// <summary>How the source itself prepares an image, and in what Marrow differs.</summary>
    public string Preprocessing { get; }

    /// <summary>The kind of backbone that the source has: "DenseNet"; null where it may have any.</summary>
    public string? Kind { get; init; }

    /// <summary>
    /// True where the source has no classifier: the outputs are then the backbone's pooled features, by the identity as
    /// the last layer.
    /// </summary>
    public bool IsWithoutHead { get; init; }

    /// <summary>
    /// Where the source takes colours and only grey images are meant: the first convolution is summed over its colours
    /// and multiplied by this, which is what one unit of the contract's input is in the source's. Null to leave it as
    /// it is.
    /// </summary>
    public double? GreyFactor { get; init; }

    /// <summary>The terms of the weights where the source has one for all; null where they must be asked for.</summary>
    public string? License { get; init; }

    /// <summary>
    /// True for a file that can be of no other known source; the first in <see cref="ImportMaps.All"/> that says so is
    /// taken.
    /// </summary>
    public Func<SourceFacts, bool> Recognises { get; init; } = _ => false;
}

/// <summary>What a map is recognised by.</summary>
/// <param name="Kind">Of the backbone: "DenseNet".</param>
/// <param name="Keys">As the file has them, without the wrappers' prefixes.</param>
/// <param name="Channels">Of the first convolution.</param>
/// <param name="Outputs">Of the classifier; 0 when none was found.</param>
/// <param name="Metadata">What the file says of itself.</param>
internal sealed record SourceFacts(
    string Kind,
    IReadOnlyCollection<string> Keys,
    int Channels,
    int Outputs,
    IReadOnlyDictionary<string, string> Metadata);
