using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Marrow.Weights;

/// <summary>
/// Weights that lie in several files of one folder, as an index says (see <see cref="ShardIndex"/>). Every file is
/// opened and checked as if it were alone, and index and files must name the same tensors.
/// </summary>
internal sealed class ShardedWeights : WeightFile
{
    private const int NamedAtMost = 5; // in an error; the rest is counted

    private readonly Dictionary<string, WeightFile> _shardOf;

    private ShardedWeights(
        string path,
        IReadOnlyList<SafeFileHandle> files,
        IReadOnlyList<WeightEntry> entries,
        Dictionary<string, WeightFile> shardOf,
        IReadOnlyCollection<WeightFile> shards)
        : base(path, files, entries)
    {
        (Entries, _shardOf, Notes) = (entries, shardOf, NotesOf(path, shards));
        Place = shards.Select(shard => shard.Place).Distinct().ToList() is [var place] ? place : "";
        Others = [.. shards.SelectMany(shard => shard.Others).Distinct(StringComparer.Ordinal)];
        OtherParts = [.. shards.SelectMany(shard => shard.OtherParts).Distinct(StringComparer.Ordinal)];
        KeyPart = shards.Select(shard => shard.KeyPart).OfType<string>().FirstOrDefault();
    }

    /// <summary>The tensors, in the order of the index.</summary>
    internal override IReadOnlyList<WeightEntry> Entries { get; }

    /// <summary>What Marrow wrote into the files about the checkpoint that they were exported from.</summary>
    internal override IReadOnlyDictionary<string, string> Notes { get; }

    internal override string Place { get; }

    internal override IReadOnlyList<string> Others { get; }

    internal override IReadOnlyList<string> OtherParts { get; }

    /// <summary>
    /// Opens the files. Throws <see cref="MarrowException"/>, naming all of them, when files or tensors are missing,
    /// when a file has tensors that the index does not list, when a file is damaged, and when files were exported from
    /// different checkpoints.
    /// </summary>
    /// <param name="index">The name of the file of each tensor, as <see cref="ShardIndex.Read"/> returns it.</param>
    /// <param name="open">Opens one file of weights.</param>
    public static ShardedWeights Open(
        string path, IReadOnlyList<KeyValuePair<string, string>> index, Func<string, WeightFile> open)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var names = index.Select(i => i.Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (names.Where(name => !File.Exists(System.IO.Path.Combine(folder, name))).ToList() is { Count: > 0 } absent)
            throw MarrowException.NotFound(
                path,
                $"its {names.Count} files of weights beside it",
                $"{Listed(absent)} not there",
                $"Fetch the missing files into {folder}; all of them belong to the model.");
        var shards = new Dictionary<string, WeightFile>(StringComparer.Ordinal);
        List<SafeFileHandle> files = [OpenFile(path)];
        try
        {
            foreach (var name in names)
            {
                shards[name] = open(System.IO.Path.Combine(folder, name));
                files.AddRange(shards[name].Files);
            }
            return new(path, files, [.. Cover(path, index, shards)], index.ToDictionary(
                i => i.Key, i => shards[i.Value], StringComparer.Ordinal), shards.Values);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    internal override torch.Tensor Read(string name)
    {
        Find(name);
        return _shardOf[name].Read(name);
    }

    internal override void ReadInto(string name, torch.Tensor target)
    {
        Find(name);
        _shardOf[name].ReadInto(name, target);
    }

    /// <summary>Returns the entries in the order of the index, once index and files agree.</summary>
    private static IEnumerable<WeightEntry> Cover(
        string path, IReadOnlyList<KeyValuePair<string, string>> index, Dictionary<string, WeightFile> shards)
    {
        var missing = index.Where(i => !shards[i.Value].Contains(i.Key)).ToList();
        if (missing.Count > 0)
            throw MarrowException.Damaged(
                path,
                "each tensor in the file that the index names",
                $"{Listed(missing.Select(i => $"{i.Key} (in {i.Value})").ToList())} not there",
                "Index and files are of different versions: fetch all of them again.");
        var listed = index.Select(i => (i.Key, i.Value)).ToHashSet();
        var left = shards.SelectMany(s => s.Value.Entries.Select(e => (e.Name, s.Key))).Where(e => !listed.Contains(e))
            .ToList();
        if (left.Count > 0)
            throw MarrowException.Damaged(
                path,
                "an index of all tensors in its files",
                $"{Listed(left.Select(e => $"{e.Name} (in {e.Key})").ToList())} beside those that it lists",
                "Index and files are of different versions: fetch all of them again.");
        var entries = shards.Values.SelectMany(shard => shard.Entries)
            .ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        return index.Select(i => entries[i.Key]);
    }

    /// <summary>
    /// Returns the notes of the files that Marrow exported, so that their terms stay with the weights; none where no
    /// file has any.
    /// </summary>
    private static IReadOnlyDictionary<string, string> NotesOf(string path, IEnumerable<WeightFile> shards)
    {
        var exported = shards.Where(shard => shard.Notes.ContainsKey("marrow")).ToList();
        var names = exported.ConvertAll(shard => System.IO.Path.GetFileName(shard.Path));
        if (exported.Exists(shard => !exported[0].Notes.ToHashSet().SetEquals(shard.Notes)))
            throw MarrowException.Bad(
                path,
                "files that were exported from one checkpoint",
                $"different names, terms or digests in {Listed(names)}",
                "Import each export by itself.");
        return exported.Count > 0 ? exported[0].Notes : new Dictionary<string, string>();
    }

    private static string Listed(List<string> names) =>
        string.Join(", ", names.Take(NamedAtMost).Select(name => $"'{PyTorch.PickleReader.Shown(name)}'"))
        + (names.Count > NamedAtMost ? $" and {names.Count - NamedAtMost} more" : "");
}
