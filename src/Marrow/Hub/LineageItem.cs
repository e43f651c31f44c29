using System.Text.Json.Serialization;
using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>A checkpoint, data set or file in a lineage.</summary>
/// <param name="Id">Unique in its graph; a checkpoint's digest.</param>
/// <param name="Digest">Of a checkpoint, of a data set's list of files, or of a file; "" when unknown.</param>
public sealed record LineageItem(string Id, LineageKind Kind, string Name, string Digest, string License)
{
    /// <summary>Of a checkpoint: whether the hub holds it.</summary>
    public bool IsInHub { get; init; }

    /// <summary>The version of a data set; "" when it is unknown.</summary>
    public string Version { get; init; } = "";

    /// <summary>Of a checkpoint in the hub.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Of a checkpoint in the hub: the one number that tells most, on what was held out; null when none was measured.</summary>
    [JsonPropertyName("worth")]
    public MeasuredValue? MainMetric { get; init; }

    /// <summary>Of a checkpoint in the hub: what it was made with; null in early versions and for imported weights.</summary>
    public TrainingRecord? Training { get; init; }
}

/// <summary>One part that a parent had in its child; a parent with two of them has two links.</summary>
/// <param name="Role">
/// Of a checkpoint <see cref="ParentCheckpoint.Role"/>: "init", "labels", "crop". Of a data set "trained on", or
/// "unlabeled" where its images alone were used. Of a file "imported from". "further back": an ancestor through what the
/// hub lacks.
/// </param>
/// <param name="BackboneCoverage">Share (0 to 1) of the backbone's parameters that came from the parent; null when unknown or of another role.</param>
/// <param name="Samples">Of a data set: how many images were used so; 0 when unknown.</param>
public sealed record LineageLink(string Parent, string Child, string Role, double? BackboneCoverage = null, int Samples = 0)
{
    internal const string TrainedOn = "trained on";

    /// <summary>What the parent was worth to the child; null when no experiment has measured it.</summary>
    public ParentWorth? Worth { get; init; }
}
