using Marrow.Hub;

namespace Marrow.Samples;

/// <summary>Opens a hub, lists it, and tells of one checkpoint what it is for and under which terms.</summary>
public static class OpenHub
{
    public static void Run(string hubFolder, string name)
    {
        // <sample>
        var hub = new LocalHub(hubFolder);
        foreach (var entry in hub.List())
            Console.WriteLine($"{entry.Name} {entry.Digest} of {entry.Created:yyyy-MM-dd}");

        using var checkpoint = hub.Resolve(name);
        Console.WriteLine($"{checkpoint.Name} is for {checkpoint.Config.Task}, under {checkpoint.License}.");
        foreach (var value in checkpoint.Metrics)
            Console.WriteLine($"{value.Metric} {value.Value:F3} on {value.Samples} samples of {value.Dataset}");
        // </sample>
    }
}
