using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>Saves what is to become a checkpoint into a hub.</summary>
public static class CheckpointDrafts
{
    /// <summary>
    /// Writes <c>hubFolder/name/digest/</c> and loads it again. The golden sample is made with the weights as they are
    /// stored, not as they were trained; a module of the user's own has none unless it takes a tensor and gives one or
    /// an array of them. A checkpoint that is there is never changed. Throws <see cref="MarrowException"/> when the
    /// config is impossible, the folder can't be written or the model gives no finite numbers; nothing is left then.
    /// </summary>
    public static Checkpoint Save(this CheckpointDraft draft, string hubFolder)
    {
        draft.Validate();
        return HubDisk.Save(hubFolder, draft.WriteFiles, draft.Cancellation);
    }
}
