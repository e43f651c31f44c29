using TorchSharp;

namespace Marrow.Weights.PyTorch;

/// <summary>A name that a pickle may mention, and its replacement.</summary>
/// <param name="Call">
/// The function that REDUCE calls with the arguments; null for a name that can't be called. It throws
/// <see cref="FormatException"/>.
/// </param>
/// <param name="Type">The number type of a storage class or dtype.</param>
internal sealed record PickleGlobal(
    string Name,
    Func<IReadOnlyList<object?>, object?>? Call = null,
    torch.ScalarType? Type = null,
    bool IsStorage = false);

/// <summary>
/// Every name that the pickles of PyTorch's weights need (torch/_utils.py, torch/_weights_only_unpickler.py) and a few
/// kinds of plain data that stand beside weights in checkpoints of training programs. A name that is not here is
/// refused. None of them is looked up in any program: each has its own few lines below, which build data.
/// </summary>
internal static class PickleGlobals
{
    private const int MostDimensions = 32; // far over any model's, as for safetensors

    private const long LargestEmpty = int.MaxValue; // product of the other sides of a tensor that has a side of 0

    private static readonly (string Storage, string DType, torch.ScalarType Type)[] Types =
    [
        ("FloatStorage", "float32", torch.ScalarType.Float32), ("DoubleStorage", "float64", torch.ScalarType.Float64),
        ("HalfStorage", "float16", torch.ScalarType.Float16),
        ("BFloat16Storage", "bfloat16", torch.ScalarType.BFloat16),
        ("LongStorage", "int64", torch.ScalarType.Int64), ("IntStorage", "int32", torch.ScalarType.Int32),
        ("ShortStorage", "int16", torch.ScalarType.Int16), ("CharStorage", "int8", torch.ScalarType.Int8),
        ("ByteStorage", "uint8", torch.ScalarType.Byte), ("BoolStorage", "bool", torch.ScalarType.Bool),
    ];

    /// <summary>The allowed globals by "module name", as the instruction GLOBAL writes it.</summary>
    public static IReadOnlyDictionary<string, PickleGlobal> Allowed { get; } = new PickleGlobal[]
    {
        new("collections OrderedDict", NewDict),
        new("torch._utils _rebuild_tensor", a => Rebuild(a, null)),
        new("torch._utils _rebuild_tensor_v2", a => Rebuild(a, null)),
        new("torch._utils _rebuild_tensor_v3", a => Rebuild(a, DType(a, 6))),
        new("torch._utils _rebuild_parameter", Parameter),
        new("torch._utils _rebuild_parameter_with_state", Parameter),
        new("torch Size", Size),
        new("torch.storage UntypedStorage", IsStorage: true),
        // Plain data that training programs keep beside weights.
        new("torch device", _ => new PickleOpaque("device")),
        new("collections Counter", _ => new PickleOpaque("counter")),
        new("builtins set", _ => new PickleOpaque("set")),
        new("__builtin__ set", _ => new PickleOpaque("set")),
        new("_codecs encode", _ => new PickleOpaque("bytes")),
        new("numpy dtype", _ => new PickleOpaque("numpy type")),
        new("numpy.core.multiarray scalar", _ => new PickleOpaque("numpy number")),
        new("numpy._core.multiarray scalar", _ => new PickleOpaque("numpy number")),
    }
    .Concat(Types.Select(t => new PickleGlobal("torch " + t.Storage, Type: t.Type, IsStorage: true)))
    .Concat(Types.Select(t => new PickleGlobal("torch " + t.DType, Type: t.Type)))
    .ToDictionary(g => g.Name, StringComparer.Ordinal);

