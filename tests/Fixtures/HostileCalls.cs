using Marrow.Soak;

namespace Marrow.Tests;

/// <summary>Pickles that call what does harm where it is run, by every way that pickles have of calling.</summary>
internal static class HostileCalls
{
    private static readonly (string Module, string Name)[] Callables =
    [
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("os", "popen"),
        ("posix", "execv"),
        ("subprocess", "Popen"),
        ("subprocess", "check_output"),
        ("subprocess", "getoutput"),
        ("commands", "getoutput"),
        ("pty", "spawn"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "getattr"),
        ("builtins", "__import__"),
        ("builtins", "compile"),
        ("builtins", "open"),
        ("builtins", "setattr"),
        ("builtins", "globals"),
        ("builtins", "map"),
        ("builtins", "bytearray"),
        ("__builtin__", "eval"),
        ("__builtin__", "execfile"),
        ("__builtin__", "apply"),
        ("runpy", "run_path"),
        ("runpy", "_run_code"),
        ("importlib", "import_module"),
        ("importlib.machinery", "SourceFileLoader"),
        ("operator", "attrgetter"),
        ("operator", "methodcaller"),
        ("functools", "partial"),
        ("types", "FunctionType"),
        ("types", "CodeType"),
        ("marshal", "loads"),
        ("pickle", "loads"),
        ("_pickle", "loads"),
        ("torch", "load"),
        ("torch.serialization", "load"),
        ("torch.serialization", "_load"),
        ("torch.storage", "_load_from_bytes"),
        ("torch.hub", "load"),
        ("torch.hub", "_load_local"),
        ("torch.jit", "load"),
        ("torch.utils.cpp_extension", "load_inline"),
        ("torch.utils.data.datapipes.utils.decoder", "basichandlers"),
        ("torch._inductor.codecache", "compile_file"),
        ("torch.nn.modules.linear", "Linear"),
        ("torchvision.models.densenet", "DenseNet"),
        ("torch._utils", "_rebuild_device_tensor_from_numpy"),
        ("torch._utils", "_rebuild_sparse_tensor"),
        ("torch._tensor", "_rebuild_from_type_v2"),
        ("numpy", "load"),
        ("numpy", "memmap"),
        ("numpy.core.multiarray", "fromfile"),
        ("numpy.testing._private.utils", "runstring"),
        ("timeit", "timeit"),
        ("code", "InteractiveInterpreter"),
        ("bdb", "Bdb"),
        ("cProfile", "run"),
        ("socket", "create_connection"),
        ("urllib.request", "urlopen"),
        ("webbrowser", "open"),
        ("shutil", "rmtree"),
        ("sys", "exit"),
        ("ctypes", "CDLL"),
        ("asyncio", "run"),
        ("pip", "main"),
        ("copyreg", "_reconstructor"),
        ("copy_reg", "_reconstructor"),
        // Names that begin like good ones.
        ("collections", "OrderedDict.__init__"),
        ("collections", "_sys.modules"),
        ("torch", "storage.os.system"),
        ("torch", "_utils._rebuild_tensor_v2"),
        ("torch._utils", "__builtins__"),
        ("torch._utils", "_rebuild_tensor_v2.__globals__"),
        ("torch ", "FloatStorage"),
        ("torch", " FloatStorage"),
        ("Torch", "FloatStorage"),
        ("torch", "FloatStorage\r"),
        ("torch.FloatStorage", ""),
        ("", "torch FloatStorage"),
        ("", ""),
        ("torch", "FloatStorage\0"),
        ("numpy.core.multiarray", "scalar.__class__"),
    ];

    private static PickleWriter Start(int protocol = 2) => HostilePickles.Start(protocol);

