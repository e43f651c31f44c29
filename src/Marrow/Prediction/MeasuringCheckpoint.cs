using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Tasks;
using Marrow.Tasks.Intervals;

namespace Marrow.Prediction;

/// <summary>
/// What the checkpoints of all folds of a cross-validation have in common, and what a checkpoint to which the folds'
/// errors are to apply must have, too: the weights differ, the way of measuring does not.
/// </summary>
/// <param name="Name">The architecture and the tag that the recipe gave it.</param>
/// <param name="Width">Of the input.</param>
/// <param name="Height">Of the input.</param>
/// <param name="Decoding">The values of its decoding on which the angles depend.</param>
internal sealed record MeasuringCheckpoint(SpineRole Role, string Name, int Width, int Height, JsonElement Decoding)
{
    /// <summary>Returns the description; null for a checkpoint on which the corners do not depend.</summary>
    public static MeasuringCheckpoint? Of(Checkpoint checkpoint) =>
        TaskCatalogue.Find(checkpoint.Config.Task)?.SpineRole is { } role and not SpineRole.Angles
            ? new(
                role, checkpoint.Name, checkpoint.Config.Input.Width, checkpoint.Config.Input.Height,
                DecodingOf(checkpoint).Write())
            : null;

    /// <summary>
    /// Returns in which way checkpoints measure otherwise than those that are described; null when they measure alike.
    /// </summary>
    /// <param name="path">The file that the description is from, for errors.</param>
    public static string? Difference(
        IReadOnlyList<MeasuringCheckpoint> described, IReadOnlyList<Checkpoint> checkpoints, string path)
    {
        var left = described.ToList();
        foreach (var checkpoint in checkpoints.Where(c => Of(c) is not null))
        {
            var differences = left.ToDictionary(m => m, m => m.DifferenceTo(checkpoint, path));
            if (left.Find(m => differences[m] is null) is not { } same)
                return differences.Values.FirstOrDefault(d => d != checkpoint.Name) ?? checkpoint.Name;
            left.Remove(same);
        }
        return left.Count == 0 ? null : $"none of the name {left[0].Name}";
    }

    private string? DifferenceTo(Checkpoint checkpoint, string path)
    {
        if (Of(checkpoint) is not { } other || other.Role != Role || other.Name != Name)
            return checkpoint.Name;
        if (other.Width != Width || other.Height != Height)
            return $"{checkpoint.Name} with an input of {other.Width} x {other.Height}, not {Width} x {Height}";
        var decoding = DecodingOf(checkpoint);
        return decoding.Equals(DecodingContract.Read(Decoding, decoding, path))
            ? null
            : $"{checkpoint.Name} with another decoding";
    }

    private static DecodingContract DecodingOf(Checkpoint checkpoint) =>
        checkpoint.Config.ReadDecoding(checkpoint.Name) switch
        {
            CornersDecoding corners => corners.OfAngles,
            var other => other!,
        };
}
