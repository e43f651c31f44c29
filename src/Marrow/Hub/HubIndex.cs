using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>A manifest that was read, with the size and time of change (UTC ticks) that its file had then.</summary>
internal readonly record struct IndexedManifest(long Length, long Ticks, HubEntry Entry);

/// <summary>The indexed checkpoints of one name.</summary>
/// <param name="Ticks">
/// The time of change of the name's folder when it was listed; 0 when it may have changed since.
/// </param>
internal sealed record IndexedName(long Ticks, IReadOnlyList<IndexedManifest> Manifests);

/// <summary>
/// What was read of a hub's manifests, kept in the user's cache so that a large hub is listed without reading them all
/// again. It is never written into the hub, which may be read-only or under version control, and is only ever a
/// shortcut: what does not agree with the files' sizes and times, or is damaged, is not used. Layout: "MARROWHY",
/// SHA-256 of the rest [32], then the hub's path and for each name its manifests, as BinaryWriter writes them.
/// </summary>
internal static class HubIndex
{
    private const int MaxBytes = 1 << 28; // 10,000 checkpoints take about 4 MB
    private const int HeaderBytes = 8 + SHA256.HashSizeInBytes;
    private static readonly byte[] Magic = "MARROWHY"u8.ToArray();

    /// <summary>Reads the index by name; empty when there is no usable index.</summary>
    public static Dictionary<string, IndexedName> Read(string hub, string indexFolder)
    {
        try
        {
            var path = PathOf(hub, indexFolder);
            if (!UserCache.Trusts(path))
                return [];
            Leftovers.SweepCache(Path.GetFullPath(indexFolder));
            var bytes = InputFile.ReadAllBytes(path, MaxBytes);
            if (bytes.Length < HeaderBytes || !bytes.AsSpan().StartsWith(Magic)
                || !SHA256
                    .HashData(bytes.AsSpan(HeaderBytes))
                    .AsSpan()
                    .SequenceEqual(bytes.AsSpan(Magic.Length, SHA256.HashSizeInBytes)))
                return [];
            using var reader = new BinaryReader(
                new MemoryStream(bytes, HeaderBytes, bytes.Length - HeaderBytes),
                Encoding.UTF8);
            return reader.ReadString() == Path.GetFullPath(hub) ? Names(reader, hub) : [];
        }
        catch (Exception e)
            when (e
                    is IOException
                        or UnauthorizedAccessException
                        or ArgumentException
                        or FormatException
                        or JsonException
                        or MarrowException)
        {
            return [];
        }
    }

    /// <summary>
    /// Writes the index. A failure is only reported, since the next listing can read the manifests again.
    /// </summary>
    public static void Write(string hub, string indexFolder, IReadOnlyDictionary<string, IndexedName> names)
    {
        var body = new MemoryStream();
        using (var writer = new BinaryWriter(body, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Path.GetFullPath(hub));
            writer.Write(names.Count);
            foreach (var (name, indexed) in names)
            {
                writer.Write(name);
                writer.Write(indexed.Ticks);
                writer.Write(indexed.Manifests.Count);
                foreach (var manifest in indexed.Manifests)
                    Write(writer, manifest);
            }
        }
        var bytes = body.GetBuffer().AsSpan(0, (int)body.Length).ToArray();
        try
        {
            AtomicFile.Write(PathOf(hub, indexFolder), stream =>
            {
                stream.Write(Magic);
                stream.Write(SHA256.HashData(bytes));
                stream.Write(bytes);
            });
        }
        catch (MarrowException e)
        {
            Notices.Say($"{e.Message} Without this index large hubs are listed more slowly. {UserCache.Remedy}");
        }
    }

    internal static string PathOf(string hub, string indexFolder) =>
        Path.Combine(
            indexFolder,
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(hub))))[..32]);

    private static Dictionary<string, IndexedName> Names(BinaryReader reader, string hub)
    {
        var names = new Dictionary<string, IndexedName>(StringComparer.Ordinal);
        var count = reader.ReadInt32();
        for (var n = 0; n < count; n++)
        {
            var name = reader.ReadString();
            var ticks = reader.ReadInt64();
            var home = Path.Combine(hub, name);
            var manifests = new List<IndexedManifest>();
            var inName = reader.ReadInt32();
            for (var m = 0; m < inName; m++)
                manifests.Add(Manifest(reader, name, home));
            names[name] = new(ticks, manifests);
        }
        return names;
    }

    private static void Write(BinaryWriter writer, IndexedManifest manifest)
    {
        var entry = manifest.Entry;
        writer.Write(manifest.Length);
        writer.Write(manifest.Ticks);
        writer.Write(Path.GetFileName(entry.Folder));
        writer.Write(entry.Created.Ticks);
        writer.Write((short)entry.Created.TotalOffsetMinutes);
        writer.Write(entry.Bytes);
        writer.Write(entry.License);
        Write(writer, entry.AncestorLicenses);
        Write(writer, entry.AncestorDigests);
        writer.Write(entry.Task);
        Write(writer, entry.Datasets);
        Write(writer, entry.BodyParts);
        Write(writer, entry.Parents);
        writer.Write(JsonSerializer.Serialize(entry.Figure, MarrowJson.Line));
    }

    private static IndexedManifest Manifest(BinaryReader reader, string name, string home)
    {
        var (length, ticks, hex) = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadString());
        if (!Digest.IsHex(hex))
            throw new FormatException($"'{hex}' is no digest.");
        var created = new DateTimeOffset(reader.ReadInt64(), TimeSpan.FromMinutes(reader.ReadInt16()));
        return new(length, ticks, new(name, Digest.OfHex(hex), created, Path.Combine(home, hex))
        {
            Bytes = reader.ReadInt64(),
            License = reader.ReadString(),
            AncestorLicenses = Strings(reader),
            AncestorDigests = Strings(reader),
            Task = reader.ReadString(),
            Datasets = Strings(reader),
            BodyParts = Strings(reader),
            Parents = Strings(reader),
            Figure = JsonSerializer.Deserialize<MeasuredValue>(reader.ReadString(), MarrowJson.Line),
        });
    }

    private static void Write(BinaryWriter writer, IReadOnlyList<string> texts)
    {
        writer.Write(texts.Count);
        foreach (var text in texts)
            writer.Write(text);
    }

    private static List<string> Strings(BinaryReader reader)
    {
        var texts = new List<string>();
        for (var left = reader.ReadInt32(); left > 0; left--)
            texts.Add(reader.ReadString());
        return texts;
    }
}