    public static IEnumerable<(string Name, byte[] Pickle, string Says)> All()
    {
        var command = $"touch {HostilePickles.Marker}";
        foreach (var (module, name) in Callables)
        {
            var title = $"{module}.{name}"
                .Replace("\r", "\\r", StringComparison.Ordinal)
                .Replace("\0", "\\0", StringComparison.Ordinal);
            yield return (
                $"GLOBAL {title}",
                Start().Global(module, name).Text(command).Raw(0x85).Op('R').Stop(),
                "the name");
            yield return (
                $"STACK_GLOBAL {title}",
                Start(4).StackGlobal(module, name).Raw(0x94).Text(command).Raw(0x85).Op('R').Stop(),
                "the name");
            // Within a state dict, the names kept in memos and fetched later.
            yield return (
                $"memo {title}",
                Start(4)
                    .Op('}')
                    .Text("weight")
                    .Op('(')
                    .Text(name)
                    .Op('q')
                    .Raw(7)
                    .Text(module)
                    .Op('q')
                    .Raw(3)
                    .Op('t')
                    .Op('(')
                    .Raw((byte)'h', 3, (byte)'h', 7, 0x93)
                    .Text(command)
                    .Raw(0x85)
                    .Op('R')
                    .Stop(),
                "the name");
        }
        byte[] inner = Start().Global("os", "system").Text(command).Raw(0x85).Op('R').Stop();
        yield return ("INST", Start().Op('(').Text(command).Op('i').Raw("os\nsystem\n"u8).Stop(), "INST");
        yield return ("OBJ", Start().Op('(').Global("collections", "OrderedDict").Text(command).Op('o').Stop(), "OBJ");
        yield return ("NEWOBJ", Start().Global("collections", "OrderedDict").Op(')').Raw(0x81).Stop(), "NEWOBJ");
        yield return (
            "NEWOBJ_EX",
            Start(4).Global("collections", "OrderedDict").Op(')').Op('}').Raw(0x92).Stop(),
            "NEWOBJ_EX");
        yield return ("EXT1", Start().Raw(0x82, 1).Stop(), "EXT1");
        yield return ("EXT2", Start().Raw(0x83, 1, 0).Stop(), "EXT2");
        yield return ("EXT4", Start().Raw(0x84, 1, 0, 0, 0).Stop(), "EXT4");
        yield return ("PERSID", Start().Op('P').Raw("os\n"u8).Stop(), "PERSID");
        yield return (
            "a pickle in bytes, loaded",
            Start(4).StackGlobal("pickle", "loads").Op('C').Raw((byte)inner.Length).Raw(inner).Raw(0x85).Op('R').Stop(),
            "pickle.loads");
        yield return (
            "a pickle in a storage",
            Start()
                .Global("torch.storage", "_load_from_bytes")
                .Op('C')
                .Raw((byte)inner.Length)
                .Raw(inner)
                .Raw(0x85)
                .Op('R')
                .Stop(),
            "_load_from_bytes");
        yield return (
            "a call made of text by encode",
            Start()
                .Global("builtins", "exec")
                .Global("_codecs", "encode")
                .Text(command)
                .Text("rot13")
                .Raw(0x86)
                .Op('R')
                .Raw(0x85)
                .Op('R')
                .Stop(),
            "builtins.exec");
        yield return ("a call of what was called", Start().Dict().Op(')').Op('R').Stop(), "no function");
        yield return (
            "a call of a string",
            Start().Text("os.system").Text(command).Raw(0x85).Op('R').Stop(),
            "no function");
        yield return (
            "a call of a type",
            Start().Global("torch", "float32").Op(')').Op('R').Stop(),
            "a call of 'torch float32'");
        yield return (
            "a call of a storage class",
            Start().Global("torch", "FloatStorage").Int(1 << 30).Raw(0x85).Op('R').Stop(),
            "a call of 'torch FloatStorage'");
        yield return ("a second pickle behind the first", [.. PickleWriter.Good()[0], .. inner], "after STOP");
        yield return (
            "BUILD of a function's globals",
            Start().Global("torch._utils", "_rebuild_tensor_v2").Op('}').Op('b').Stop(),
            "BUILD");
        yield return (
            "BUILD of a tensor",
            Start().Tensor("FloatStorage", "0", 24, 0, [24], [1]).Op('}').Op('b').Stop(),
            "BUILD");
        yield return ("a zip instead of a pickle", [.. "PK\x03\x04"u8, .. inner], "PROTO");
        yield return ("a name with terminal codes", Start().Global("\u001b]0;x\u0007\u001b[2J", "x").Stop(), "??");
    }
}
