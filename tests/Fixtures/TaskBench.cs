using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Multitask;
using Marrow.Tasks.Strip;

namespace Marrow.Tests;

/// <summary>
/// Two made-up images with the labels of every task, packed, and a small model of each task for them.
/// </summary>
internal sealed class TaskBench : IDisposable
{
    public const int Width = 64, Height = 128, Images = 2;

    private readonly InputContract _input = new() { Width = Width, Height = Height };

    private readonly TestImages _images = new();
    private readonly List<Sample> _samples;
    private readonly PackedCache _cache;
    private readonly MaskPack _masks;

    /// <param name="task">The task that the images are for; null for those that look at whole images.</param>
    public TaskBench(string? task = null)
    {
        _samples = [.. _images.Samples(Images).Select((s, i) => s with
        {
            Vertebrae = RandomSpine.Create(new((ulong)i), 60, 90),
            Labels = [1, 0, 0, 1],
            CobbDegrees = [30, 20, 10],
            Points = [new(10, 20), new(30, 40), new(20, 60), new(double.NaN, double.NaN)],
            Numbers = [1.5, 2, double.NaN, 4],
            Boxes = [new(0, 10, 20, 30, 60), new(2, 20, 20, 40, 40)],
            MaskAreas = [[new(10, 10), new(30, 10), new(30, 30), new(10, 30)]],
        })];
        if (task is not null && TaskCatalogue.Get(task).Straightens)
        {
            _input = _input with { Strip = new(InputStrip.UsualEnds) };
            _samples = [.. _samples.Select(StripSamples.Of)];
        }
        _cache = PackedCache.Open(_samples, _input, _images.Folder, null, TestImages.ReadNoise);
        _masks = MaskPack.Open(_samples, _input, 1, _images.Folder);
    }

    /// <param name="plain">Give each image without augmentation too, unless it is a strip.</param>
    public BatchLoader Loader(bool plain = false) =>
        new(_samples, _cache, _input, null, Images, 1, shuffle: false, dropLast: false, masks: _masks,
            plain: plain && _input.Strip is null);

    /// <summary>With random weights, on the processor.</summary>
    public TaskModel Create(string name)
    {
        if (TaskCatalogue.Get(name).HasParts)
            return CreateParts("classify", "regress", "pretrain");
        var task = TaskCatalogue.Create(name, Model(name), _input, Data());
        task.AdaptTo(_samples);
        return task;
    }

    /// <summary>Several tasks on one backbone, whose parts are called a, b, c ...</summary>
    public MultitaskTask CreateParts(params IReadOnlyList<string> tasks)
    {
        var whole = MultitaskTask.Create(
            "multi-densenet-mini",
            [.. tasks.Select((task, i) => ($"{(char)('a' + i)}", task, Model(task), _input, Data()))]);
        foreach (var part in whole.Parts)
            part.Task.AdaptTo(_samples);
        return whole;
    }

    private static ModelRequest Model(string task) =>
        new($"{TaskCatalogue.Get(task).ArchitecturePrefix}densenet-mini");

    private Dataset Data()
    {
        string[] names = ["a", "b", "c", "d"];
        return new Dataset(
            name: "made-up",
            format: "csv",
            root: _images.Folder,
            samples: _samples)
        {
            Classes = names,
            NumberNames = names,
            PointNames = names,
            BoxClasses = names,
            MaskClasses = ["area"],
        };
    }

    public void Dispose()
    {
        _masks.Dispose();
        _cache.Dispose();
        _images.Dispose();
    }
}
