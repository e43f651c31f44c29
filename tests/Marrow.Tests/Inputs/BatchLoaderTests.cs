using System.Collections;
using System.Diagnostics;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;

namespace Marrow.Tests.Inputs;

public sealed class BatchLoaderTests : IDisposable
{
    private static readonly InputContract Contract = new() { Width = 24, Height = 36 };
    private static readonly AugmentationOptions Augmented = new()
    {
        FlipProbability = 0.5,
        BlurPixels = 1,
        CutoutProbability = 0.3,
    };
    private readonly TestImages _images = new();
    private readonly List<Sample> _samples;
    private readonly PackedCache _cache;

    public BatchLoaderTests()
    {
        _samples = _images.Samples(23);
        _cache = PackedCache.Open(_samples, Contract, _images.Folder, null, TestImages.ReadNoise);
    }

    public void Dispose()
    {
        _cache.Dispose();
        _images.Dispose();
    }

    [Fact]
    public void Without_augmentation_a_batch_is_what_prediction_sees()
    {
        using var loader = new BatchLoader(
            _samples,
            _cache,
            Contract with
            {
                Channels = 3,
            },
            null,
            5,
            1,
            shuffle: false,
            dropLast: false);
        using var batch = loader.Next();
        using var expected = Preprocessor.ToTensor(
            [.. _samples[..5].Select(_cache.Read)],
            Contract with
            {
                Channels = 3,
            }
        );
        Assert.True(batch.Images.equal(expected).all().item<bool>());
        Assert.Equal(_samples[..5], batch.Samples.Select(s => s.Sample));
        Assert.Equal(_cache.ToInput(3), batch.Samples[3].ToInput);
        Assert.Equal(_samples[3].Vertebrae[0].Transform(_cache.ToInput(3)), batch.Samples[3].Vertebrae[0]);
    }

    [Fact]
    public void Plain_images_come_beside_the_augmented_ones_and_change_nothing_of_them()
    {
        using var loader = new BatchLoader(
            _samples,
            _cache,
            Contract with
            {
                Channels = 3,
            },
            Augmented,
            5,
            42,
            true,
            false,
            workers: 2,
            plain: true);
        using var without = new BatchLoader(
            _samples,
            _cache,
            Contract with
            {
                Channels = 3,
            },
            Augmented,
            5,
            42,
            true,
            false);
        for (var i = 0; i < 2 * loader.BatchesPerEpoch; i++) // 23 samples: the last batch is not full
        {
            using var batch = loader.Next();
            using var expected = without.Next();
            Assert.True(batch.Images.equal(expected.Images).all().item<bool>());
            Assert.Null(expected.Plain);
            using var plain = Preprocessor.ToTensor(
                [.. batch.Samples.Select(s => _cache.Read(s.Sample))],
                Contract with
                {
                    Channels = 3,
                }
            );
            Assert.True(batch.Plain!.Images.equal(plain).all().item<bool>());
            Assert.Equal(batch.Samples.Select(s => _cache.ToInput(_cache.IndexOf(s.Sample))), batch.Plain.ToInput);
        }
    }

    [Fact]
    public void A_sample_is_found_where_its_transform_says()
    {
        // The image is black but for a square around its vertebra.
        var contract = new InputContract { Width = 90, Height = 130, WindowLow = 0, WindowHigh = 1 };
        var vertebra = new Vertebra(new(90, 140), new(110, 140), new(90, 160), new(110, 160));
        var sample = _samples[0] with { Vertebrae = [vertebra] };
        using var cache = PackedCache.Open([sample], contract, _images.Folder, null, (_, _, _) =>
            TestImages.Make(200, 300, (x, y) => x is >= 90 and < 110 && y is >= 140 and < 160 ? 200 : 0));
        var options = new AugmentationOptions
        {
            RotationDegrees = 25,
            Scale = 0.3,
            Shift = 0.15,
            FlipProbability = 0.5,
            Stretch = 0.2,
            BlurPixels = 1,
        };
        using var loader = new BatchLoader([sample], cache, contract, options, 1, 7, true, true);
        for (var epoch = 0; epoch < 60; epoch++)
        {
            using var batch = loader.Next();
            var values = batch.Images.data<float>().ToArray();
            var half = (values.Min() + values.Max()) / 2;
            var bright = Enumerable.Range(0, values.Length).Where(i => values[i] > half).ToList();
            var found = new Point2D(bright.Average(i => i % 90 + 0.5), bright.Average(i => i / 90 + 0.5));
            var prepared = batch.Samples[0];
            Assert.InRange(found.DistanceTo(prepared.ToInput.Apply(vertebra.Center)), 0, 0.5);
            Assert.InRange(found.DistanceTo(prepared.Vertebrae[0].Center), 0, 0.5);
            Assert.True(prepared.Vertebrae[0].TopLeft.X < prepared.Vertebrae[0].TopRight.X);
        }
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(2, 1)]
    [InlineData(1, 9)]
    public void Threads_and_prefetch_change_nothing(int workers, int prefetch)
    {
        var expected = Take(1, 4, 15);
        var actual = Take(workers, prefetch, 15);
        Assert.Equal(expected, actual);
        Assert.NotEqual(expected[0], expected[5]); // the second epoch is another

        List<string> Take(int workers, int prefetch, int count)
        {
            using var loader = new BatchLoader(
                _samples,
                _cache,
                Contract,
                Augmented,
                5,
                42,
                true,
                false,
                workers,
                prefetch);
            return [.. Enumerable.Range(0, count).Select(_ => Digest(loader))];
        }
    }

