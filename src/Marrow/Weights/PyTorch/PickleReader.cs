using System.Buffers.Binary;
using System.Text.Unicode;

namespace Marrow.Weights.PyTorch;

/// <summary>
/// Reads the pickle of a PyTorch file as data. A pickle is a program for a small stack machine (Python's pickletools.py
/// describes each instruction), and most of them can call whatever Python can. This machine has the instructions and
/// the names that weights need, and no others; what it builds is inert (PickleValues.cs). Everything else is refused by
/// name and position. Nothing recurses, each step costs no more than the bytes it reads or the values it takes off the
/// stack, and the values made are counted: time and memory are bounded by the pickle's size and a constant.
/// </summary>
internal sealed class PickleReader
{
    public const int MostBytes = 64 << 20; // a state dict of a thousand tensors has 0.2 MB
    private const int MostValues = 1 << 20; // made by instructions of one byte, so not bounded by the bytes alone
    private const int LongestName = 256;
    private const int ShownCharacters = 80;

    private readonly byte[] _data;
    private readonly string _path;
    private readonly Func<object?, PickledStorage> _storage;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _position;
    private int _start; // of the instruction that runs
    private int _values;

    private PickleReader(byte[] data, int position, string path, Func<object?, PickledStorage> storage) =>
        (_data, _position, _start, _path, _storage) = (data, position, position, path, storage);

    /// <summary>
    /// The known instructions. "PROTO", which comes first, and "STOP", which ends the pickle, have no entry.
    /// </summary>
    private static readonly Action<PickleReader>?[] Instructions = Table(new()
    {
        [PickleOpcode.Frame] = r => r.Frame(),
        [PickleOpcode.Mark] = r => r._marks.Add(r._stack.Count),
        [PickleOpcode.None] = r => r.Push(null),
        [PickleOpcode.NewTrue] = r => r.Push(true),
        [PickleOpcode.NewFalse] = r => r.Push(false),
        [PickleOpcode.BinInt] = r => r.Push((long)BinaryPrimitives.ReadInt32LittleEndian(r.Take(4))),
        [PickleOpcode.BinInt1] = r => r.Push((long)r.Take(1)[0]),
        [PickleOpcode.BinInt2] = r => r.Push((long)BinaryPrimitives.ReadUInt16LittleEndian(r.Take(2))),
        [PickleOpcode.Long1] = r => r.Push(PickleText.Number(r.Take(r.Take(1)[0]))),
        [PickleOpcode.BinFloat] = r => r.Push(BinaryPrimitives.ReadDoubleBigEndian(r.Take(8))),
        [PickleOpcode.BinUnicode] = r => r.Push(r.Text(r.Length())),
        [PickleOpcode.ShortBinUnicode] = r => r.Push(r.Text(r.Take(1)[0])),
        [PickleOpcode.ShortBinString] = r => r.PushString(r.Take(1)[0]),
        [PickleOpcode.BinString] = r => r.PushString(r.Length()),
        [PickleOpcode.BinBytes] = r => r.PushBytes(r.Length()),
        [PickleOpcode.ShortBinBytes] = r => r.PushBytes(r.Take(1)[0]),
        [PickleOpcode.EmptyList] = r => r.Push(new PickleList()),
        [PickleOpcode.EmptyTuple] = r => r.Push(PickleTuple.Empty),
        [PickleOpcode.EmptyDict] = r => r.Push(new PickleDict()),
        [PickleOpcode.EmptySet] = r => r.Push(new PickleOpaque("set")),
        [PickleOpcode.Tuple] = r => r.Push(new PickleTuple(r.PopToMark())),
        [PickleOpcode.Tuple1] = r => r.Push(new PickleTuple(r.Pop(1))),
        [PickleOpcode.Tuple2] = r => r.Push(new PickleTuple(r.Pop(2))),
        [PickleOpcode.Tuple3] = r => r.Push(new PickleTuple(r.Pop(3))),
        [PickleOpcode.Append] = r => r.Append(r.Pop(1)),
        [PickleOpcode.Appends] = r => r.Append(r.PopToMark()),
        [PickleOpcode.SetItem] = r => r.SetItems(r.Pop(2)),
        [PickleOpcode.SetItems] = r => r.SetItems(r.PopToMark()),
        [PickleOpcode.AddItems] = r => r.AddItems(r.PopToMark()),
        [PickleOpcode.Global] = r => r.PushGlobal(r.Line(), r.Line()),
        [PickleOpcode.StackGlobal] = r => r.StackGlobal(r.Pop(2)),
        [PickleOpcode.Reduce] = r => r.Reduce(r.Pop(2)),
        [PickleOpcode.NewObj] = r => r.NewObject(r.Pop(2)),
        [PickleOpcode.Build] = r => r.Build(r.Pop(1)),
        [PickleOpcode.BinPersId] = r => r.Push(r._storage(r.Pop(1)[0])),
        [PickleOpcode.BinGet] = r => r.Get(r.Take(1)[0]),
        [PickleOpcode.LongBinGet] = r => r.Get(BinaryPrimitives.ReadUInt32LittleEndian(r.Take(4))),
        [PickleOpcode.BinPut] = r => r.Put(r.Take(1)[0]),
        [PickleOpcode.LongBinPut] = r => r.Put(BinaryPrimitives.ReadUInt32LittleEndian(r.Take(4))),
        [PickleOpcode.Memoize] = r => r.Put((uint)r._memo.Count),
    });

