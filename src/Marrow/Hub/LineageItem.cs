using System.Text.Json.Serialization;
using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>A checkpoint, data set or file in a lineage.</summary>
public sealed class LineageItem
{
    internal LineageItem(string id, LineageKind kind, string name, string digest, string license) =>
        (Id, Kind, Name, Digest, License) = (id, kind, name, digest, license);

    /// <summary>Unique in its graph; a checkpoint's digest.</summary>
    public string Id { get; }

    public LineageKind Kind { get; }

    public string Name { get; }

    /// <summary>Of a checkpoint, of a data set's list of files, or of a file; "" when unknown.</summary>
    public string Digest { get; }

    public string License { get; }

    /// <summary>Of a checkpoint: whether the hub holds it.</summary>
    public bool IsInHub { get; internal init; }

    /// <summary>The version of a data set; "" when it is unknown.</summary>
    public string Version { get; internal init; } = "";

    /// <summary>Of a checkpoint in the hub.</summary>
    [JsonInclude] internal DateTimeOffset? Created { get; init; }

    /// <summary>
    /// Of a checkpoint in the hub: the one number that tells most, on what was held out; null when none was measured.
    /// </summary>
    [JsonPropertyName("worth")]
    public MeasuredValue? MainMetric { get; internal init; }

    /// <summary>
    /// Of a checkpoint in the hub: what it was made with; null in early versions and for imported weights.
    /// </summary>
    [JsonInclude] internal TrainingRecord? Training { get; init; }
}

/// <summary>One part that a parent had in its child; a parent with two of them has two links.</summary>
public sealed class LineageLink
{
    internal LineageLink(string parent, string child, string role, double? backboneCoverage = null, int samples = 0) =>
        (Parent, Child, Role, BackboneCoverage, Samples) = (parent, child, role, backboneCoverage, samples);

    public string Parent { get; }

    public string Child { get; }

    /// <summary>
    /// Of a checkpoint <see cref="ParentCheckpoint.Role"/>: "init", "labels", "crop". Of a data set "trained on", or
    /// "unlabeled" where its images alone were used. Of a file "imported from". "further back": an ancestor through
    /// what the hub lacks.
    /// </summary>
    public string Role { get; }

    /// <summary>
    /// Share (0 to 1) of the backbone's parameters that came from the parent; null when unknown or of another role.
    /// </summary>
    public double? BackboneCoverage { get; }

    /// <summary>Of a data set: how many images were used so; 0 when unknown.</summary>
    public int Samples { get; }

    public const string TrainedOn = "trained on";

    /// <summary>What the parent was worth to the child; null when no experiment has measured it.</summary>
    public ParentWorth? Worth { get; internal init; }
}
