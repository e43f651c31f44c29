namespace Marrow.Backbones;

/// <summary>
/// What the keys of one kind of backbone are in files of other programs. Each kind says it of itself; it is understood
/// in one place, by imports and warm starts alike. Shapes are of keys as Marrow's own backbone has them.
/// </summary>
internal abstract class BackboneSpelling
{
    /// <summary>"DenseNet".</summary>
    public abstract string Kind { get; }

    /// <summary>What can be imported, for messages: "DenseNet classifiers of torchvision and MONAI".</summary>
    public abstract string Sources { get; }

    /// <summary>
    /// What some keys of every backbone of the kind begin with and no others do, wherever in a file it stands.
    /// </summary>
    public abstract string Mark { get; }

    /// <summary>The key of the convolution that sees the image.</summary>
    public abstract string FirstConvolution { get; }

    /// <summary>
    /// What the keys of a classifier's last layer begin with, beside the backbone: "classifier.", "fc.".
    /// </summary>
    public abstract IReadOnlyList<string> Heads { get; }

    /// <summary>torchvision's models of the kind and their source; null where it has none.</summary>
    public virtual (string Models, string File)? Torchvision => null;

    /// <summary>
    /// Marrow's keys by the names in files whose program numbers its weights, which are known by all those names
    /// together; empty where no such program is known.
    /// </summary>
    public virtual IReadOnlyDictionary<string, string> Numbered { get; } = new Dictionary<string, string>();

    /// <summary>
    /// Marrow's keys by what the first layers are called where a program keeps the backbone's layers as a sequence,
    /// which numbers them: "0." for the first one. Empty where no such program is known.
    /// </summary>
    public virtual IReadOnlyDictionary<string, string> FirstInSequence { get; } = new Dictionary<string, string>();

    /// <summary>A key in Marrow's own spelling, whatever stands in front of the backbone's part.</summary>
    public virtual string Own(string key) => key;

    /// <summary>What the sizes of these weights are, in words: "dense blocks of 6, 12 layers".</summary>
    public abstract string Describe(IReadOnlyDictionary<string, long[]> shapes);
}
