using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>Saves a draft as a checkpoint in a hub.</summary>
public static class CheckpointDrafts
{
    /// <summary>
    /// Writes the checkpoint to <c>hubFolder/name/digest/</c> and loads it again. The golden sample is computed with
    /// the weights as they are stored. A user's own module gets one only when it takes a tensor and returns a tensor or
    /// an array of tensors. An existing checkpoint is never changed. Throws <see cref="MarrowException"/>, leaving
    /// nothing behind, when the config is impossible, the folder can't be written, or the model returns numbers that
    /// are not finite.
    /// </summary>
    public static Checkpoint Save(this CheckpointDraft draft, string hubFolder)
    {
        draft.Validate();
        return HubDisk.Save(hubFolder, draft.WriteFiles, draft.Cancellation);
    }
}
