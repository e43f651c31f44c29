using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Training.Ranking;
using static TorchSharp.torch;

namespace Marrow.Tests.Ranking;

public sealed class FeatureCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("marrow-features").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_stored_is_found_and_nothing_else()
    {
        var cache = new FeatureCache(_folder);
        using var features = rand(4, 6);
        cache.Store("a", features);
        using var found = cache.Find("a", 4, 6);
        Assert.NotNull(found);
        Assert.True(features.Equals(found));
        Assert.Null(cache.Find("b", 4, 6));
        Assert.Null(cache.Find("a", 6, 4));
    }

    [Fact]
    public void Any_flipped_bit_of_the_numbers_is_noticed()
    {
        var cache = new FeatureCache(_folder);
        using var features = rand(2, 3);
        cache.Store("a", features);
        var path = Path.Combine(_folder, "a.safetensors");
        var bytes = File.ReadAllBytes(path);
        for (var i = bytes.Length - 24; i < bytes.Length; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[i] ^= 4;
            File.WriteAllBytes(path, damaged);
            Assert.Null(cache.Find("a", 2, 3));
        }
        File.WriteAllBytes(path, bytes[..^5]);
        Assert.Null(cache.Find("a", 2, 3));
    }

    [Fact]
    public void What_was_used_longest_ago_goes_first_and_the_newest_stays()
    {
        using var features = rand(10, 100); // 4,000 bytes and a header
        var cache = new FeatureCache(_folder, limitBytes: 10_000);
        var (older, old, recent, newest) = (Key('1'), Key('2'), Key('3'), Key('4'));
        foreach (var (name, day) in new[] { (old, 1), (older, 0) })
        {
            cache.Store(name, features);
            File.SetLastAccessTimeUtc(Path.Combine(_folder, name + ".safetensors"), new DateTime(2020, 1, 1 + day));
        }
        cache.Store(recent, features);
        Assert.Equal([old, recent], Names());
        new FeatureCache(_folder, limitBytes: 10).Store(newest, features);
        Assert.Equal([newest], Names());

        static string Key(char digit) => new(digit, 32);
        IEnumerable<string?> Names() => Directory.GetFiles(_folder).Select(Path.GetFileNameWithoutExtension).Order();
    }

    [Fact]
    public void Files_that_the_cache_has_not_named_stay_however_many_there_are()
    {
        var mine = Path.Combine(_folder, "my-model.safetensors");
        File.WriteAllBytes(mine, new byte[100_000]);
        File.SetLastAccessTimeUtc(mine, new DateTime(2020, 1, 1));
        using var features = rand(10, 100);
        new FeatureCache(_folder, limitBytes: 10).Store(new string('a', 32), features);
        Assert.True(File.Exists(mine));
    }

    [Fact]
    public void Another_image_contract_pooling_or_seed_has_another_key()
    {
        var image = Path.Combine(_folder, "a.png");
        File.WriteAllText(image, "one");
        Sample[] samples = [new(id: "a.png", imagePath: image, patient: "p")];
        var candidate = new Candidate
        {
            Name = "random",
            Kind = CandidateKind.Random,
            Backbone = "densenet121",
            Input = new InputContract { Width = 64, Height = 64 },
            Seed = 1,
        };
        string Key(Candidate c, int bands = 1) => FeatureCache.Key(c, samples, new Pooling(bands), "f32");
        var key = Key(candidate);
        Assert.Equal(key, Key(candidate with { Name = "another name" }));
        Assert.NotEqual(key, Key(candidate with { Seed = 2 }));
        Assert.NotEqual(key, Key(candidate with { Backbone = "densenet169" }));
        Assert.NotEqual(key, Key(candidate with { Input = candidate.Input with { Mean = 0.4 } }));
        Assert.NotEqual(key, Key(candidate, bands: 8));
        File.WriteAllText(image, "three");
        Assert.NotEqual(key, Key(candidate));
    }
}
