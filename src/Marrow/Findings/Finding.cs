namespace Marrow.Findings;

/// <summary>
/// What is said of one image: how it may be used, what a reader should know, which weights said it, and parts, one for
/// each kind of thing that was found. All geometry is in original pixels, all angles in degrees.
/// </summary>
public sealed class Finding
{
    internal Finding(string file, int width, int height) => (File, Width, Height) = (file, width, height);

    /// <summary>The same, to be changed in what an initialiser names.</summary>
    internal Finding(Finding like)
        : this(like.File, like.Width, like.Height) =>
        (Status, Confidence, ConfidenceWithinDegrees, Looks, Warnings, Checkpoints, Parts) = (
            like.Status, like.Confidence, like.ConfidenceWithinDegrees, like.Looks, like.Warnings, like.Checkpoints,
            like.Parts);

    /// <summary>The image as the user named it.</summary>
    public string File { get; }

    /// <summary>Size in the file, px; 0 when it could not be read.</summary>
    public int Width { get; }

    /// <summary>Size in the file, px; 0 when it could not be read.</summary>
    public int Height { get; }

    /// <summary>How the finding may be used.</summary>
    public FindingStatus Status { get; internal init; } = FindingStatus.Ok;

    /// <summary>0 to 1: of the whole finding; null of tasks that have none.</summary>
    public double? Confidence { get; internal init; }

    /// <summary>
    /// Where the errors were measured out of fold, <see cref="Confidence"/> is the probability that cobb1 of the
    /// corners is within so many degrees of the truth; null where it is a score of the model's own, which is no
    /// probability.
    /// </summary>
    public double? ConfidenceWithinDegrees { get; internal init; }

    /// <summary>How often the image was looked at; null where weights look once in any case.</summary>
    public FindingLooks? Looks { get; internal init; }

    /// <summary>What a reader should know ("3 vertebrae were filled in from their neighbours").</summary>
    public IReadOnlyList<string> Warnings { get; internal init; } = [];

    /// <summary>The weights that were used; empty when the image could not be read.</summary>
    public IReadOnlyList<CheckpointUse> Checkpoints { get; internal init; } = [];

    /// <summary>
    /// What was found, at most one of each kind; of a checkpoint of several tasks at most one of each kind and
    /// <see cref="FindingPart.Name"/>.
    /// </summary>
    public IReadOnlyList<FindingPart> Parts { get; internal init; } = [];

    /// <summary>The first part of a kind; null where there is none.</summary>
    public T? Part<T>() where T : FindingPart => Parts.OfType<T>().FirstOrDefault();

    /// <summary>Of an image that could not be read, with the reason.</summary>
    internal static Finding Failed(string file, string reason, params IReadOnlyList<FindingPart> parts) => new(
        file: file,
        width: 0,
        height: 0)
    {
        Status = FindingStatus.Failed,
        Warnings = [reason],
        Parts = parts,
    };

    /// <summary>
    /// The same, for a reader who asked for it although there are reasons to refuse: a person has to look at it, and
    /// the reasons stand first among the warnings.
    /// </summary>
    internal Finding Despite(IReadOnlyList<string> reasons) => new(this)
    {
        Status = Status == FindingStatus.Ok ? FindingStatus.Check : Status,
        Warnings = [.. reasons, .. Warnings],
    };

    /// <summary>The same without anything that was found, for the reasons given.</summary>
    /// <param name="parts">What is still said of the image.</param>
    internal Finding Refused(IReadOnlyList<string> reasons, params IReadOnlyList<FindingPart> parts) => new(this)
    {
        Status = FindingStatus.Refused,
        Warnings = [.. reasons, .. Warnings],
        Parts = parts,
    };

    /// <summary>The same with another part of a kind that is there, or with one more.</summary>
    internal Finding With(FindingPart part) =>
        new(this)
        {
            Parts = [.. Parts.Where(other => other.GetType() != part.GetType() || other.Name != part.Name), part],
        };

    /// <summary>What is kept of it: a folder of thousands of films must not keep their masks.</summary>
    internal Finding WithoutMask() =>
        new(this)
        {
            Parts = [.. Parts.Select(part => part is RegionsPart regions ? regions.WithoutMask() : part)],
        };
}

/// <summary>One kind of thing that was found.</summary>
public abstract class FindingPart
{
    private protected FindingPart()
    {
    }

    /// <summary>
    /// Of a checkpoint of several tasks the name of the one that says it; null where one task says everything.
    /// </summary>
    public string? Name { get; private set; }

    /// <summary>Returns the same as what one of several tasks says.</summary>
    internal FindingPart Under(string name)
    {
        var named = (FindingPart)MemberwiseClone();
        named.Name = name;
        return named;
    }
}

/// <summary>How often an image was looked at for a finding, by weights that can do so several times.</summary>
public enum FindingLooks
{
    /// <summary>As often as the weights' decoding contracts say.</summary>
    All,

    /// <summary>Once by each model (<see cref="Prediction.PredictorSet.Fast"/>): the answers err more.</summary>
    One,
}

/// <summary>How a finding may be used.</summary>
public enum FindingStatus
{
    /// <summary>Nothing unusual was noticed.</summary>
    Ok,

    /// <summary>Something is unusual, and the warnings say what: a person should look at it.</summary>
    Check,

    /// <summary>
    /// The image is unlike those that the weights know, or shows no whole spine: nothing is said of it, and the
    /// warnings say why.
    /// </summary>
    Refused,

    /// <summary>The image could not be read, or nothing could be computed of it: the warnings say why.</summary>
    Failed,
}

public sealed class CheckpointUse
{
    internal CheckpointUse(string role, string name, string digest) => (Role, Name, Digest) = (role, name, digest);

    /// <summary>The role of one that finds places about which another looks again.</summary>
    internal const string FirstLook = "first-look";

    /// <summary>
    /// "landmarks", "cobb", "corners" of one that refines those of the first, "first-look" of one whose points another
    /// sets anew, or the name of the task.
    /// </summary>
    public string Role { get; }

    /// <summary>As "retinanet-resnet16-mlnet.spineweb16".</summary>
    public string Name { get; }

    /// <summary>SHA-256 of its content.</summary>
    public string Digest { get; }
}