    /// <summary>
    /// Returns the one value that the pickle creates. Throws <see cref="MarrowException"/> when it is damaged or
    /// contains anything that weights do not need.
    /// </summary>
    /// <param name="path">The path of the file, for messages.</param>
    /// <param name="bytesOf">Returns the size of a storage by its key; null when there is none.</param>
    public static object? Read(byte[] data, string path, Func<string, long?> bytesOf)
    {
        var position = 0;
        return Read(data, ref position, path, id => PickleGlobals.Storage(id, bytesOf), isAlone: true);
    }

    /// <summary>Reads one of several pickles, from <paramref name="position"/>, which is moved behind it.</summary>
    /// <param name="storage">Resolves a persistent id. It throws <see cref="FormatException"/>.</param>
    public static object? ReadNext(byte[] data, ref int position, string path, Func<object?, PickledStorage> storage) =>
        Read(data, ref position, path, storage, isAlone: false);

    private static object? Read(
        byte[] data,
        ref int position,
        string path,
        Func<object?, PickledStorage> storage,
        bool isAlone)
    {
        var reader = new PickleReader(data, position, path, storage);
        try
        {
            var value = reader.Run(isAlone);
            position = reader._position;
            return value;
        }
        catch (FormatException e)
        {
            throw reader.Refuse(e.Message);
        }
    }

    /// <summary>Makes a text from a file fit for a message: short and without control characters.</summary>
    public static string Shown(string text)
    {
        var clean = string.Concat(
            text.Take(ShownCharacters).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
        return text.Length > ShownCharacters ? clean + "..." : clean;
    }

    private object? Run(bool isAlone)
    {
        if (_data.Length > MostBytes)
            throw new FormatException($"{_data.Length} bytes, more than {MostBytes}");
        if (
            _data.Length - _position < 2
            || _data[_position] != (byte)PickleOpcode.Proto
            || _data[_position + 1] is < 2 or > 5)
            throw new FormatException("a beginning other than PROTO 2 to 5");
        _position += 2;
        while (true)
        {
            _start = _position;
            var code = Take(1)[0];
            if (code == (byte)PickleOpcode.Stop)
                break;
            (Instructions[code] ?? throw new FormatException(PickleOpcodes.Describe(code)))(this);
        }
        if (_stack.Count != 1 || _marks.Count != 0)
            throw new FormatException($"STOP with {_stack.Count} values and {_marks.Count} marks left");
        if (isAlone && _position != _data.Length)
            throw new FormatException($"{_data.Length - _position} bytes after STOP");
        return _stack[0];
    }

    private static Action<PickleReader>?[] Table(Dictionary<PickleOpcode, Action<PickleReader>> instructions)
    {
        var table = new Action<PickleReader>?[256];
        foreach (var (code, run) in instructions)
            table[(byte)code] = run;
        return table;
    }

    private void Frame()
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
        if (length > (ulong)(_data.Length - _position))
            throw new FormatException($"FRAME of {length} bytes, more than are left");
    }

    private void PushBytes(int length)
    {
        Take(length);
        Push(new PickleOpaque("bytes"));
    }

    /// <summary>Pushes what Python 2 calls a string, which may be text or the bytes of numbers.</summary>
    private void PushString(int length)
    {
        var bytes = Take(length);
        Push(Utf8.IsValid(bytes) ? PickleText.Decode(bytes) : new PickleOpaque("bytes"));
    }

    private void Append(object?[] items)
    {
        if (Top() is not PickleList list)
            throw new FormatException("an item appended to what is no list");
        list.Items.AddRange(items);
    }

