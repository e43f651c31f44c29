using System.Security.Cryptography;
using System.Text;
using TorchSharp;

namespace Marrow.Weights;

/// <summary>Names weights by what they are, whatever file they lie in and whatever else it says.</summary>
internal static class TensorDigest
{
    /// <summary>
    /// Returns the SHA-256, as 64 hexadecimal digits, over each tensor's name, type, shape and numbers, in the order of
    /// the names.
    /// </summary>
    public static string Of(IEnumerable<KeyValuePair<string, torch.Tensor>> tensors)
    {
        var each = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
            each[name] = Of(name, tensor);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var one in each.Values)
            hash.AppendData(one);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static byte[] Of(string name, torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{name}\n{tensor.dtype}\n{ShapeText.Of(tensor.shape)}\n"));
        WeightFile.ForPieces(tensor.detach().cpu().contiguous().view(-1), piece => hash.AppendData(piece.bytes));
        return hash.GetHashAndReset();
    }
}
