using System.Globalization;
using static TorchSharp.torch;

namespace Marrow.Benchmarks;

/// <summary>The command line of a table: names of checkpoints, options with values, and --fast.</summary>
internal sealed class TableArguments
{
    private readonly Dictionary<string, string> _options = [];

    private TableArguments()
    {
    }

    /// <summary>The checkpoints.</summary>
    public List<string> Names { get; } = [];

    public bool Fast { get; private set; }

    public string Hub => _options["--hub"];

    public string Data => _options["--data"];

    /// <summary>
    /// Reads a command line, which names a hub, data and checkpoints, and sets the number of threads. Returns null,
    /// and says how it goes, for another one.
    /// </summary>
    /// <param name="others">The options with values beside --hub, --data and --threads.</param>
    public static TableArguments? Read(
        IReadOnlyList<string> arguments, string usage, params IReadOnlyList<string> others)
    {
        var read = new TableArguments();
        IReadOnlyList<string> options = ["--hub", "--data", "--threads", .. others];
        for (var i = 0; i < arguments.Count; i++)
        {
            if (options.Contains(arguments[i]) && i + 1 < arguments.Count)
                read._options[arguments[i]] = arguments[++i];
            else if (arguments[i] == "--fast")
                read.Fast = true;
            else
                read.Names.Add(arguments[i]);
        }
        if (read.Names.Count == 0 || read.Names.Any(name => name.StartsWith('-'))
            || !read._options.ContainsKey("--hub") || !read._options.ContainsKey("--data"))
        {
            Console.Error.WriteLine(usage);
            return null;
        }
        if (read._options.ContainsKey("--threads"))
            set_num_threads(read.Number("--threads", 1));
        return read;
    }

    public int Number(string option, int otherwise) =>
        _options.TryGetValue(option, out var value) ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
}
