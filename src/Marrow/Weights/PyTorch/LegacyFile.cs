using System.Buffers.Binary;

namespace Marrow.Weights.PyTorch;

/// <summary>
/// The form that torch.save had before PyTorch 1.6 (torch/serialization.py, _legacy_save): five pickles, of a magic
/// number, the form's version, what the writing machine was, the object, and the keys of its storages; then of each
/// storage the number of its elements (int64) and the numbers. The pickles are read as those of the zip form are, never
/// run; a storage must be as large as the object says, and nothing may follow the last one.
/// </summary>
internal static class LegacyFile
{
    private const long Version = 1001;
    private const string Remedy = "The file is damaged or was not written by torch.save: fetch or save it again.";

    /// <summary>
    /// The start of a legacy file: the pickle instructions PROTO 2, LONG1 of 0x1950a86a20f9469cfc6c, and STOP.
    /// </summary>
    private static ReadOnlySpan<byte> MagicNumber =>
        [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    /// <summary>Returns true when a file starts with the magic number, whichever protocol its pickle names.</summary>
    public static bool Begins(ReadOnlySpan<byte> start) =>
        start.Length >= MagicNumber.Length
        && start[0] == MagicNumber[0]
        && start[2..MagicNumber.Length].SequenceEqual(MagicNumber[2..]);

    /// <summary>
    /// The state dict, and where in the file each storage begins. Throws <see cref="MarrowException"/>.
    /// </summary>
    /// <param name="part">The part that the user asked for; see <see cref="StateDict.Find"/>.</param>
    public static (StateDict State, Func<string, long> StartOf, IReadOnlyDictionary<string, string> Notes) Read(
        string path,
        long fileBytes,
        PyTorchArchive.ReadAt read,
        string? part = null)
    {
        var pickles = new byte[Math.Min(fileBytes, PickleReader.MostBytes)];
        read(pickles, 0);
        var position = MagicNumber.Length;
        if (Next(NoStorage) is not Version)
            throw Bad(path, $"version {Version} of PyTorch's older form", "another");
        RequireLittleEndian(Next(NoStorage), path);
        var storages = new Dictionary<string, PickledStorage>(StringComparer.Ordinal);
        var root = Next(id => Storage(id, fileBytes, storages));
        if (Next(NoStorage) is not PickleList keys)
            throw Bad(path, "a list of the storages' keys", "something else");
        return (
            StateDict.Find(root, path, part),
            Places(keys, storages, position, path, fileBytes, read).GetValueOrDefault,
            new Dictionary<string, string>());

        object? Next(Func<object?, PickledStorage> storage) =>
            PickleReader.ReadNext(pickles, ref position, path, storage);
    }

    private static PickledStorage NoStorage(object? id) => throw new FormatException("a storage where none can be");

    private static void RequireLittleEndian(object? machine, string path)
    {
        if (
            machine is not PickleDict { Items: var facts }
            || facts.GetValueOrDefault("little_endian") is not bool isLittle)
            throw Bad(path, "the order of bytes that it was written in", "none");
        if (!isLittle)
            throw MarrowException.Bad(
                path,
                "numbers in little-endian order",
                "big-endian order",
                "Load and save it again on a machine of little-endian order.");
    }

    /// <summary>
    /// ('storage', class, key, place, elements, null or (key, offset, elements) of a view). Throws
    /// <see cref="FormatException"/>.
    /// </summary>
    private static PickledStorage Storage(object? id, long fileBytes, Dictionary<string, PickledStorage> known)
    {
        if (
            id
            is not PickleTuple
            {
                Items: ["storage", PickleGlobal { IsStorage: true } kind, string key, string, long elements, var view]
            }
        )
            throw new FormatException(
                id is PickleTuple { Items: ["module", ..] }
                    ? "a whole module"
                    : "a persistent id that is no storage of six parts");
        var size = kind.ElementBytes;
        if (elements < 0 || elements > fileBytes / size)
            throw new FormatException(
                $"a storage '{PickleReader.Shown(key)}' of {elements} elements, more than the file has");
        if (!known.TryGetValue(key, out var storage))
            known[key] = storage = new(key, kind, elements * size);
        if (storage.Type != kind.Type || storage.Unread != kind.Unread || storage.Bytes != elements * size)
            throw new FormatException($"two different storages '{PickleReader.Shown(key)}'");
        return view switch
        {
            null => storage,
            PickleTuple { Items: [string, long offset, long count] }
                when offset >= 0 && count >= 0 && offset <= elements && count <= elements - offset => new(
                key,
                kind,
                count * size,
                offset),
            _ => throw new FormatException($"a view that does not lie within its storage '{PickleReader.Shown(key)}'"),
        };
    }

    /// <summary>Where the numbers of each storage begin: they follow each other in the order of the list.</summary>
    private static Dictionary<string, long> Places(
        PickleList keys,
        Dictionary<string, PickledStorage> storages,
        long position,
        string path,
        long fileBytes,
        PyTorchArchive.ReadAt read)
    {
        var places = new Dictionary<string, long>(StringComparer.Ordinal);
        Span<byte> count = stackalloc byte[sizeof(long)];
        foreach (var item in keys.Items)
        {
            if (item is not string key || !storages.TryGetValue(key, out var storage))
                throw Bad(
                    path,
                    "keys of storages that its tensors lie in",
                    item is string other ? $"'{PickleReader.Shown(other)}'" : "something else");
            if (fileBytes - position < count.Length)
                throw Bad(
                    path,
                    $"the numbers of the storage '{PickleReader.Shown(key)}' at byte {position}",
                    $"the end of the file at {fileBytes}");
            read(count, position);
            position += count.Length;
            var elements = BinaryPrimitives.ReadInt64LittleEndian(count);
            var size = storage.ElementBytes;
            if (elements != storage.Bytes / size)
                throw Bad(
                    path,
                    $"{storage.Bytes / size} elements in the storage '{PickleReader.Shown(key)}'",
                    $"{elements}");
            if (storage.Bytes > fileBytes - position)
                throw Bad(
                    path,
                    $"{storage.Bytes} bytes of the storage '{PickleReader.Shown(key)}'",
                    $"{fileBytes - position} to the end of the file");
            if (!places.TryAdd(key, position))
                throw Bad(path, "each storage once", $"'{PickleReader.Shown(key)}' twice");
            position += storage.Bytes;
        }
        if (places.Count != storages.Count)
            throw Bad(path, $"{storages.Count} storages", $"{places.Count}");
        return position == fileBytes
            ? places
            : throw Bad(
                path,
                $"the file's end at byte {position}, after its last storage",
                $"{fileBytes - position} bytes more");
    }

    private static MarrowException Bad(string path, string expected, string found) =>
        MarrowException.Damaged(path, expected, found, Remedy);
}
