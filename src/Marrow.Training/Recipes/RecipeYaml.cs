using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Marrow.Training.Recipes;

// YAML text -> a tree whose every node knows its line and column. The tree is built from the parser's events, not by
// YamlDotNet's own representation model, so that depth is bounded (that model recurses), and duplicate keys, anchors
// and tags are reported with everything else instead of one exception at a time.

internal enum RecipeNodeKind
{
    Scalar,
    List,
    Map,
}

internal sealed class RecipeNode(RecipeNodeKind kind, string origin, long line, long column)
{
    public RecipeNodeKind Kind { get; } = kind;

    /// <summary>The file's path, or the override as it was typed.</summary>
    public string Origin { get; } = origin;

    /// <summary>From 1; 0 when the node came from an override.</summary>
    public long Line { get; } = line;
    public long Column { get; } = column;

    /// <summary>The text of a scalar; empty for lists and maps.</summary>
    public string Text { get; init; } = "";

    /// <summary>Scalars only: written without quotes, so that 3, true and null are not text.</summary>
    public bool IsPlain { get; init; }

    public bool IsNull => Kind == RecipeNodeKind.Scalar && IsPlain && Text is "" or "~" or "null";
    public List<RecipeNode> Items { get; } = [];
    public List<(RecipeNode Key, RecipeNode Value)> Entries { get; } = [];

    /// <summary>"a list", or the scalar in quotes, shortened: for messages.</summary>
    public string Describe() => Kind switch
    {
        RecipeNodeKind.List => "a list",
        RecipeNodeKind.Map => "a mapping",
        _ when IsNull => "nothing",
        _ => RecipeErrors.Quote(Text),
    };
}

/// <summary>Every mistake of a recipe, gathered before one is thrown.</summary>
internal sealed class RecipeErrors
{
    private const int MostReported = 50;
    private readonly List<(string Origin, long Line, long Column, string Message)> _errors = [];

    public void Add(RecipeNode at, string message) => Add(at.Origin, at.Line, at.Column, message);

    public void Add(string origin, long line, long column, string message) =>
        _errors.Add((origin, line, column, message));

    /// <summary>One exception with a line for each mistake, in the order of the file.</summary>
    public void ThrowIfAny()
    {
        if (_errors.Count == 0)
            return;
        var lines = _errors.OrderBy(e => e.Line == 0).ThenBy(e => e.Line).ThenBy(e => e.Column).Distinct()
            .Select(e => e.Line == 0
                ? $"{e.Origin}: {e.Message}"
                : string.Create(CultureInfo.InvariantCulture, $"{e.Origin}:{e.Line}:{e.Column}: {e.Message}"))
            .Select(line => VisibleText.Elide(VisibleText.Of(line), VisibleText.MostInMessage))
            .ToList();
        var shown = lines.Take(MostReported).ToList();
        if (lines.Count > shown.Count)
            shown.Add($"... and {lines.Count - shown.Count} more mistakes.");
        throw new MarrowException(string.Join("\n", shown));
    }

    /// <summary>'text', at most 60 characters of it, control characters shown as dots.</summary>
    public static string Quote(string text)
    {
        var head = text.Length <= 60 ? text : text[..60] + "...";
        return $"'{string.Concat(head.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '.' : c))}'";
    }
}

internal static class RecipeYaml
{
    /// <summary>A recipe is a few kilobytes; what is larger is another file.</summary>
    public const int MaxBytes = 1 << 20;

    private const int MaxDepth = 16; // A recipe needs five: stages, stage, data, uncertain, a class.
    private const int MaxNodes = 20_000;

    /// <summary>Throws <see cref="MarrowException"/> when absent, larger than 1 MB, not UTF-8 or not text.</summary>
    public static string ReadText(string path)
    {
        try
        {
            using var stream = InputFile.Open(path, InputFile.AnySize, 1);
            var buffer = new byte[MaxBytes + 1];
            var read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (read > MaxBytes)
                throw MarrowException.Bad(path, "a recipe of at most 1 MB", "a larger file", "Is it the right file?");
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer, 0, read);
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (DecoderFallbackException e)
        {
            throw MarrowException.Bad(path, "UTF-8 text", "other bytes", "Save the recipe as UTF-8.", e);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw MarrowException.Bad(path, "a recipe that can be read", e.Message, MovedRecipe.Remedy(path), e);
        }
    }

    /// <summary>The root node; null when the text is empty or no YAML, which is then among the errors.</summary>
    /// <param name="inFile">False for an override: its positions mean nothing and are left out.</param>
    public static RecipeNode? Parse(string text, string origin, bool inFile, RecipeErrors errors)
    {
        if (!IsCleanText(text, origin, inFile, errors))
            return null;
        try
        {
            return new TreeBuilder(new Parser(new StringReader(text)), origin, inFile, errors).Build();
        }
        catch (YamlException e)
        {
            errors.Add(origin, inFile ? e.Start.Line : 0, e.Start.Column, $"not YAML: {e.Message}");
        }
        catch (Exception e)
            when (e is ArgumentException or InvalidOperationException or FormatException or OverflowException)
        {
            errors.Add(origin, inFile ? 1 : 0, 1, $"not YAML: {e.Message}"); // The parser's own slips on odd escapes.
        }
        return null;
    }