    [Fact]
    public void A_resumed_run_gets_the_same_batches()
    {
        using var loader = new BatchLoader(_samples, _cache, Contract, Augmented, 4, 3, true, true);
        var all = Enumerable.Range(0, 4 * loader.BatchesPerEpoch).Select(_ => Digest(loader)).ToList();
        Assert.Equal((4, 0), loader.Position);
        Assert.Equal(all.Count, all.Distinct().Count());
        var random = new SeededRandom(1);
        for (var i = 0; i < 30; i++)
        {
            var (epoch, batch) = (random.Next(4), random.Next(loader.BatchesPerEpoch));
            loader.Seek(epoch, batch);
            Assert.Equal((epoch, batch), loader.Position);
            Assert.Equal(all[epoch * loader.BatchesPerEpoch + batch], Digest(loader));
        }
        loader.Seek(2, loader.BatchesPerEpoch); // the end of an epoch is the start of the next
        Assert.Equal((3, 0), loader.Position);
    }

    [Theory]
    [InlineData(true, 4)]
    [InlineData(false, 5)]
    public void An_epoch_holds_each_sample_once(bool dropLast, int batches)
    {
        using var loader = new BatchLoader(_samples, _cache, Contract, Augmented, 5, 3, true, dropLast, workers: 2);
        Assert.Equal(batches, loader.BatchesPerEpoch);
        var orders = new List<string[]>();
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var ids = new List<string>();
            for (var i = 0; i < batches; i++)
            {
                using var batch = loader.Next();
                Assert.Equal(batch.Samples.Count, batch.Images.shape[0]);
                ids.AddRange(batch.Samples.Select(s => s.Sample.Id));
            }
            Assert.Equal(dropLast ? 20 : 23, ids.Distinct().Count());
            Assert.Equal(ids.Count, ids.Distinct().Count());
            orders.Add([.. ids]);
        }
        Assert.NotEqual(orders[0], orders[1]);
    }

    [Fact]
    public void A_sample_looks_different_in_each_epoch_and_beside_its_neighbours()
    {
        using var loader = new BatchLoader(
            _samples,
            _cache,
            Contract,
            Augmented,
            23,
            1,
            shuffle: false,
            dropLast: false);
        using var first = loader.Next();
        using var second = loader.Next();
        // Rotation, scale and mirroring in original pixels, which do not depend on the image's size.
        var turns = first
            .Samples.Concat(second.Samples)
            .Select((p, i) => p.ToInput.Then(_cache.ToInput(i % 23).Invert()))
            .Select(t => (Math.Round(t.A, 9), Math.Round(t.B, 9)));
        Assert.Equal(46, turns.Distinct().Count());
    }

    [Fact]
    public void Another_seed_gives_other_batches()
    {
        using var first = new BatchLoader(_samples, _cache, Contract, Augmented, 23, 1, false, false);
        using var second = new BatchLoader(_samples, _cache, Contract, Augmented, 23, 2, false, false);
        Assert.NotEqual(Digest(first), Digest(second));
    }

    [Fact]
    public void A_threads_error_comes_out_of_Next_and_stays()
    {
        _samples[7] = _samples[7] with { Vertebrae = new Failing() };
        using var loader = new BatchLoader(_samples, _cache, Contract, null, 5, 1, false, false, workers: 2);
        loader.Next().Dispose();
        Assert.Equal("made to fail", Assert.Throws<InvalidOperationException>(loader.Next).Message);
        Assert.Throws<InvalidOperationException>(loader.Next);
        Assert.Equal((0, 1), loader.Position);
        loader.Seek(0, 2);
        loader.Next().Dispose();
    }

    [Fact]
    public void Threads_end_quickly_and_the_cache_may_go_first()
    {
        var loader = new BatchLoader(
            _samples,
            _cache,
            Contract,
            Augmented,
            20,
            1,
            true,
            true,
            workers: 3,
            prefetch: 50);
        loader.Next().Dispose();
        _cache.Dispose();
        loader.Next().Dispose();
        var start = Stopwatch.GetTimestamp();
        loader.Dispose();
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10); // generous: the machine may be busy
        Assert.Throws<ObjectDisposedException>(loader.Next);
    }

    [Fact]
    public void Memory_is_used_again()
    {
        using var loader = new BatchLoader(_samples, _cache, Contract, null, 20, 1, true, true, prefetch: 3);
        for (var i = 0; i < 100; i++)
            loader.Next().Dispose();
        Assert.InRange(loader.ArraysMade, 1, 4); // three ahead, and one on its way back
    }

    [Fact]
    public void Too_few_samples_are_refused() =>
        Assert.Contains(
            "23",
            Assert
                .Throws<MarrowException>(() =>
                    new BatchLoader(_samples, _cache, Contract, null, 24, 1, true, dropLast: true))
                .Message);

    [Fact]
    public void A_cache_of_another_contract_is_refused() =>
        Assert.Throws<ArgumentException>(() =>
            new BatchLoader(_samples, _cache, Contract with { WindowHigh = 0.9 }, null, 4, 1, true, true));

    [Fact]
    public void Impossible_augmentation_is_refused() =>
        Assert.Contains(
            "gamma",
            Assert
                .Throws<MarrowException>(() =>
                    new BatchLoader(_samples, _cache, Contract, Augmented with { Gamma = -1 }, 4, 1, true, true))
                .Message);

    private static string Digest(BatchLoader loader)
    {
        using var batch = loader.Next();
        var values = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(batch.Images.bytes));
        return $"{values} {string.Join(' ', batch.Samples.Select(s => $"{s.Sample.Id} {s.ToInput} {s.Vertebrae[0]}"))}";
    }

    private sealed class Failing : IReadOnlyList<Vertebra>
    {
        public Vertebra this[int index] => throw new InvalidOperationException("made to fail");
        public int Count => 1;
        public IEnumerator<Vertebra> GetEnumerator() => throw new InvalidOperationException("made to fail");
        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
