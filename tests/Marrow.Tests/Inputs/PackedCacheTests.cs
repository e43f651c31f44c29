using System.Collections.Concurrent;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;

namespace Marrow.Tests.Inputs;

public sealed class PackedCacheTests : IDisposable
{
    private static readonly InputContract Contract = new() { Width = 20, Height = 31 };
    private readonly TestImages _images = new();
    private readonly ConcurrentBag<string> _decoded = [];

    public void Dispose()
    {
        PackedCache.Limit.Value = null;
        _images.Dispose();
    }

    [Fact]
    public void Holds_what_the_preprocessor_gives()
    {
        var samples = _images.Samples(9);
        using var cache = Open(samples);
        Assert.Equal(9, cache.Count);
        foreach (var sample in samples.AsEnumerable().Reverse())
        {
            var expected = Preprocessor.Prepare(TestImages.ReadNoise(sample.ImagePath, 20, 31), Contract);
            var index = cache.IndexOf(sample);
            Assert.Equal(expected.Pixels, cache.Pixels(index).ToArray());
            Assert.Equal((expected.OriginalWidth, expected.OriginalHeight), cache.OriginalSize(index));
            Assert.Equal(expected.ToInput, cache.ToInput(index));
            Assert.Equal(expected.Pixels, cache.Read(sample).Pixels);
        }
    }

    [Fact]
    public void Decodes_once()
    {
        var samples = _images.Samples(5);
        using (var first = Open(samples))
            Assert.True(first.WasBuilt);
        using var second = Open(samples, Contract with { Channels = 3, Mean = 0.3, Std = 0.1 });
        Assert.False(second.WasBuilt);
        Assert.Equal(5, _decoded.Count);
    }

    [Fact]
    public void Sets_of_samples_share_the_images_that_they_have_in_common()
    {
        var samples = _images.Samples(8);
        using (var part = Open(samples[..3]))
            Assert.Single(part.Files);
        using (var more = Open([.. samples[2..6], samples[0]]))
        {
            Assert.True(more.WasBuilt);
            Assert.Equal(2, more.Files.Count);
        }
        Assert.Equal(6, _decoded.Count);
        using (var smaller = Open([samples[4], samples[1]]))
        {
            Assert.False(smaller.WasBuilt);
            Assert.All(samples[1..2].Append(samples[4]), sample =>
                Assert.Equal(
                    Preprocessor.Prepare(TestImages.ReadNoise(sample.ImagePath, 20, 31), Contract).Pixels,
                    smaller.Read(sample).Pixels));
        }
        using var all = Open(samples);
        Assert.Equal(8, _decoded.Count);
        Assert.Equal(8, _decoded.Distinct().Count());
        Assert.Equal(3, Files().Count());
    }

    [Fact]
    public void A_damaged_file_takes_none_but_its_own_images_with_it()
    {
        var samples = _images.Samples(6);
        string damaged;
        using (var first = Open(samples[..4]))
            damaged = first.Files.Single();
        Open(samples).Dispose();
        var bytes = File.ReadAllBytes(damaged);
        bytes[^1] ^= 1;
        File.WriteAllBytes(damaged, bytes);
        _decoded.Clear();

        using (var rest = Open(samples[..2])) // whose bytes are whole
            Assert.False(rest.WasBuilt);
        using var all = Open(samples);
        Assert.Equal(4, _decoded.Count);
    }

    [Fact]
    public void Another_contract_or_a_changed_image_is_packed_anew()
    {
        var samples = _images.Samples(3);
        Open(samples).Dispose();
        using (var other = Open(samples, Contract with { WindowLow = 0.1 }))
            Assert.True(other.WasBuilt);
        File.WriteAllText(samples[1].ImagePath, "77");
        using var changed = Open(samples);
        Assert.True(changed.WasBuilt);
        Assert.Equal(
            Preprocessor.Prepare(TestImages.ReadNoise(samples[1].ImagePath, 20, 31), Contract).Pixels,
            changed.Read(samples[1]).Pixels);
    }

