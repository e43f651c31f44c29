using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>
/// From a hub's folder to its entries: names, digests in each, and what each manifest says. A manifest is taken from
/// the index where its file has the size and time of change that it had when it was read; the folder of a name is not
/// listed again where its time of change is the same. Times within two seconds of the scan prove nothing (what changed
/// right after may carry the same) and are not kept.
/// </summary>
internal static class HubScan
{
    private const int FewestIndexed = 100; // fewer are read faster than anybody notices
    private const int Attempts = 3; // against checkpoints that go and come while they are read
    private static readonly TimeSpan TimesCanHide = TimeSpan.FromSeconds(2); // FAT's step, the coarsest

    /// <summary>Returns all entries by name, the newest of each name first.</summary>
    /// <param name="indexFolder">The folder of the index; null for the one in the user's cache.</param>
    public static IReadOnlyList<HubEntry> All(string hub, string? indexFolder)
    {
        var before = (indexFolder ?? UserCache.Existing(UserCache.Hubs)) is { } kept ? HubIndex.Read(hub, kept) : [];
        var after = new Dictionary<string, IndexedName>(StringComparer.Ordinal);
        var settled = (DateTime.UtcNow - TimesCanHide).Ticks;
        var entries = new List<HubEntry>();
        var isChanged = false;
        foreach (var home in Names(hub))
        {
            var name = new NameScan(hub, home, before.GetValueOrDefault(home.Name), settled);
            entries.AddRange(Sorted(name.Entries));
            after[home.Name] = name.Indexed;
            isChanged |= name.IsChanged;
        }
        if (entries.Count >= FewestIndexed && (isChanged || after.Count != before.Count))
        {
            if ((indexFolder ?? UserCache.Open(UserCache.Hubs, "large hubs are listed more slowly")) is { } folder)
                HubIndex.Write(hub, folder, after);
        }
        return entries;
    }

    /// <summary>Returns all checkpoints, sorted by name. Reads every manifest, on all processor cores.</summary>
    public static IReadOnlyList<HubEntry> Unindexed(string hub)
    {
        var all = Names(hub).SelectMany(home => Digests(home.FullName).Select(hex => (home.Name, Hex: hex))).ToList();
        var read = new HubEntry?[all.Count];
        Parallel.For(0, all.Count, i => read[i] = Read(hub, all[i].Name, all[i].Hex));
        return [.. read.OfType<HubEntry>()];
    }

    /// <summary>Returns the checkpoints of one name, the newest first. Reads every manifest.</summary>
    public static IReadOnlyList<HubEntry> Of(string hub, string name) =>
        [.. Sorted([.. Digests(Path.Combine(hub, name)).Select(hex => Read(hub, name, hex)).OfType<HubEntry>()])];

    /// <summary>
    /// Finds a checkpoint by the name of its folder and reads its manifest; null when there is none, or only a damaged
    /// one.
    /// </summary>
    public static HubEntry? ByDigest(string hub, Digest digest)
    {
        if (digest.IsNone)
            return null;
        return Names(hub)
            .Where(home => Directory.Exists(Path.Combine(home.FullName, digest.Hex)))
            .Select(home => Read(hub, home.Name, digest.Hex))
            .FirstOrDefault(e => e is { Problem: null });
    }

    /// <summary>
    /// Reads an entry that need not lie in a hub. Throws <see cref="MarrowException"/> when its manifest can't be read.
    /// </summary>
    public static HubEntry Read(string folder)
    {
        var manifest = CheckpointManifest.Read(folder);
        var file = new FileInfo(Path.Combine(folder, CheckpointManifest.FileName));
        return HubEntry.Of(manifest, folder, file.Exists ? file.Length : 0);
    }

