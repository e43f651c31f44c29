using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Marrow.Tests;

/// <summary>
/// Debian's Python with its libraries loaded once: each script runs in a copy of that process, made by fork, and so
/// begins at once in a fresh state. A script's output and errors go to files of its own.
/// </summary>
internal sealed class PythonServer
{
    private const string Python = "/usr/bin/python3";

    /// <summary>
    /// Lines of the form "id TAB script TAB input TAB output TAB errors TAB argument"; answers are "id code".
    /// </summary>
    private const string Program = """
        import os, sys, signal, importlib
        loaded = []
        for name in sys.argv[1:]:
            try:
                importlib.import_module(name)
                loaded.append(name)
            except Exception:
                pass
        print('ready ' + ' '.join(loaded), flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        answers = os.dup(1)
        for line in sys.stdin:
            id, script, input, output, errors, argument = line.rstrip('\n').split('\t')
            if os.fork():
                continue
            code = 1
            try:
                for path, flags, target in ((input, os.O_RDONLY, 0), (output, os.O_WRONLY | os.O_CREAT, 1), (errors, os.O_WRONLY | os.O_CREAT, 2)):
                    os.dup2(os.open(path, flags, 0o600), target)
                sys.stdin, sys.stdout, sys.stderr = open(0, 'r'), open(1, 'w'), open(2, 'w')
                sys.argv = [script, argument]
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                with open(script) as file:
                    exec(compile(file.read(), script, 'exec'), {'__name__': '__main__'})
                code = 0
            except SystemExit as e:
                code = e.code if isinstance(e.code, int) else 0 if e.code is None else 1
            except BaseException:
                import traceback
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os.write(answers, f'{id} {code}\n'.encode())
                os._exit(0)
        """;

    private static readonly Lazy<PythonServer?> Shared = new(() => File.Exists(Python) ? new() : null);

    private readonly ConcurrentDictionary<int, TaskCompletionSource<int>> _waiting = new();
    private readonly Process _process;
    private readonly HashSet<string> _loaded;
    private int _next;

    private PythonServer()
    {
        _process = Process.Start(
            new ProcessStartInfo(
                Python,
                [
                    "-c",
                    Program,
                    "numpy",
                    "scipy.stats",
                    "scipy.ndimage",
                    "sklearn.linear_model",
                    "sklearn.metrics",
                    "torch",
                    "torchvision",
                ])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        _loaded = [.. _process.StandardOutput.ReadLine()!.Split(' ')];
        new Thread(ReadAnswers) { IsBackground = true, Name = "answers of Python" }.Start();
    }

    private void ReadAnswers()
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            if (
                line.Split(' ') is [var id, var code]
                && _waiting.TryRemove(int.Parse(id, CultureInfo.InvariantCulture), out var waiting))
                waiting.SetResult(int.Parse(code, CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Whether Python and all of these libraries are there.</summary>
    public static bool Has(params string[] libraries) =>
        Shared.Value is { } server && libraries.All(server._loaded.Contains);

    /// <param name="folder">Where the script, its input and its output are kept.</param>
    /// <param name="argument">Null for the folder.</param>
    public static (int Code, string Output, string Error) Run(
        string folder,
        string script,
        string input = "",
        string? argument = null)
    {
        var server = Shared.Value!;
        var id = Interlocked.Increment(ref server._next);
        string File_(string name) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{id}.{name}"));
        string[] files = [File_("py"), File_("in"), File_("out"), File_("err")];
        File.WriteAllText(files[0], script);
        File.WriteAllText(files[1], input);
        var waiting = server._waiting[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (server._process)
        {
            server._process.StandardInput.WriteLine(
                string.Join('\t', [id.ToString(CultureInfo.InvariantCulture), .. files, argument ?? folder]));
            server._process.StandardInput.Flush();
        }
        if (!waiting.Task.Wait(TimeSpan.FromMinutes(3)))
            return (-1, "", "Python did not answer within three minutes.");
        return (waiting.Task.Result, File.ReadAllText(files[2]), File.ReadAllText(files[3]));
    }
}