    [Fact]
    public void Any_flipped_byte_or_cut_is_noticed_and_mended()
    {
        var samples = _images.Samples(4);
        string path;
        byte[] whole;
        using (var cache = Open(samples))
        {
            path = cache.Files.Single();
            whole = File.ReadAllBytes(path);
        }
        var imagesStart = whole.Length - 4 * 20 * 31;
        // In the magic, the key, the count, the index's hash, an entry's key, sizes and hash, and the images.
        int[] places = [0, 8, 39, 40, 48, 79, 80, 112, 116, 120, 80 + 4 * 72 - 1, imagesStart, whole.Length - 1];
        foreach (var place in places)
        {
            var damaged = whole.ToArray();
            damaged[place] ^= 1;
            AssertMended(damaged);
        }
        AssertMended(whole[..^1]);
        AssertMended([]);

        void AssertMended(byte[] damaged)
        {
            File.WriteAllBytes(path, damaged);
            using var cache = Open(samples);
            Assert.True(cache.WasBuilt);
            Assert.Equal(whole, File.ReadAllBytes(path));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_that_is_cut_or_written_over_while_it_is_read_is_an_error_and_packed_anew_the_next_time(bool cut)
    {
        var samples = _images.Samples(6);
        using (var cache = Open(samples))
        {
            using (
                var file = new FileStream(cache.Files.Single(), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                if (cut)
                {
                    file.SetLength(4096);
                }
                else
                {
                    file.Position = file.Length - 700; // in the last but one image
                    file.WriteByte(77);
                }
            }
            var error = Assert.Throws<MarrowException>(() => cache.Pixels(4).Length);
            Assert.Contains(cache.Files.Single(), error.Message);
            Assert.Contains("packed anew", error.Message);
            using var loader = new BatchLoader(samples, cache, Contract, null, 6, 0, shuffle: false, dropLast: false);
            Assert.Throws<MarrowException>(() => loader.Next());
        }
        using var again = Open(samples);
        Assert.True(again.WasBuilt);
        Assert.Equal(
            Preprocessor.Prepare(TestImages.ReadNoise(samples[4].ImagePath, 20, 31), Contract).Pixels,
            again.Read(samples[4]).Pixels);
    }

    [Fact]
    public void Checking_what_was_packed_stops_when_asked_to()
    {
        var samples = _images.Samples(300);
        Open(samples).Dispose();
        Assert.ThrowsAny<OperationCanceledException>(() =>
            PackedCache.Open(
                samples,
                Contract,
                Path.Combine(_images.Folder, "cache"),
                null,
                TestImages.ReadNoise,
                new CancellationToken(true)));
    }

    [Fact]
    public void Packed_files_that_were_used_longest_ago_go_when_all_are_too_large()
    {
        var samples = _images.Samples(3);
        var oldest = Pack(samples, 0.01, daysAgo: 4);
        var older = Pack(samples, 0.02, daysAgo: 3);
        var old = Pack(samples, 0.03, daysAgo: 2);
        Open(samples, Contract with { WindowLow = 0.01 }).Dispose(); // used again, and old no more
        PackedCache.Limit.Value = 3 * new FileInfo(old).Length;
        var added = Pack(samples, 0.04, daysAgo: 0);
        Assert.Equal(new[] { oldest, old, added }.Order(), Files());
        Assert.False(File.Exists(older));
        using var again = Open(samples, Contract with { WindowLow = 0.02 });
        Assert.True(again.WasBuilt);
    }

    [Fact]
    public void Packed_files_that_are_open_or_were_used_within_the_hour_stay_however_large_they_are()
    {
        var samples = _images.Samples(3);
        PackedCache.Limit.Value = 1;
        using var open = Open(samples, Contract with { WindowLow = 0.01 });
        SetUsed(open.Files.Single(), TimeSpan.FromDays(9));
        var used = Pack(samples, 0.02, daysAgo: 0);
        SetUsed(used, TimeSpan.FromMinutes(50));
        var added = Pack(samples, 0.03, daysAgo: 0);
        Assert.Equal(new[] { open.Files.Single(), used, added }.Order(), Files());
        var pixels = open.Pixels(2).ToArray();
        open.Dispose(); // It was in use until now.
        SetUsed(used, TimeSpan.FromMinutes(70));
        Pack(samples, 0.04, daysAgo: 0);
        Assert.False(File.Exists(used));
        using var found = Open(samples, Contract with { WindowLow = 0.01 });
        Assert.False(found.WasBuilt);
        Assert.Equal(pixels, found.Pixels(2).ToArray());
    }

    [Fact]
    public void Nothing_that_the_cache_has_not_named_goes_with_old_packed_files()
    {
        var samples = _images.Samples(3);
        PackedCache.Limit.Value = 1;
        var gone = Pack(samples, 0.01, daysAgo: 5);
        var digits = new string('a', 32);
        string[] others = ["mine.packed", $"{digits}.tiff", $"{digits}a.packed", $"{new string('g', 32)}.packed"];
        foreach (var other in others)
        {
            File.WriteAllText(Path.Combine(_images.Folder, "cache", other), "mine");
            SetUsed(Path.Combine(_images.Folder, "cache", other), TimeSpan.FromDays(9));
        }
        Pack(samples, 0.02, daysAgo: 0);
        Assert.False(File.Exists(gone));
        Assert.All(others, other => Assert.True(File.Exists(Path.Combine(_images.Folder, "cache", other)), other));
    }

    private string Pack(IReadOnlyList<Sample> samples, double windowLow, int daysAgo)
    {
        string path;
        using (var cache = Open(samples, Contract with { WindowLow = windowLow }))
            path = cache.Files.Single();
        SetUsed(path, TimeSpan.FromDays(daysAgo));
        return path;
    }

    private static void SetUsed(string path, TimeSpan ago) => File.SetLastAccessTimeUtc(path, DateTime.UtcNow - ago);

    private IEnumerable<string> Files() => Directory.GetFiles(Path.Combine(_images.Folder, "cache")).Order();

    [Fact]
    public void Unreadable_images_are_listed_together_and_leave_no_file()
    {
        var samples = _images.Samples(40);
        for (var i = 0; i < 12; i++)
            File.Delete(samples[i * 3].ImagePath);
        File.Delete(samples[1].ImagePath);
        var error = Assert.Throws<MarrowException>(() => Open(samples));
        Assert.StartsWith("13 of 40 images can't be read.", error.Message);
        Assert.Contains("and 3 more", error.Message);
        Assert.Contains(samples[0].ImagePath, error.Message);
        Assert.Contains(samples[1].ImagePath, error.Message);
        Assert.Equal(12, error.Message.Split('\n').Length);
        Assert.Empty(Directory.GetFiles(Path.Combine(_images.Folder, "cache")));
    }

    [Fact]
    public void Progress_counts_every_image()
    {
        var seen = new List<Progress>();
        using var cache = PackedCache.Open(
            _images.Samples(11), Contract, Path.Combine(_images.Folder, "cache"), seen.Add, TestImages.ReadNoise);
        var all = Enumerable.Range(1, 11).Select(done => new Progress("packing", done, 11, ProgressUnit.Images));
        Assert.Equal(all, seen);
    }

    [Fact]
    public void A_cancelled_packing_leaves_no_file()
    {
        using var cancel = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => PackedCache.Open(_images.Samples(50), Contract,
            Path.Combine(_images.Folder, "cache"), _ => cancel.Cancel(), TestImages.ReadNoise, cancel.Token));
        Assert.Empty(Directory.GetFiles(Path.Combine(_images.Folder, "cache")));
    }

    [Fact]
    public void A_folder_that_cant_be_written_is_named()
    {
        var blocked = Path.Combine(_images.Folder, "file");
        File.WriteAllText(blocked, "");
        var error = Assert.Throws<MarrowException>(() =>
            PackedCache.Open(_images.Samples(2), Contract, blocked, null, TestImages.ReadNoise));
        Assert.Contains(blocked, error.Message);
    }

    [Fact]
    public void A_sample_that_was_not_packed_is_named()
    {
        var samples = _images.Samples(3);
        using var cache = Open(samples[..2]);
        Assert.Contains("2.txt", Assert.Throws<MarrowException>(() => cache.IndexOf(samples[2])).Message);
    }

    [Fact]
    public void A_disposed_cache_refuses_to_be_read()
    {
        var cache = Open(_images.Samples(2));
        cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cache.Pixels(0).Length);
        Assert.Throws<ObjectDisposedException>(() => cache.OriginalSize(0));
    }

    [Fact]
    public void Real_files_are_read_by_default()
    {
        var path = Path.Combine(_images.Folder, "image.png");
        var radiograph = TestImages.Noise(5, 64, 48);
        WritePng(path, radiograph);
        var sample = new Sample(id: "image.png", imagePath: path, patient: "");
        using var cache = PackedCache.Open([sample], Contract, _images.Folder);
        Assert.Equal(Preprocessor.Prepare(radiograph, Contract).Pixels, cache.Read(sample).Pixels);
        Assert.Equal(Preprocessor.Load(path, Contract).Pixels, cache.Read(sample).Pixels);
    }

    private static void WritePng(string path, Radiograph radiograph) =>
        ImageWriter.WritePng8(path, radiograph.Width, radiograph.Height, [.. radiograph.Pixels.Select(p => (byte)p)]);

    private PackedCache Open(IReadOnlyList<Sample> samples, InputContract? contract = null) =>
        PackedCache.Open(
            samples,
            contract ?? Contract,
            Path.Combine(_images.Folder, "cache"),
            null,
            (path, width, height) =>
            {
                _decoded.Add(path);
                return TestImages.ReadNoise(path, width, height);
            }
        );
}
