using System.Globalization;
using Marrow.Soak;
using static TorchSharp.torch;

namespace Marrow.Tests;

/// <summary>
/// A file as torch.save writes it, with dictionaries in dictionaries, made instruction by instruction without the
/// writer that Marrow has. Numbers of tensors that are given by their shape alone count up from the first.
/// </summary>
internal sealed class NestedFile
{
    private readonly PickleWriter _pickle = new PickleWriter().Op('}');
    private readonly List<(string Name, byte[] Data)> _storages = [];

    /// <summary>Begins a dictionary under a key of the one that is open.</summary>
    public NestedFile Open(string key)
    {
        _pickle.Text(key).Op('}');
        return this;
    }

    /// <summary>Ends the dictionary that was begun last.</summary>
    public NestedFile Close()
    {
        _pickle.Op('s');
        return this;
    }

    public NestedFile Number(string key, long value) => Put(key, pickle => pickle.Int(value));

    /// <summary>Any value, which the function writes.</summary>
    public NestedFile Put(string key, Action<PickleWriter> value)
    {
        value(_pickle.Text(key));
        _pickle.Op('s');
        return this;
    }

    public NestedFile Counting(string key, float first, params long[] shape)
    {
        var count = shape.Aggregate(1L, (product, side) => product * side);
        return Add(key, "FloatStorage", shape, count,
            [.. Enumerable.Range(0, (int)count).SelectMany(i => BitConverter.GetBytes(first + i))]);
    }

    /// <summary>All tensors of a state dict, each under a prefix.</summary>
    public NestedFile State(IEnumerable<KeyValuePair<string, Tensor>> state, string prefix = "")
    {
        foreach (var (key, value) in state)
        {
            var kind = value.dtype == ScalarType.Int64 ? "LongStorage" : "FloatStorage";
            using var plain = value.detach().contiguous();
            Add(prefix + key, kind, value.shape, value.NumberOfElements, plain.bytes.ToArray());
        }
        return this;
    }

    public byte[] Bytes() => PyTorchFile.Zip(
        [("weights/data.pkl", _pickle.Stop()), ("weights/byteorder", "little"u8.ToArray()), .. _storages]);

    private NestedFile Add(string key, string kind, long[] shape, long elements, byte[] data)
    {
        var storage = _storages.Count.ToString(CultureInfo.InvariantCulture);
        _storages.Add(("weights/data/" + storage, data));
        var strides = new long[shape.Length];
        for (var (d, step) = (shape.Length - 1, 1L); d >= 0; step *= shape[d--])
            strides[d] = step;
        _pickle.Text(key).Tensor(kind, storage, elements, 0, shape, strides).Op('s');
        return this;
    }
}
