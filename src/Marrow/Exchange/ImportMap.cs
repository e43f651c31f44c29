using Marrow.Inputs;

namespace Marrow.Exchange;

/// <summary>A key of the source that has no place in Marrow's model, and the reason why it is left out.</summary>
internal sealed record DroppedKey(string Key, string Reason);

/// <summary>How the weights of one source become Marrow's, and what they expect of their input.</summary>
internal sealed class ImportMap
{
    public ImportMap(string name, string source, Func<int, InputContract> input, string preprocessing) =>
        (Name, Source, Input, Preprocessing) = (name, source, input, preprocessing);

    /// <summary>The map's name, such as "torchvision-densenet".</summary>
    public string Name { get; }

    /// <summary>The program or project that makes such files, and where its format is documented.</summary>
    public string Source { get; }

    /// <summary>
    /// Keys of the source that are left out. They are compared as a whole, after wrappers' prefixes are removed.
    /// </summary>
    public IReadOnlyList<DroppedKey> Dropped { get; init; } = [];

    /// <summary>
    /// Names of the outputs in order, used when the file has exactly that many outputs; empty when the source names
    /// none.
    /// </summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>True when exactly one class applies to an image (softmax).</summary>
    public bool ExclusiveClasses { get; init; }

    /// <summary>Returns the input that weights with this number of channels, 1 or 3, expect.</summary>
    public Func<int, InputContract> Input { get; }

    /// <summary>Describes how the source itself prepares an image, and in what Marrow differs.</summary>
    public string Preprocessing { get; }

    /// <summary>The kind of backbone that the source has, such as "DenseNet"; null when it can have any kind.</summary>
    public string? Kind { get; init; }

    /// <summary>
    /// True when the source has no classifier. The model's outputs are then the backbone's pooled features, and its
    /// last layer is the identity.
    /// </summary>
    public bool IsWithoutHead { get; init; }

    /// <summary>
    /// The factor for sources whose first convolution takes colours although only grey images are meant. The
    /// convolution is summed over its colours and multiplied by this factor, which converts one unit of the contract's
    /// input to the source's unit. Null leaves the convolution as it is.
    /// </summary>
    public double? GreyFactor { get; init; }

    /// <summary>
    /// The licence of the weights when the source has one for all of them; null when the user has to give it.
    /// </summary>
    public string? License { get; init; }

    /// <summary>
    /// Returns true for a file that can come from no other known source. The first map in <see cref="ImportMaps.All"/>
    /// that returns true is taken.
    /// </summary>
    public Func<SourceFacts, bool> Recognises { get; init; } = _ => false;
}

/// <summary>The facts about a file by which its import map is recognised.</summary>
/// <param name="Kind">The kind of backbone, such as "DenseNet".</param>
/// <param name="Keys">The file's keys without the wrappers' prefixes.</param>
/// <param name="Channels">The number of input channels of the first convolution.</param>
/// <param name="Outputs">The number of outputs of the classifier; 0 when no classifier was found.</param>
/// <param name="Metadata">The key-value pairs that the file itself holds as metadata.</param>
internal sealed record SourceFacts(
    string Kind,
    IReadOnlyCollection<string> Keys,
    int Channels,
    int Outputs,
    IReadOnlyDictionary<string, string> Metadata);