    /// <summary>Returns the entry of one folder; null when the folder was removed in the meantime.</summary>
    private static HubEntry? Read(string hub, string name, string hex)
    {
        var folder = Path.Combine(hub, name, hex);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var entry = Read(folder);
                return entry.Name == name ? entry
                    : throw MarrowException.Bad(
                        folder,
                        $"a checkpoint named {name}, as the folder is",
                        entry.Name,
                        "Move it to its own name's folder.");
            }
            catch (MarrowException e)
            {
                if (!Directory.Exists(folder))
                    return null;
                if (attempt == Attempts)
                    return new(name, Digest.OfHex(hex), DateTimeOffset.MinValue, folder, e.Message);
            }
        }
    }

    /// <summary>Scans the checkpoints of one name, and prepares the entry that the index keeps for that name.</summary>
    private sealed class NameScan
    {
        private readonly string _hub;
        private readonly string _name;
        private readonly long _settled;
        private readonly List<IndexedManifest> _kept = [];

        public NameScan(string hub, DirectoryInfo home, IndexedName? before, long settled)
        {
            (_hub, _name, _settled) = (hub, home.Name, settled);
            // The time of a link is not the time of what it leads to.
            var changed = home.Attributes.HasFlag(FileAttributes.ReparsePoint)
                ? long.MaxValue
                : home.LastWriteTimeUtc.Ticks;
            if (before is not null && before.Ticks == changed)
            {
                foreach (var manifest in before.Manifests)
                    Take(Path.GetFileName(manifest.Entry.Folder), manifest);
            }
            else
            {
                var known = new Dictionary<string, IndexedManifest>(StringComparer.Ordinal);
                foreach (var manifest in before?.Manifests ?? [])
                    known[Path.GetFileName(manifest.Entry.Folder)] = manifest;
                foreach (var hex in Digests(Path.Combine(hub, _name)))
                    Take(hex, known.TryGetValue(hex, out var manifest) ? manifest : null);
            }
            // Where not every manifest is kept, the name must be listed again.
            Indexed = new(changed < settled && _kept.Count == Entries.Count ? changed : 0, _kept);
            IsChanged |= before is null || before.Ticks != Indexed.Ticks || before.Manifests.Count != _kept.Count;
        }

        public List<HubEntry> Entries { get; } = [];
        public IndexedName Indexed { get; }
        public bool IsChanged { get; private set; }

        private void Take(string hex, IndexedManifest? indexed)
        {
            // Its size and time are taken before it is read, so that a later change is seen.
            var file = new FileInfo(Path.Combine(_hub, _name, hex, CheckpointManifest.FileName));
            var isPlain = file.Exists && !file.Attributes.HasFlag(FileAttributes.ReparsePoint);
            var (length, ticks) = isPlain ? (file.Length, file.LastWriteTimeUtc.Ticks) : (0, long.MaxValue);
            if (indexed is { } same && same.Length == length && same.Ticks == ticks)
            {
                Entries.Add(same.Entry);
                _kept.Add(same);
            }
            else if (Read(_hub, _name, hex) is { } entry)
            {
                Entries.Add(entry);
                if (entry.Problem is not null || ticks >= _settled)
                    return;
                _kept.Add(new(length, ticks, entry));
                IsChanged = true;
            }
        }
    }

    private static IEnumerable<DirectoryInfo> Names(string hub) =>
        SubFolders(hub).Where(f => CheckpointName.IsValid(f.Name)).OrderBy(f => f.Name, StringComparer.Ordinal);

    private static IEnumerable<string> Digests(string home) =>
        SubFolders(home).Select(f => f.Name).Where(name => Digest.IsHex(name));

    private static IEnumerable<HubEntry> Sorted(List<HubEntry> entries) => HubEntry.NewestFirst(entries);

    private static IReadOnlyList<DirectoryInfo> SubFolders(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? [.. new DirectoryInfo(folder).EnumerateDirectories()] : [];
        }
        catch (DirectoryNotFoundException)
        {
            return []; // Removed meanwhile.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{folder}: can't be listed ({e.Message}). Check its permissions.", e);
        }
    }
}
