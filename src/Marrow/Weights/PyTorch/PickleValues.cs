using TorchSharp;

namespace Marrow.Weights.PyTorch;

// What a pickle holds once it is read: None as null, truth, whole numbers and fractions as bool, long and double, text
// as string, and the kinds below. All of it is inert. They are classes without equality of their own: a pickle may hold
// a list that holds itself.

/// <summary>A dictionary with text keys. Values of other keys are not needed and are only counted.</summary>
internal sealed class PickleDict
{
    public Dictionary<string, object?> Items { get; } = new(StringComparer.Ordinal);

    public int OtherKeys { get; private set; }

    public void Set(object? key, object? value)
    {
        if (key is string text)
            Items[text] = value;
        else
            OtherKeys++;
    }
}

internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

internal sealed class PickleTuple(object?[] items)
{
    public static readonly PickleTuple Empty = new([]);

    public IReadOnlyList<object?> Items { get; } = items;
}

/// <summary>A value that nobody needs, such as bytes, a set, a device, or a number of another library.</summary>
internal sealed class PickleOpaque(string kind)
{
    public string Kind { get; } = kind;
}

/// <summary>The bytes that tensors lie in: an entry of the archive.</summary>
/// <param name="kind">The storage's class, which says the type of its elements.</param>
/// <param name="skipped">Elements before a view of it, as the older form of PyTorch's files has them.</param>
internal sealed class PickledStorage(string key, PickleGlobal kind, long bytes, long skipped = 0)
{
    public string Key { get; } = key;

    /// <summary>The type of its elements; null where each tensor says it, and where it is not read.</summary>
    public torch.ScalarType? Type => kind.Type;

    /// <summary>The name of the elements' type when it is one that is not read; null for all others.</summary>
    public string? Unread => kind.Unread;

    public int ElementBytes => kind.ElementBytes;

    public long Bytes { get; } = bytes;

    public long Skipped { get; } = skipped;
}

/// <summary>A view of a storage, checked to lie within it.</summary>
/// <param name="offset">Of the first element, in elements.</param>
/// <param name="strides">In elements, one a dimension.</param>
internal sealed class PickledTensor(
    PickledStorage storage,
    torch.ScalarType type,
    long offset,
    long[] shape,
    long[] strides)
{
    public PickledStorage Storage { get; } = storage;
    public torch.ScalarType Type { get; } = type;
    public long Offset { get; } = offset;
    public long[] Shape { get; } = shape;
    public long[] Strides { get; } = strides;
}

/// <summary>
/// A tensor whose numbers are not read, such as a quantised one. It does no harm beside the weights, and is named when
/// it is one of them.
/// </summary>
/// <param name="what">Says what it is, such as "a quantised tensor (torch.QInt8Storage)".</param>
internal sealed class PickledUnread(string what, bool isQuantised)
{
    public string What { get; } = what;

    public bool IsQuantised { get; } = isQuantised;
}
