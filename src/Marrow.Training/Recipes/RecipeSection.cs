using System.Globalization;
using Marrow.Datasets;

namespace Marrow.Training.Recipes;

/// <summary>
/// One mapping of a recipe, read key by key. Each question says what is allowed, what stands in when the key is absent,
/// and what the page of all keys, docs/recipe.md, tells of it; a mistake is noted with its place and the default
/// returned, so that reading goes on and all mistakes come out together. <see cref="Finish"/> reports the keys nobody
/// asked for. The rows of the page are what was asked: <see cref="Rows"/>.
/// </summary>
internal sealed class RecipeSection
{
    private readonly Dictionary<string, (RecipeNode Key, RecipeNode Value)> _entries = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];
    private readonly List<KeyRow> _rows = [];
    private readonly List<RecipeSection> _sections = [];
    private readonly bool _broken; // No mapping at all: said once, not again for each key it lacks.

    /// <param name="what">"the recipe", "stage 'landmarks'", "train": for messages.</param>
    public RecipeSection(RecipeNode node, string what, RecipeErrors errors)
    {
        (Node, What, Errors) = (node, what, errors);
        if (node.Kind == RecipeNodeKind.Map)
        {
            foreach (var (key, value) in node.Entries)
                _entries.Add(key.Text, (key, value));
            return;
        }
        _broken = true;
        errors.Add(node, $"{what}: expected keys and values, found {node.Describe()}.");
    }

    public RecipeNode Node { get; }
    public string What { get; }
    public RecipeErrors Errors { get; }

    /// <summary>Each key that was asked for, in words; keys that the user names are not among them.</summary>
    public IReadOnlyList<KeyRow> Rows => _rows;

    /// <summary>The sections read below this one.</summary>
    public IReadOnlyList<RecipeSection> Sections => _sections;

    /// <summary>Keys not yet asked for, in order: for sections whose keys are names, such as classes.</summary>
    public IEnumerable<string> RemainingKeys => _entries.Keys.Where(k => !_known.Contains(k)).ToList();

    public bool Has(string key) => Find(key) is not null;

    /// <summary>The place of a key's value, or of the section when it is absent.</summary>
    public RecipeNode At(string key) => _entries.TryGetValue(key, out var entry) ? entry.Value : Node;

    /// <summary>Null when absent. Notes an error when it has no value.</summary>
    public RecipeNode? Find(string key)
    {
        if (!_known.Contains(key))
            _known.Add(key);
        if (!_entries.TryGetValue(key, out var entry))
            return null;
        if (!entry.Value.IsNull)
            return entry.Value;
        Errors.Add(entry.Key, $"{key} has no value. Give one or remove the key.");
        return null;
    }

    /// <param name="isNeeded">False where what the user writes elsewhere stands in for the key.</param>
    public RecipeNode? Require(string key, string example, KeyText text, bool isNeeded = true)
    {
        Note(key, text, "", "required");
        var node = Find(key);
        if (node is null && isNeeded && !_broken && !_entries.ContainsKey(key))
            Errors.Add(Node, $"{What} lacks {key}. Add {example}.");
        return node;
    }

    public string? Text(string key, KeyText text)
    {
        Note(key, text, "text", "none");
        return Text(key, Find(key));
    }

    public string? RequiredText(string key, string example, KeyText text) => Text(key, Require(key, example, text));

    /// <summary>The text under a key that the user named, as a class or a column.</summary>
    public string? NamedText(string name) => Text(name, Find(name));

    public int Int(string key, int absent, int min, int max, KeyText text)
    {
        Note(key, text, KeyWords.Range(min, max), KeyWords.Number(absent));
        if (Find(key) is not { } node)
            return absent;
        if (
            IsPlainScalar(node)
            && int.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max)
            return value;
        Errors.Add(node, $"{key}: expected a whole number from {min} to {max}, found {node.Describe()}.");
        return absent;
    }

    public ulong UInt64(string key, ulong absent, KeyText text)
    {
        Note(key, text, $"0 to {ulong.MaxValue}", $"{absent}");
        if (Find(key) is not { } node)
            return absent;
        if (
            IsPlainScalar(node)
            && ulong.TryParse(node.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return value;
        Errors.Add(node, $"{key}: expected a whole number from 0 to {ulong.MaxValue}, found {node.Describe()}.");
        return absent;
    }

    public double Number(string key, double absent, double min, double max, KeyText text)
    {
        Note(key, text, KeyWords.Range(min, max), KeyWords.Number(absent));
        return Find(key) is { } node ? Number(key, node, absent, min, max) : absent;
    }

    /// <summary>A number that has no value of its own where the key is not there: null then.</summary>
    public double? OptionalNumber(string key, double min, double max, KeyText text)
    {
        Note(key, text, KeyWords.Range(min, max), "none");
        return Find(key) is { } node ? Number(key, node, min, min, max) : null;
    }

    /// <summary>One of the words, which the error lists; upper and lower case are the same.</summary>
    public T Choice<T>(string key, T absent, KeyText text, params (string Word, T Value)[] words)
    {
        var usual = words.Where(w => Equals(w.Value, absent)).Select(w => KeyWords.Code(w.Word)).FirstOrDefault("none");
        Note(key, text, KeyWords.Codes(words.Select(w => w.Word)), usual);
        if (Find(key) is not { } node)
            return absent;
        if (node.Kind == RecipeNodeKind.Scalar)
            foreach (var (word, value) in words)
                if (string.Equals(word, node.Text, StringComparison.OrdinalIgnoreCase))
                    return value;
        Errors.Add(node, $"{key}: expected {SomeText.Either(words.Select(w => w.Word))}, found {node.Describe()}.");
        return absent;
    }

    /// <summary>One of the words; "" when it is missing, which is an error, or wrong.</summary>
    public string RequiredWord(string key, string example, IEnumerable<string> words, KeyText text)
    {
        var known = words.ToArray();
        var told = text.Value is null ? text with { Value = KeyWords.Codes(known) } : text;
        return Require(key, example, told) is null ? "" : Choice(key, "", told, [.. known.Select(w => (w, w))]);
    }

    /// <summary>The same of numbers that must differ.</summary>
    public IReadOnlyList<double>? DistinctNumbers(
        string key,
        int minCount,
        int maxCount,
        double min,
        double max,
        KeyText text)
    {
        var numbers = Numbers(key, minCount, maxCount, min, max, text);
        if (numbers is not null && numbers.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice)
            Errors.Add(At(key), string.Create(CultureInfo.InvariantCulture, $"{key}: {twice.Key} is named twice."));
        return numbers;
    }

    /// <summary>The numbers of a list; null when it is absent or wrong.</summary>
    public IReadOnlyList<double>? Numbers(
        string key,
        int minCount,
        int maxCount,
        double min,
        double max,
        KeyText text)
    {
        var each = text.Unit is null ? KeyWords.Range(min, max) : $"{text.Unit}, {KeyWords.Range(min, max)}";
        Note(key, text with { Unit = null }, $"list of {minCount} to {maxCount}, {each}", "none");
        if (Find(key) is not { } node)
            return null;
        if (node.Kind != RecipeNodeKind.List || node.Items.Count < minCount || node.Items.Count > maxCount)
        {
            var count = minCount == maxCount ? $"{minCount}" : $"{minCount} to {maxCount}";
            var found = node.Kind == RecipeNodeKind.List ? $"{node.Items.Count}" : node.Describe();
            Errors.Add(node, $"{key}: expected a list of {count} numbers, found {found}.");
            return null;
        }
        return node.Items.Select(item => Number(key, item, min, min, max)).ToList();
    }

    /// <summary>
    /// Null when absent or no list. A list item that is no text is reported and left out; one that is there twice is
    /// reported.
    /// </summary>
    public IReadOnlyList<string>? Texts(string key, KeyText text)
    {
        Note(key, text, "list", "none");
        if (Find(key) is not { } node)
            return null;
        if (node.Kind == RecipeNodeKind.List)
        {
            var texts = new List<string>();
            foreach (var item in node.Items)
            {
                if (Text(key, item) is not { } one)
                    continue;
                if (texts.Contains(one))
                    Errors.Add(item, $"{key}: {RecipeErrors.Quote(one)} is named twice.");
                texts.Add(one);
            }
            return texts;
        }
        Errors.Add(node, $"{key}: expected a list, found {node.Describe()}.");
        return null;
    }

    /// <summary>The items of a list under a key; null when it is absent or no list.</summary>
    public IReadOnlyList<RecipeNode>? Items(string key, int most, KeyText text)
    {
        Note(key, text, "list", "none");
        if (Find(key) is not { } node)
            return null;
        if (node.Kind == RecipeNodeKind.List && node.Items.Count >= 1 && node.Items.Count <= most)
            return node.Items;
        var found = node.Kind == RecipeNodeKind.List ? $"{node.Items.Count}" : node.Describe();
        Errors.Add(node, $"{key}: expected a list of 1 to {most}, found {found}.");
        return null;
    }

    /// <summary>The section under a key; null when it is absent.</summary>
    public RecipeSection? Section(string key, KeyText text)
    {
        Note(key, text, "section", "none");
        return Find(key) is { } node ? Child(node, key) : null;
    }

    /// <summary>An empty section when absent, so that defaults are read in the same way.</summary>
    public RecipeSection SectionOrEmpty(string key, KeyText text)
    {
        Note(key, text, "section", "its defaults");
        return Find(key) is { } node
            ? Child(node, key)
            : Child(new(RecipeNodeKind.Map, Node.Origin, Node.Line, Node.Column), key);
    }

    /// <summary>The section of a value of this one.</summary>
    public RecipeSection Child(RecipeNode node, string what)
    {
        var section = new RecipeSection(node, what, Errors);
        _sections.Add(section);
        return section;
    }

    /// <summary>Call when every known key was asked for.</summary>
    public void Finish()
    {
        foreach (var key in RemainingKeys)
            Errors.Add(_entries[key].Key, $"unknown key {RecipeErrors.Quote(key)} in {What}. {Suggest(key, _known)}");
    }

    /// <summary>"Did you mean 'batch'?", or the list of what is known when nothing is near.</summary>
    public static string Suggest(string unknown, IEnumerable<string> known)
    {
        var names = known.ToList();
        return Nearest(unknown, names) is { } nearest
            ? $"Did you mean '{nearest}'?"
            : $"Known: {string.Join(", ", names.Order(StringComparer.Ordinal))}.";
    }

    // Spelling first (case, _ and - apart), then one being the start of the other, then few edits.
    private static string? Nearest(string unknown, List<string> known)
    {
        if (unknown.Length > 64)
            return null;
        var plain = Plain(unknown);
        return known.Find(k => Plain(k) == plain)
            ?? known.Find(k => Math.Min(Plain(k).Length, plain.Length) >= 4
                && (
                    plain.StartsWith(Plain(k), StringComparison.Ordinal)
                    || Plain(k).StartsWith(plain, StringComparison.Ordinal)))
            ?? known.Select(k => (Name: k, Edits: NearestNames.Distance(Plain(k), plain)))
                .Where(k => k.Edits <= Math.Min(Math.Min(k.Name.Length, plain.Length) / 2, 3))
                .OrderBy(k => k.Edits).Select(k => k.Name).FirstOrDefault();

        static string Plain(string s) => s.Replace("_", "").Replace("-", "").ToLowerInvariant();
    }

    // A key that is asked for in two ways is told as the first does.
    private void Note(string key, KeyText text, string value, string absent)
    {
        if (!_rows.Exists(row => row.Name == key))
            _rows.Add(text.Row(key, value, absent));
    }

    private string? Text(string key, RecipeNode? node)
    {
        if (node is null || node.Kind == RecipeNodeKind.Scalar && node.Text.Length > 0)
            return node?.Text;
        Errors.Add(node, $"{key}: expected text, found {node.Describe()}.");
        return null;
    }

    private double Number(string key, RecipeNode node, double absent, double min, double max)
    {
        if (
            IsPlainScalar(node)
            && double.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max) // False for NaN and for what overflows.
            return value;
        Errors.Add(
            node,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{key}: expected a number from {min} to {max}, found {node.Describe()}."));
        return absent;
    }

    private static bool IsPlainScalar(RecipeNode node) => node.Kind == RecipeNodeKind.Scalar && node.IsPlain;
}