    /// <summary>
    /// ('storage', class, key, place, elements): an entry of the archive. Throws <see cref="FormatException"/>.
    /// </summary>
    /// <param name="bytesOf">
    /// Returns the size of a storage by its key; null when the archive has none with that key.
    /// </param>
    public static PickledStorage Storage(object? id, Func<string, long?> bytesOf)
    {
        if (
            id
            is not PickleTuple
            {
                Items: ["storage", PickleGlobal { IsStorage: true } kind, string key, string, long elements]
            }
        )
            throw new FormatException("a persistent id that is no storage of five parts");
        if (bytesOf(key) is not { } bytes)
            throw new FormatException($"a storage '{PickleReader.Shown(key)}' that the file does not have");
        var size = kind.Type is { } type ? SafetensorsHeader.SizeOf(type) : 1;
        if (elements < 0 || elements > long.MaxValue / size || elements * size != bytes)
            throw new FormatException(
                $"a storage '{PickleReader.Shown(key)}' of {elements} elements of {size} bytes, which has {bytes} "
                    + $"bytes in the file"
            );
        return new(key, kind.Type, bytes);
    }

    private static PickleDict NewDict(IReadOnlyList<object?> arguments) =>
        arguments.Count == 0 ? new() : throw new FormatException("an OrderedDict made of arguments");

    private static object? Size(IReadOnlyList<object?> arguments) =>
        arguments is [PickleTuple sides] ? sides : throw new FormatException("a torch.Size that is no tuple");

    private static object? Parameter(IReadOnlyList<object?> arguments) =>
        arguments is [PickledTensor data, ..] ? data : throw new FormatException("a parameter that is no tensor");

    private static torch.ScalarType DType(IReadOnlyList<object?> arguments, int at) =>
        at < arguments.Count && arguments[at] is PickleGlobal { IsStorage: false, Type: { } type }
            ? type
            : throw new FormatException("a tensor without its type");

    /// <summary>
    /// Rebuilds a tensor from (storage, offset, shape, strides, ...). The remaining arguments concern gradients and are
    /// ignored.
    /// </summary>
    private static PickledTensor Rebuild(IReadOnlyList<object?> arguments, torch.ScalarType? viewedAs)
    {
        if (arguments is not [PickledStorage storage, long offset, PickleTuple size, PickleTuple stride, ..])
            throw new FormatException("a tensor that is not made of a storage, an offset, a shape and strides");
        if ((viewedAs ?? storage.Type) is not { } type)
            throw new FormatException("a tensor without its type");
        if (size.Items.Count > MostDimensions || stride.Items.Count != size.Items.Count)
            throw new FormatException($"a tensor of {size.Items.Count} dimensions and {stride.Items.Count} strides");
        var (shape, strides) = (Numbers(size), Numbers(stride));
        var available = storage.Bytes / SafetensorsHeader.SizeOf(type);
        Int128 elements = 1, last = offset, extent = 1;
        for (var d = 0; d < shape.Length; d++)
        {
            // Factors are under 2^63 and products are held under it, so nothing overflows where there are elements at
            // all.
            elements *= shape[d];
            extent *= Math.Max(shape[d], 1);
            if (elements > available || extent > LargestEmpty && elements == 0)
                throw new FormatException(
                    $"a tensor {ShapeText.Of(shape)} of more elements than its storage's {available}");
            last += (Int128)Math.Max(shape[d] - 1, 0) * strides[d];
        }
        if (offset < 0 || elements > 0 && last >= available)
            throw new FormatException(
                $"a tensor {ShapeText.Of(shape)} with offset {offset} and strides {ShapeText.Of(strides)}, which "
                    + $"reaches beyond its storage's {available} elements"
            );
        if (storage.Skipped > 0 && type != storage.Type)
            throw new FormatException("a part of a storage that is read as another type");
        return new(storage, type, storage.Skipped + offset, shape, strides);
    }

    private static long[] Numbers(PickleTuple tuple)
    {
        var numbers = new long[tuple.Items.Count];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = tuple.Items[i] is long and >= 0 and var number
                ? number
                : throw new FormatException("a shape or stride that is no number of 0 or more");
        return numbers;
    }
}
