using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Marrow.Datasets;

/// <summary>
/// Returns a number for a name that is the same on every machine and in every run. It serves as a seed for what belongs
/// to one image.
/// </summary>
internal static class StableHash
{
    public static ulong Of(string name) =>
        BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}
