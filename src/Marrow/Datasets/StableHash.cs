using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Marrow.Datasets;

/// <summary>A number for a name that is the same on every machine and run, to seed what belongs to one image.</summary>
internal static class StableHash
{
    public static ulong Of(string name) =>
        BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}
