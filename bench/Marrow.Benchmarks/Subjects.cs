using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Modules;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using Marrow.Tasks.Vertebrae;
using static TorchSharp.torch;

namespace Marrow.Benchmarks;

/// <summary>
/// What is measured: models with random weights and batches of noise. Speed does not depend on the values.
/// </summary>
internal static class Subjects
{
    private const int Classes = 3;

    public static readonly InputContract ChestInput = new() { Width = 224, Height = 224 };
    public static readonly InputContract SpineInput = new() { Width = 192, Height = 576 };

    /// <summary>DenseNet-121, 224 x 224, one channel.</summary>
    public static ClassifyTask Classifier()
    {
        random.manual_seed(1);
        var spec = new ModelSpec { Architecture = "densenet121", Outputs = Classes };
        var layout = new ClassLayout(["a", "b", "c"], Exclusive: false, []);
        return new((Classifier)ModelCatalogue.Create(spec), spec, ChestInput, layout);
    }

    /// <summary>RetinaNet on DenseNet-121, 192 x 576, one channel.</summary>
    public static DetectVertebraeTask Detector()
    {
        random.manual_seed(1);
        var spec = new ModelSpec
        {
            Architecture = "retinanet-densenet121",
            Detector = DetectorSpec.Vertebrae(SpineInput.Width, SpineInput.Height),
        };
        return new((RetinaNet)ModelCatalogue.Create(spec), spec, SpineInput);
    }

    /// <summary>So many labelled samples, whose images are as large as the data sets' own.</summary>
    public static IReadOnlyList<Sample> Samples(int count, int width, int height) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new Sample(id: $"{i}", imagePath: $"{i}", patient: $"{i}")
                {
                    Labels = [.. Enumerable.Range(0, Classes).Select(c => (float)((i >> c) & 1))],
                    Vertebrae = Spine(width, height),
                }),
        ];

    public static Batch Batch(InputContract input, int size)
    {
        random.manual_seed(2);
        return new(randn([size, input.Channels, input.Height, input.Width]),
            [
                .. Samples(size, input.Width, input.Height)
                    .Select(s => new BatchSample(s, AffineTransform.Identity, s.Targets)),
            ]);
    }

    /// <summary>A straight spine with the shares of the image that vertebrae have in SpineWeb data set 16.</summary>
    private static IReadOnlyList<Vertebra> Spine(int width, int height) =>
        [
            .. Enumerable
                .Range(0, Vertebra.Count)
                .Select(i =>
                {
                    var (left, right) = (0.4 * width, 0.6 * width);
                    var (top, bottom) = ((0.08 + 0.05 * i) * height, (0.12 + 0.05 * i) * height);
                    return new Vertebra(new(left, top), new(right, top), new(left, bottom), new(right, bottom));
                }),
        ];
}
