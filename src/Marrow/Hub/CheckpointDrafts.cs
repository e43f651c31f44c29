using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>Saves what is to become a checkpoint into a hub.</summary>
public static class CheckpointDrafts
{
    /// <summary>
    /// Writes <c>hubFolder/name/digest/</c> and loads it again. The golden sample is made with the weights as they are
    /// stored, not as they were trained; a module of the user's own has none unless it takes a tensor and gives one or an
    /// array of them. A checkpoint that is there is never changed. Throws <see cref="MarrowException"/> when the config is
    /// impossible, the folder can't be written or the model gives no finite numbers; nothing is left then.
    /// </summary>
    public static Checkpoint Save(this CheckpointDraft draft, string hubFolder)
    {
        draft.Validate();
        var staged = HubDisk.Stage(hubFolder);
        try
        {
            return HubDisk.Load(HubDisk.Place(staged, hubFolder, draft.WriteFiles(staged)), draft.Cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{staged}: can't be written ({e.Message}). {Disk.Remedy(e)}", e);
        }
        finally
        {
            HubDisk.TryDelete(staged);
        }
    }
}
