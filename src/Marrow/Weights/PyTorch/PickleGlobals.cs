using TorchSharp;

namespace Marrow.Weights.PyTorch;

/// <summary>A name that a pickle may mention, and its replacement.</summary>
/// <param name="Call">
/// The function that REDUCE calls with the arguments; null for a name that can't be called. It throws
/// <see cref="FormatException"/>.
/// </param>
/// <param name="Type">The number type of a storage class or dtype.</param>
/// <param name="New">
/// The function that makes a new object when NEWOBJ names this class, with the arguments; null for what is no such
/// class. It throws <see cref="FormatException"/>.
/// </param>
/// <param name="UnreadBytes">
/// The size of an element of a storage whose type is not read; 0 for every other name. Such a storage may stand beside
/// weights.
/// </param>
internal sealed record PickleGlobal(
    string Name,
    Func<IReadOnlyList<object?>, object?>? Call = null,
    torch.ScalarType? Type = null,
    bool IsStorage = false,
    Func<IReadOnlyList<object?>, object>? New = null,
    int UnreadBytes = 0)
{
    /// <summary>The size of an element of a storage: 1 where each tensor says its own type.</summary>
    public int ElementBytes => Type is { } type ? SafetensorsHeader.SizeOf(type) : Math.Max(UnreadBytes, 1);

    /// <summary>
    /// The name as Python writes it when its numbers are not read, "torch.QInt8Storage"; otherwise null.
    /// </summary>
    public string? Unread => UnreadBytes > 0 ? Name.Replace(' ', '.') : null;
}

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

    /// <summary>
    /// Types that PyTorch has and that are not read, with the size of an element in bytes: those of quantised and of
    /// complex tensors.
    /// </summary>
    private static readonly (string Name, int Bytes)[] UnreadStorages =
    [
        ("QInt8Storage", 1), ("QUInt8Storage", 1), ("QInt32Storage", 4), ("QUInt4x2Storage", 1),
        ("QUInt2x4Storage", 1), ("ComplexFloatStorage", 8), ("ComplexDoubleStorage", 16),
    ];

    /// <summary>Types of numbers that are not read: of complex, short and unsigned ones.</summary>
    private static readonly string[] UnreadTypes =
    [
        "complex32",
        "complex64",
        "complex128",
        "float8_e4m3fn",
        "float8_e4m3fnuz",
        "float8_e5m2",
        "float8_e5m2fnuz",
        "uint16",
        "uint32",
        "uint64",
    ];

    /// <summary>Types of quantised numbers and the ways of quantising them (torch/_utils.py).</summary>
    private static readonly string[] Quantisations =
    [
        "qint8",
        "quint8",
        "qint32",
        "quint4x2",
        "quint2x4",
        "per_tensor_affine",
        "per_channel_affine",
        "per_tensor_symmetric",
        "per_channel_symmetric",
        "per_channel_affine_float_qparams",
    ];

    /// <summary>
    /// Dictionaries and records in which training programs keep their settings, which are made empty and filled.
    /// Lightning has moved its own from package to package.
    /// </summary>
    private static readonly (string Name, Func<object> New)[] Records =
    [
        ("argparse Namespace", () => new PickleOpaque("settings")),
        ("pytorch_lightning.utilities.parsing AttributeDict", () => new PickleDict()),
        ("lightning.pytorch.utilities.parsing AttributeDict", () => new PickleDict()),
        ("lightning_fabric.utilities.data AttributeDict", () => new PickleDict()),
        ("lightning.fabric.utilities.data AttributeDict", () => new PickleDict()),
    ];

    /// <summary>Functions that make plain data, which nobody needs.</summary>
    private static readonly (string Name, string Kind)[] Plain =
    [
        ("torch device", "device"),
        ("collections Counter", "counter"),
        ("builtins set", "set"),
        ("__builtin__ set", "set"),
        ("types SimpleNamespace", "settings"),
        ("_codecs encode", "bytes"),
        ("builtins bytes", "bytes"),
        ("__builtin__ bytes", "bytes"),
        ("numpy dtype", "numpy type"),
        ("numpy.core.multiarray scalar", "numpy number"),
        ("numpy._core.multiarray scalar", "numpy number"),
        ("numpy.core.multiarray _reconstruct", "numpy array"),
        ("numpy._core.multiarray _reconstruct", "numpy array"),
        ("pathlib Path", "path"),
        ("pathlib PosixPath", "path"),
        ("pathlib PurePosixPath", "path"),
        ("pathlib WindowsPath", "path"),
        ("pathlib._local PosixPath", "path"),
        ("pathlib._local WindowsPath", "path"),
        ("datetime datetime", "time"),
        ("datetime date", "time"),
        ("datetime timedelta", "time"),
    ];

    /// <summary>Classes that are only named: by a defaultdict, which makes its missing values of them.</summary>
    private static readonly string[] Factories = ["int", "float", "list", "dict", "str", "bool", "tuple"];

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
        new("torch._utils _rebuild_qtensor", Quantised),
        new("collections defaultdict", NewDefaultDict),
        new("numpy ndarray"), // which _reconstruct makes
        new("torch.torch_version TorchVersion", New: _ => new PickleOpaque("version")),
    }
    .Concat(Types.Select(t => new PickleGlobal("torch " + t.Storage, Type: t.Type, IsStorage: true)))
    .Concat(Types.Select(t => new PickleGlobal("torch " + t.DType, Type: t.Type)))
    .Concat(UnreadStorages.Select(t => new PickleGlobal("torch " + t.Name, IsStorage: true, UnreadBytes: t.Bytes)))
    .Concat(UnreadTypes.Select(name => new PickleGlobal("torch " + name, UnreadBytes: 1)))
    .Concat(Quantisations.Select(name => new PickleGlobal("torch " + name)))
    .Concat(Records.Select(r => new PickleGlobal(r.Name, New: a => Empty(r.Name, a, r.New))))
    .Concat(Plain.Select(p => new PickleGlobal(p.Name, _ => new PickleOpaque(p.Kind))))
    .Concat(Factories.SelectMany(name => (PickleGlobal[])[new("builtins " + name), new("__builtin__ " + name)]))
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
        var size = kind.ElementBytes;
        if (elements < 0 || elements > long.MaxValue / size || elements * size != bytes)
            throw new FormatException(
                $"a storage '{PickleReader.Shown(key)}' of {elements} elements of {size} bytes, which has {bytes} "
                    + $"bytes in the file"
            );
        return new(key, kind, bytes);
    }

    private static PickleDict NewDict(IReadOnlyList<object?> arguments) =>
        arguments.Count == 0 ? new() : throw new FormatException("an OrderedDict made of arguments");

    private static object Empty(string name, IReadOnlyList<object?> arguments, Func<object> make) =>
        arguments.Count == 0 ? make() : throw new FormatException($"NEWOBJ of '{name}' with arguments");

    private static PickleDict NewDefaultDict(IReadOnlyList<object?> arguments) =>
        arguments is [] or [PickleGlobal or null]
            ? new()
            : throw new FormatException("a defaultdict made of more than a class");

    private static object? Size(IReadOnlyList<object?> arguments) =>
        arguments is [PickleTuple sides] ? sides : throw new FormatException("a torch.Size that is no tuple");

    private static object? Parameter(IReadOnlyList<object?> arguments) =>
        arguments is [PickledTensor or PickledUnread, ..]
            ? arguments[0]
            : throw new FormatException("a parameter that is no tensor");

    private static PickleGlobal DType(IReadOnlyList<object?> arguments, int at) =>
        at < arguments.Count
        && arguments[at] is PickleGlobal { IsStorage: false } type
        && (type.Type is not null || type.Unread is not null)
            ? type
            : throw new FormatException("a tensor without its type");

    /// <summary>A quantised tensor, of which nothing is read but that it is there.</summary>
    private static PickledUnread Quantised(IReadOnlyList<object?> arguments) =>
        arguments is [PickledStorage { Unread: { } type }, ..]
            ? new($"a quantised tensor ({type})", isQuantised: true)
            : throw new FormatException("a quantised tensor that is not made of a storage");

    /// <summary>
    /// Rebuilds a tensor from (storage, offset, shape, strides, ...). The remaining arguments concern gradients and are
    /// ignored.
    /// </summary>
    private static object Rebuild(IReadOnlyList<object?> arguments, PickleGlobal? viewedAs)
    {
        if (arguments is not [PickledStorage storage, long offset, PickleTuple size, PickleTuple stride, ..])
            throw new FormatException("a tensor that is not made of a storage, an offset, a shape and strides");
        if ((viewedAs?.Unread ?? storage.Unread) is { } unread)
            return new PickledUnread($"a tensor of a type that is not read ({unread})", isQuantised: false);
        if ((viewedAs?.Type ?? storage.Type) is not { } type)
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
        return new PickledTensor(storage, type, storage.Skipped + offset, shape, strides);
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