    // The parser takes a NUL for the end of the text: what follows would be lost in silence.
    private static bool IsCleanText(string text, string origin, bool inFile, RecipeErrors errors)
    {
        for (var (i, line, column) = (0, 1, 1); i < text.Length; i++, column++)
        {
            if (text[i] == '\n')
                (line, column) = (line + 1, 0);
            else if (char.IsControl(text[i]) && text[i] is not ('\t' or '\r' or '\u0085'))
            {
                errors.Add(
                    origin,
                    inFile ? line : 0,
                    column,
                    $"expected text, found the control character {(int)text[i]}.");
                return false;
            }
        }
        return true;
    }

    private sealed class TreeBuilder(Parser parser, string origin, bool inFile, RecipeErrors errors)
    {
        private int _nodes;

        public RecipeNode? Build()
        {
            RecipeNode? root = null;
            while (parser.MoveNext())
            {
                if (parser.Current is not (NodeEvent or AnchorAlias))
                    continue; // Starts and ends of the stream and its documents.
                if (root is not null)
                    throw new SemanticErrorException(
                        parser.Current.Start,
                        parser.Current.End,
                        "a recipe is one document; a second one begins here.");
                root = Node(parser.Current, depth: 0);
            }
            if (root is null)
                errors.Add(
                    origin,
                    inFile ? 1 : 0,
                    1,
                    "expected a recipe (name: and stages:), found an empty document.");
            return root;
        }

        private RecipeNode Node(ParsingEvent e, int depth)
        {
            if (depth > MaxDepth)
                throw new SemanticErrorException(e.Start, e.End, $"nested more than {MaxDepth} levels deep.");
            if (++_nodes > MaxNodes)
                throw new SemanticErrorException(e.Start, e.End, $"more than {MaxNodes} values.");
            if (e is NodeEvent { Anchor.IsEmpty: false } anchored)
                Refuse(e, $"anchors (&{anchored.Anchor.Value}) are not allowed in a recipe. Write the value out.");
            if (e is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag })
                Refuse(e, $"tags ({tag.Value}) are not allowed in a recipe.");
            switch (e)
            {
                case SequenceStart:
                    return List(e, depth);
                case MappingStart:
                    return Map(e, depth);
                case Scalar scalar:
                    return new(RecipeNodeKind.Scalar, origin, Line(e), e.Start.Column)
                    {
                        Text = scalar.Value,
                        IsPlain = scalar.Style == ScalarStyle.Plain,
                    };
                default:
                    Refuse(
                        e,
                        $"aliases (*{((AnchorAlias)e).Value.Value}) are not allowed in a recipe. Write the value out.");
                    return new(RecipeNodeKind.Scalar, origin, Line(e), e.Start.Column) { IsPlain = true };
            }
        }

        private RecipeNode List(ParsingEvent e, int depth)
        {
            var list = new RecipeNode(RecipeNodeKind.List, origin, Line(e), e.Start.Column);
            for (var item = Next(); item is not SequenceEnd; item = Next())
                list.Items.Add(Node(item, depth + 1));
            return list;
        }

        private RecipeNode Map(ParsingEvent e, int depth)
        {
            var map = new RecipeNode(RecipeNodeKind.Map, origin, Line(e), e.Start.Column);
            var seen = new Dictionary<string, RecipeNode>(StringComparer.Ordinal);
            for (var first = Next(); first is not MappingEnd; first = Next())
            {
                var key = Node(first, depth + 1);
                var value = Node(Next(), depth + 1);
                if (key.Kind != RecipeNodeKind.Scalar)
                    errors.Add(key, $"expected a key, found {key.Describe()}.");
                else if (seen.TryGetValue(key.Text, out var before))
                    errors.Add(
                        key,
                        $"{RecipeErrors.Quote(key.Text)} is given twice"
                            + (inFile ? $", first on line {before.Line}." : "."));
                else
                {
                    seen.Add(key.Text, key);
                    map.Entries.Add((key, value));
                }
            }
            return map;
        }

        private void Refuse(ParsingEvent e, string message) => errors.Add(origin, Line(e), e.Start.Column, message);

        private ParsingEvent Next() => parser.MoveNext() && parser.Current is { } e
            ? e
            : throw new SemanticErrorException("the text ends in the middle of a value.");

        private long Line(ParsingEvent e) => inFile ? e.Start.Line : 0;
    }
}
