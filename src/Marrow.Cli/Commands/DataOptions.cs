using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Marrow.Datasets;

namespace Marrow.Cli.Commands;

/// <summary>The arguments that name a data set: FORMAT DIR and --set, with the keys of a recipe's "data:".</summary>
internal sealed class DataOptions
{
    public Argument<string> Format { get; } = new("FORMAT")
    {
        Description = $"{DatasetCatalogue.Names}.",
    };

    public Argument<string> Folder { get; } = new("DIR")
    {
        Description = "The data set's folder.",
    };

    public Option<string[]> Set { get; } = new("--set")
    {
        Description = "How to read it, with the keys of a recipe's data: blank=zeros, uncertain.Edema=ones, "
            + "split=test. May be repeated.",
        HelpName = "key=value",
        DefaultValueFactory = _ => [],
    };

    public void AddTo(Command command)
    {
        command.Add(Format);
        command.Add(Folder);
        command.Add(Set);
    }

    public DatasetRequest Read(ParseResult parsed)
    {
        var folder = parsed.GetRequiredValue(Folder);
        if (folder.Length == 0)
            throw new UsageException("DIR: expected a folder, found nothing.");
        return new()
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
            Format = parsed.GetRequiredValue(Format),
            Root = folder,
            Options = ReadOptions(parsed.GetRequiredValue(Set)),
        };
    }

    /// <summary>
    /// "blank=zeros", "uncertain.Edema=ones", "labelColumns=a,b" to options. Throws <see cref="UsageException"/>.
    /// </summary>
    /// <param name="start">What holds where a setting says nothing; null for the defaults.</param>
    internal static DatasetOptions ReadOptions(IReadOnlyList<string> settings, DatasetOptions? start = null)
    {
        var properties = typeof(DatasetOptions)
            .GetProperties()
            .ToDictionary(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name), p => p.PropertyType);
        var document = (JsonObject)JsonSerializer.SerializeToNode(start ?? new(), MarrowJson.Options)!;
        var named = new List<string>();
        foreach (var setting in settings)
        {
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                throw new UsageException($"--set {setting}: expected key=value.");
            var (path, value) = (setting[..equals].Split('.', 2), setting[(equals + 1)..]);
            if (!properties.TryGetValue(path[0], out var type))
                throw new UsageException($"--set {setting}: unknown key \"{path[0]}\". Known: "
                    + $"{string.Join(", ", properties.Keys)}.");
            named.Add(path[0]);
            var isMap = typeof(IReadOnlyDictionary<string, string>).IsAssignableFrom(type);
            if (isMap != (path.Length == 2))
                throw new UsageException($"--set {setting}: expected "
                    + $"{(isMap ? $"{path[0]}.NAME=value" : $"{path[0]}=value")}.");
            if (isMap)
                ((JsonObject)(document[path[0]] ??= new JsonObject()))[path[1]] = value;
            else if (type == typeof(string))
                document[path[0]] = value;
            else if (type == typeof(double?))
                document[path[0]] = NumberOf(setting, value);
            else
                document[path[0]] = new JsonArray([
                    .. CommaList.Names($"--set {path[0]}", value)!.Select(v => (JsonNode)v),
                ]);
        }
        return document.Deserialize<DatasetOptions>(Strict)!.NamedBy(named);
    }

    private static double NumberOf(string setting, string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number)
            ? number
            : throw new UsageException($"--set {setting}: expected a number, found '{value}'.");

    private static readonly JsonSerializerOptions Strict = new(MarrowJson.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };
}
