using Marrow.Checkpoints;

namespace Marrow.Samples;

/// <summary>Loads such a checkpoint again: only its maker can build the module, so the module is given.</summary>
public static class LoadChild
{
    public static void Run(string folder)
    {
        // <sample>
        using var segmenter = new Segmenter();
        using var child = Checkpoint.Load(folder, into: segmenter); // every byte and the golden sample are verified
        foreach (var ancestor in child.Parents.Ancestors())
            Console.WriteLine($"{child.Name} descends from {ancestor.Name}, under {ancestor.License}.");
        // </sample>
    }
}
