using System.Text.Json.Serialization;
using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>A checkpoint, a data set or a file in a lineage.</summary>
public sealed class LineageItem
{
    internal LineageItem(string id, LineageKind kind, string name, string digest, string license) =>
        (Id, Kind, Name, Digest, License) = (id, kind, name, digest, license);

    /// <summary>The item's id, which is unique in its graph. The id of a checkpoint is its digest.</summary>
    public string Id { get; }

    /// <summary>What the item is: a checkpoint, a data set or an imported file.</summary>
    public LineageKind Kind { get; }

    /// <summary>The item's name.</summary>
    public string Name { get; }

    /// <summary>
    /// The digest of the checkpoint, of the data set's list of files, or of the file; "" when it is unknown.
    /// </summary>
    public string Digest { get; }

    /// <summary>The item's licence, as an SPDX identifier or a LicenseRef.</summary>
    public string License { get; }

    /// <summary>For a checkpoint: true when the hub holds it.</summary>
    public bool IsInHub { get; internal init; }

    /// <summary>The version of a data set; "" when it is unknown.</summary>
    public string Version { get; internal init; } = "";

    /// <summary>For a checkpoint in the hub: the time when it was created.</summary>
    [JsonInclude] internal DateTimeOffset? Created { get; init; }

    /// <summary>
    /// For a checkpoint in the hub: the one held-out metric that says most about it; null when none was measured.
    /// </summary>
    [JsonPropertyName("worth")]
    public MeasuredValue? MainMetric { get; internal init; }

    /// <summary>
    /// For a checkpoint in the hub: the record of its training; null in early versions and for imported weights.
    /// </summary>
    [JsonInclude] internal TrainingRecord? Training { get; init; }
}

/// <summary>One role that a parent had for its child. A parent with two roles has two links.</summary>
public sealed class LineageLink
{
    internal LineageLink(string parent, string child, string role, double? backboneCoverage = null, int samples = 0) =>
        (Parent, Child, Role, BackboneCoverage, Samples) = (parent, child, role, backboneCoverage, samples);

    /// <summary>The id of the parent.</summary>
    public string Parent { get; }

    /// <summary>The id of the child.</summary>
    public string Child { get; }

    /// <summary>
    /// What the parent gave. A checkpoint's role is that of <see cref="ParentCheckpoint.Role"/>: "init", "labels" or
    /// "crop". A data set's role is "trained on", or "unlabeled" when only its images were used. A file's role is
    /// "imported from". The role "further back" stands for an ancestor whose descendants in between are missing in the
    /// hub.
    /// </summary>
    public string Role { get; }

    /// <summary>
    /// The share of the backbone's parameters that came from the parent, 0 to 1; null when it is unknown and for other
    /// roles.
    /// </summary>
    public double? BackboneCoverage { get; }

    /// <summary>For a data set: the number of images that were used in this role; 0 when it is unknown.</summary>
    public int Samples { get; }

    /// <summary>The role of a data set whose labels were learnt.</summary>
    public const string TrainedOn = "trained on";

    /// <summary>What the parent was worth to the child; null when no experiment has measured it.</summary>
    public ParentWorth? Worth { get; internal init; }
}
