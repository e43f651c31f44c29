using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Phantoms;
using Marrow.Tasks;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Checkpoints.Transfer;

/// <summary>Says how similarly two backbones see the same images after one of their stages.</summary>
internal sealed class StageAlignment
{
    internal StageAlignment(string stage, double alignment) => (Stage, Alignment) = (stage, alignment);

    /// <summary>The name of the stage: "stem", or "block1" to "block4".</summary>
    public string Stage { get; }

    /// <summary>The similarity of the activations; see <see cref="KernelAlignment.Unbiased"/>.</summary>
    public double Alignment { get; }
}

/// <summary>
/// What fine-tuning did to what a backbone sees: both models look at the same images, each through its own input
/// contract; the maps after each stage are averaged over 4 x 4 fields of the image, and the features of all images are
/// compared by centred kernel alignment. It compares which images are alike to either model, not field with field, so
/// contracts of other sizes, and architectures of other widths, can be compared as well.
/// </summary>
internal static class ActivationDiff
{
    // a side: coarse enough for the deepest map of a small input, fine enough to tell top from bottom
    private const int Fields = 4;

    private const ulong PhantomSeed = 17;
    private const double TallInput = 1.5; // height over width from which an input is a whole spine's

    /// <summary>
    /// Compares the stages of a and b from shallow to deep, in float32 on the CPU. Throws <see cref="MarrowException"/>
    /// for fewer than four images, and for a checkpoint whose model can't be built here.
    /// </summary>
    /// <param name="images">The images, which are read one at a time.</param>
    /// <param name="progress">Called after each image. The total number of images is not known here.</param>
    public static IReadOnlyList<StageAlignment> Between(
        Checkpoint a, Checkpoint b, IEnumerable<Radiograph> images, Action<Progress>? progress = null,
        CancellationToken cancellation = default)
    {
        using var modelA = a.BuildModel();
        using var modelB = b.BuildModel();
        var stages = BackboneStages
            .Of(b.Config.Model)
            .Select(s => s.Name)
            .Intersect(BackboneStages.Of(a.Config.Model).Select(s => s.Name))
            .ToList();
        var features = stages.ToDictionary(s => s, _ => (A: new List<float[]>(), B: new List<float[]>()));
        var count = 0;
        foreach (var image in images)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var (stage, values) in Look(modelA, a.Config, image).Where(s => features.ContainsKey(s.Stage)))
                features[stage].A.Add(values);
            foreach (var (stage, values) in Look(modelB, b.Config, image).Where(s => features.ContainsKey(s.Stage)))
                features[stage].B.Add(values);
            count++;
            progress?.Invoke(new("comparing", count, 0, ProgressUnit.Images));
        }
        if (count < KernelAlignment.FewestImages)
            throw new MarrowException(
                $"{a.Name} and {b.Name}: expected {KernelAlignment.FewestImages} images or more to compare the "
                    + $"activations on, found {count}. Give more images."
            );
        return [.. stages.Select(s => new StageAlignment(s, KernelAlignment.Unbiased(features[s].A, features[s].B)))];
    }

    /// <summary>
    /// Synthetic radiographs for where no images are at hand, the same at each call: whole spines where the input is
    /// half as high again as it is wide, or more, otherwise chests.
    /// </summary>
    public static IEnumerable<Radiograph> Phantoms(InputContract input, int count) =>
        Enumerable
            .Range(0, count)
            .Select(patient =>
            {
                if (input.Height >= TallInput * input.Width)
                {
                    var spine = PhantomGenerator.Spine(PhantomSeed, patient);
                    return Radiograph($"spine phantom {patient}", spine.Width, spine.Height, spine.Pixels);
                }
                var chest = PhantomGenerator.Chest(PhantomSeed, patient);
                return Radiograph($"chest phantom {patient}", chest.Width, chest.Height, chest.Pixels);
            });

    private static Radiograph Radiograph(string source, int width, int height, byte[] pixels) =>
        new(width, height, [.. pixels.Select(p => (ushort)p)], 8, source);

    /// <summary>Returns the stage's activations, [channels * 4 * 4], for each stage.</summary>
    private static List<(string Stage, float[] Values)> Look(Module model, CheckpointConfig config, Radiograph image)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        var contract = config.Input with { Crop = null }; // any picture serves to compare two models on
        var input = Preprocessor.ToTensor([Preprocessor.Prepare(image, contract)], contract);
        return [.. BackboneStages.Activations(model, config.Model, input).Select(s =>
            (s.Stage, functional.adaptive_avg_pool2d(s.Activations, [Fields, Fields]).Values<float>()))];
    }
}
