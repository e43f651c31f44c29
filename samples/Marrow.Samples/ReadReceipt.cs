using Marrow.Checkpoints.Transfer;

namespace Marrow.Samples;

/// <summary>What became of every weight in a warm start.</summary>
public static class ReadReceipt
{
    public static void Run(TransferReceipt receipt)
    {
        // <sample>
        Console.WriteLine($"{receipt.BackboneCoverage:P0} of the backbone's parameters came from {receipt.Source}.");
        foreach (var module in receipt.Modules)
            Console.WriteLine(
                $"{module.Module}: {module.Copied + module.Remapped + module.Adapted} tensors taken over, "
                    + $"{module.Random} random"
            );
        foreach (var tensor in receipt.Tensors.Where(t => t.Status == TransferStatus.Random))
            Console.WriteLine($"{tensor.Key} stayed random: {tensor.Reason}");
        // </sample>
    }
}
