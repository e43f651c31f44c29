using System.Diagnostics;
using Marrow.Exchange;
using Marrow.Soak;
using Marrow.Weights.PyTorch;
using TorchSharp;

namespace Marrow.Tests.Hostile;

/// <summary>
/// Files that are not what they seem: refused soon, in little memory, with nothing run and nothing written.
/// </summary>
public sealed class HostilePyTorchTests : IDisposable
{
    private const long MostBytesBesideFile = 256 << 20; // a million values and a million memos
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10); // milliseconds on an idle machine

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Pickles => [.. HostilePickles.All.Keys];

    public static TheoryData<string> Archives => [.. HostileArchives.All.Keys];

    [Theory, MemberData(nameof(Pickles))]
    public void A_hostile_pickle_is_refused(string name)
    {
        var (pickle, says) = HostilePickles.All[name];
        var message = Refuse(PyTorchFile.Of(pickle));
        Assert.Contains(says, message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Archives))]
    public void A_hostile_archive_is_refused(string name)
    {
        var (file, says) = HostileArchives.All[name];
        Assert.Contains(says, Refuse(file), StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_more_than_six_hundred() =>
        Assert.True(
            HostilePickles.All.Count + HostileArchives.All.Count > 600,
            $"{HostilePickles.All.Count} + {HostileArchives.All.Count}");

    [Fact]
    public void What_the_lies_start_from_is_good()
    {
        foreach (
            var file in (byte[][])
                [
                    .. PickleWriter.Good().Select(PyTorchFile.Of),
                    HostileArchives.Zip64(),
                    HostileArchives.Zip64(sentinels: true),
                ])
        {
            using var read = PyTorchWeights.Open(Put(file));
            foreach (var entry in read.Entries)
                read.Read(entry.Name).Dispose();
        }
    }

    [Fact]
    public void A_pickle_in_bytes_is_bytes()
    {
        byte[] inner = new PickleWriter()
            .Global("os", "system")
            .Text($"touch {HostilePickles.Marker}")
            .Raw(0x85)
            .Op('R')
            .Stop();
        using var read = PyTorchWeights.Open(
            Put(
                PyTorchFile.Of(
                    new PickleWriter()
                        .Op('}')
                        .Text("w")
                        .Tensor("FloatStorage", "0", 24, 0, [24], [1])
                        .Op('s')
                        .Text("extra")
                        .Op('C')
                        .Raw((byte)inner.Length)
                        .Raw(inner)
                        .Op('s')
                        .Stop())));
        Assert.Equal(["extra"], read.Others);
        Assert.False(File.Exists(HostilePickles.Marker));
    }

    /// <summary>Each place at which a file can be cut.</summary>
    [Fact]
    public void No_beginning_of_a_file_passes_for_the_whole()
    {
        var file = PyTorchFile.Of(PickleWriter.Good()[2]);
        for (var length = 0; length < file.Length; length++)
            Assert.Throws<MarrowException>(() =>
                PyTorchArchive.Read("cut.pth", length, (into, position) =>
                    file.AsSpan((int)position, into.Length).CopyTo(into)));
    }

    /// <summary>Of the directory and the headers; the numbers themselves are anyone's guess.</summary>
    [Fact]
    public void A_flipped_bit_in_an_archive_is_refused_or_harmless()
    {
        var good = PyTorchFile.Of(PickleWriter.Good()[2]);
        for (var bit = 0; bit < good.Length * 8; bit++)
        {
            var file = (byte[])good.Clone();
            file[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                var archive = PyTorchArchive.Read("flipped.pth", file.Length, (into, position) =>
                    file.AsSpan((int)position, into.Length).CopyTo(into));
                var pickle = file.AsSpan((int)archive.Pickle.Start, (int)archive.Pickle.Bytes).ToArray();
                StateDict.Find(
                    PickleReader.Read(pickle, "flipped.pth", key => archive.Storage(key)?.Bytes),
                    "flipped.pth");
            }
            catch (MarrowException)
            {
            }
        }
    }

    [Fact]
    public void A_file_that_shrinks_after_it_was_opened_is_an_error()
    {
        var path = Put(PyTorchFile.Of(PickleWriter.Good()[0]));
        using var read = PyTorchWeights.Open(path);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..40]);
        Assert.Contains(
            "cut",
            Assert.Throws<MarrowException>(() => read.Read("features.weight")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_pickles_are_read_or_refused()
    {
        var report = PickleSoak.Run(5000, 11, _ => { });
        Assert.Empty(report.Faults);
        Assert.True(report.Counts["read"] > 50 && report.Counts["refused"] > 1000, string.Join(", ", report.Counts));
    }

    private string Put(byte[] file)
    {
        var path = _folder[$"{Guid.NewGuid():N}.pth"];
        File.WriteAllBytes(path, file);
        return path;
    }

    private string Refuse(byte[] file)
    {
        var path = Put(file);
        var hub = _folder["hub"];
        torch.manual_seed(1); // libtorch is loaded before anything is measured
        var (watch, allocated) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
        var error = Assert.Throws<MarrowException>(() =>
            Importer.Import(path, new() { Name = "densenet121.hostile", HubFolder = hub }).Checkpoint.Dispose());
        Assert.True(
            GC.GetAllocatedBytesForCurrentThread() - allocated < file.Length + MostBytesBesideFile,
            $"{GC.GetAllocatedBytesForCurrentThread() - allocated} bytes");
        Assert.True(watch.Elapsed < Longest, $"{watch.Elapsed}");
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
        Assert.False(File.Exists(HostilePickles.Marker));
        Assert.False(Directory.Exists(hub));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
        return error.Message;
    }
}