    private void SetItems(object?[] pairs)
    {
        if (Top() is not PickleDict dict || pairs.Length % 2 != 0)
            throw new FormatException("an item set in what is no dictionary, or a key without a value");
        for (var i = 0; i < pairs.Length; i += 2)
            dict.Set(pairs[i], pairs[i + 1]);
    }

    private void AddItems(object?[] _)
    {
        if (Top() is not PickleOpaque { Kind: "set" })
            throw new FormatException("an item added to what is no set");
    }

    private void StackGlobal(object?[] names)
    {
        if (names is not [string module, string name])
            throw new FormatException("STACK_GLOBAL without two names");
        PushGlobal(module, name);
    }

    private void PushGlobal(string module, string name) =>
        Push(
            PickleGlobals.Allowed.TryGetValue($"{module} {name}", out var global)
                ? global
                : throw new FormatException($"the name '{Shown($"{module}.{name}")}'"));

    private void Reduce(object?[] call)
    {
        if (call is not [PickleGlobal global, PickleTuple arguments])
            throw new FormatException("REDUCE of what is no function and its arguments");
        Push((global.Call ?? throw new FormatException($"a call of '{global.Name}'"))(arguments.Items));
    }

    /// <summary>Makes a record of one of the few classes of plain data; BUILD and SETITEMS fill it.</summary>
    private void NewObject(object?[] call)
    {
        if (call is not [PickleGlobal { New: { } make }, PickleTuple arguments])
            throw new FormatException(
                "NEWOBJ of " + (call[0] is PickleGlobal global ? $"'{global.Name}'" : "what is no class"));
        Push(make(arguments.Items));
    }

    /// <summary>Ignores the attributes of a dictionary (a state dict's versions) or of plain data.</summary>
    private void Build(object?[] _)
    {
        if (Top() is not (PickleDict or PickleOpaque))
            throw new FormatException("BUILD of what is neither a dictionary nor plain data");
    }

    private void Get(uint index) =>
        Push(
            _memo.TryGetValue(index, out var value)
                ? value
                : throw new FormatException($"a memo {index} that was never put"));

    private void Put(uint index)
    {
        if (_memo.Count >= MostValues)
            throw new FormatException($"more than {MostValues} memos");
        _memo[index] = Top();
    }

    private void Push(object? value)
    {
        if (++_values > MostValues)
            throw new FormatException($"more than {MostValues} values");
        _stack.Add(value);
    }

    private object? Top() => _stack.Count > Floor ? _stack[^1] : throw Underflow();

    private object?[] Pop(int count)
    {
        if (_stack.Count - Floor < count)
            throw Underflow();
        var items = new object?[count];
        _stack.CopyTo(_stack.Count - count, items, 0, count);
        _stack.RemoveRange(_stack.Count - count, count);
        return items;
    }

    private object?[] PopToMark()
    {
        if (_marks.Count == 0)
            throw new FormatException("an instruction that needs a mark, and none");
        var items = Pop(_stack.Count - Floor);
        _marks.RemoveAt(_marks.Count - 1);
        return items;
    }

    /// <summary>
    /// The lowest position on the stack that may be read. What lies below the last mark must not be touched before that
    /// mark is removed.
    /// </summary>
    private int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    private static FormatException Underflow() => new("an instruction that needs more values than there are");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _data.Length - _position)
            throw new FormatException("the pickle's end within an instruction");
        _position += count;
        return _data.AsSpan(_position - count, count);
    }

    private int Length()
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        return length <= int.MaxValue
            ? (int)length
            : throw new FormatException("the pickle's end within an instruction");
    }

    private string Text(int bytes) => PickleText.Decode(Take(bytes));

    /// <summary>Reads up to the end of the line, which is how GLOBAL writes module and name.</summary>
    private string Line()
    {
        var rest = _data.AsSpan(_position);
        var end = rest[..Math.Min(rest.Length, LongestName + 1)].IndexOf((byte)'\n');
        if (end < 0)
            throw new FormatException($"a name of more than {LongestName} bytes, or without an end");
        var line = PickleText.Decode(Take(end));
        Take(1);
        return line;
    }

    private MarrowException Refuse(string found) =>
        MarrowException.Bad(
            _path,
            "weights and plain data alone in its pickle",
            $"{found}, at byte {_start}",
            "Nothing in it was run. If the file holds a whole model, save its weights alone in Python, where you "
                + "trust it: torch.save(model.state_dict(), 'weights.pth')."
        );
}
