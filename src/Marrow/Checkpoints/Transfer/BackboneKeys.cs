namespace Marrow.Checkpoints.Transfer;

/// <summary>
/// Where the backbone stands among a model's keys, so that the same part is found in two models: under "features." in a
/// classifier, under "backbone.body." in a detector, under anything in a file from elsewhere.
/// </summary>
internal static class BackboneKeys
{
    /// <summary>
    /// The source's own prefix where that is known, or that of the same kind of backbone in a file of another program;
    /// otherwise the prefix under which most of the backbone's keys are found, judged by where its first or last one
    /// stands.
    /// </summary>
    /// <param name="backbone">The prefix of the target's backbone, with which at least one of its keys begins.</param>
    public static PrefixRule Rule(WeightSource source, IEnumerable<string> targetKeys, string backbone)
    {
        if (source.BackbonePrefix is { } known)
            return new(known, backbone);
        var suffixes = targetKeys
            .Where(k => k.StartsWith(backbone, StringComparison.Ordinal))
            .Select(k => k[backbone.Length..])
            .ToList();
        if (
            source.Foreign is { } foreign
            && suffixes.Any(s => s.StartsWith(foreign.Kind.Mark, StringComparison.Ordinal)))
            return new(foreign.Backbone, backbone);
        var keys = source.Shapes.Select(s => s.Key).ToHashSet(StringComparer.Ordinal);
        var prefixes = keys.SelectMany(k =>
            new[] { suffixes[0], suffixes[^1] }
                .Where(s => k == s || k.EndsWith("." + s, StringComparison.Ordinal))
                .Select(s => k[..^s.Length]));
        var best = prefixes.Distinct().OrderBy(p => p.Length).MaxBy(p => suffixes.Count(s => keys.Contains(p + s)));
        return new(best ?? backbone, backbone);
    }

    /// <summary>
    /// Returns the module to which a key belongs: in backbones the block, such as "backbone.body.denseblock1",
    /// elsewhere the first two parts of the key.
    /// </summary>
    /// <param name="backbone">The prefix of the backbone; null when it is unknown.</param>
    public static string ModuleOf(string key, string? backbone)
    {
        var inBackbone = backbone is not null && key.StartsWith(backbone, StringComparison.Ordinal);
        var parts = (inBackbone ? key[backbone!.Length..] : key).Split('.');
        return inBackbone ? backbone + parts[0] : string.Join('.', parts[..Math.Clamp(parts.Length - 1, 1, 2)]);
    }
}
