using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>The terms of all that a checkpoint came from, as its manifest names them.</summary>
internal static class LicenseClosure
{
    /// <summary>
    /// Throws <see cref="MarrowException"/> when the checkpoint may not be passed on under this licence: the message names
    /// each ancestor whose terms it does not keep, its licence and the term.
    /// </summary>
    public static void Require(LocalHub hub, CheckpointManifest manifest, string license)
    {
        ArgumentNullException.ThrowIfNull(hub);
        var ancestors = manifest.Parents.Ancestors();
        var breaches = Licenses.Breaches(license, ancestors);
        if (breaches.Count > 0)
            throw MarrowException.Bad($"{manifest.Name}@{manifest.Digest}", "a licence that keeps the terms of all that it came from",
                $"{license}, but {string.Join("; ", breaches.Select(b => b.ToString()).Distinct())}", $"It can be passed on under {Licenses.Join([license, .. ancestors.Select(a => a.License)])}, to those who may have it.");
    }
}
