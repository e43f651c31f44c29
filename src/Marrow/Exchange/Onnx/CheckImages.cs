using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Phantoms;
using Marrow.Tasks;

namespace Marrow.Exchange.Onnx;

/// <summary>
/// Provides the images on which an exported model is run: the user's own or synthetic phantoms, prepared as for any
/// prediction.
/// </summary>
internal static class CheckImages
{
    public const int Fewest = 4; // a batch of one and one of three
    private const int Most = 16;
    private const ulong PhantomSeed = 17;

    /// <summary>
    /// Returns 4 to 16 images, repeated when there are fewer than 4, and a text that says where they come from.
    /// </summary>
    public static (IReadOnlyList<PackedImage> Images, string Source) Of(
        CheckpointConfig config,
        IReadOnlyList<string> files)
    {
        var input = config.Input with { Crop = null }; // any picture serves to compare two ways of computing on
        if (files.Count == 0)
            return (
                [.. Enumerable.Range(0, Fewest).Select(i => Preprocessor.Prepare(Phantom(config.Task, i), input))],
                $"{Fewest} phantoms");
        var images = files.Take(Most).Select(file => Preprocessor.Load(file, input)).ToList();
        var given = images.Count;
        while (images.Count < Fewest)
            images.Add(images[images.Count % given]);
        return (images, NumberText.Count(given, "image"));
    }

    // The same for every export; of full size, so that they are drawn once.
    private static readonly Lazy<Radiograph[]> Chests = new(() => [.. Enumerable.Range(0, Fewest).Select(patient =>
    {
        var chest = PhantomGenerator.Chest(PhantomSeed, patient);
        return Of(chest.Width, chest.Height, chest.Pixels);
    })]);

    private static readonly Lazy<Radiograph[]> Spines = new(() => [.. Enumerable.Range(0, Fewest).Select(patient =>
    {
        var spine = PhantomGenerator.Spine(PhantomSeed, patient);
        return Of(spine.Width, spine.Height, spine.Pixels);
    })]);

    private static Radiograph Phantom(string task, int patient) =>
        (TaskCatalogue.Get(task).IsTriedOnChests ? Chests : Spines).Value[patient];

    private static Radiograph Of(int width, int height, byte[] pixels) =>
        new(width, height, [.. pixels.Select(p => (ushort)p)], 8, "phantom");
}
