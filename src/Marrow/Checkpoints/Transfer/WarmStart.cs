using System.Globalization;
using System.Runtime.InteropServices;
using Marrow.Computing;
using Marrow.Tasks;
using Marrow.Weights;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Checkpoints.Transfer;

/// <summary>
/// Initialises a model with part of another model's weights. Each key of the target is looked up in the source: by the
/// caller's rules, then by the rule that follows from both architectures' backbone prefixes, then under its own name,
/// then by shape if that is asked for. Shapes are compared before anything is copied, and the first convolution is
/// fitted to the number of input channels. The receipt says what happened to every tensor, and nothing is copied that
/// it does not list.
/// </summary>
public static class WarmStart
{
    private const int NamedKeys = 8; // in an error; the receipt has them all
    private const int NearestShown = 2;

    /// <summary>Applies weights to a model of the catalogue.</summary>
    /// <param name="architecture">The model's architecture, a key of <see cref="ModelCatalogue"/>.</param>
    internal static TransferReceipt Apply(
        Module model,
        string architecture,
        WeightSource source,
        WarmStartOptions? options = null
    ) => Apply(model, new ModelSpec { Architecture = architecture }, source, options);

    /// <summary>
    /// Changes the tensors of <paramref name="model"/> in place. Throws <see cref="MarrowException"/> when no key of
    /// the model belongs to the backbone that <paramref name="spec"/> describes, and when a weight is not finite; the
    /// model must not be used after an exception.
    /// </summary>
    /// <param name="model">Any module, of the catalogue or the user's own.</param>
    /// <param name="spec">
    /// The model's specification. For a user's own module it has any name and the module's
    /// <see cref="ModelSpec.BackbonePrefix"/>.
    /// </param>
    /// <param name="source">A whole checkpoint, or a bare file of weights.</param>
    /// <param name="options">
    /// Needed when keys differ by more than the backbone's prefix; see <see cref="WarmStartOptions.Rules"/>.
    /// </param>
    public static TransferReceipt Apply(
        Module model,
        ModelSpec spec,
        Checkpoint source,
        WarmStartOptions? options = null
    ) => Apply(model, spec, WeightSource.Of(source), options);

    /// <summary>Applies weights that need not belong to a checkpoint.</summary>
    internal static TransferReceipt Apply(
        Module model,
        ModelSpec spec,
        WeightSource source,
        WarmStartOptions? options = null)
    {
        options ??= new();
        var backbone = ModelCatalogue.BackbonePrefix(spec);
        var parameters = model.named_parameters().Select(p => p.name).ToHashSet(StringComparer.Ordinal);
        var state = model.state_dict();
        var shapes = source.Shapes.ToDictionary(StringComparer.Ordinal);
        if (!state.Keys.Any(InBackbone))
            throw MarrowException.Bad(spec.Architecture, $"keys of a backbone that begin with '{backbone}'",
                string.Join(
                    ", ",
                    state
                        .Keys.Select(k => k[..(k.IndexOf('.', StringComparison.Ordinal) + 1)])
                        .Distinct()
                        .DefaultIfEmpty("no key")),
                $"Correct its {nameof(ModelSpec.BackbonePrefix)}.");
        PrefixRule[] rules =
        [
            .. options.Rules.Select(r => new PrefixRule(r.From, r.To)),
            BackboneKeys.Rule(source, state.Keys, backbone),
        ];
        if (options.Scope == TransferScope.All && source.Foreign?.Head is { } head)
            rules = [.. rules, new(head, ForeignKeys.OwnHead)];
        var firstConvolution = state.Where(s => InBackbone(s.Key)).FirstOrDefault(s => s.Value.Dimensions == 4).Key;

        var plan = state.Select(s => Plan(s.Key, s.Value.shape)).ToList();
        if (options.MatchByShape)
            MatchByShape(plan, source);

        using (torch.no_grad())
        {
            foreach (var step in plan.Where(p => p.Status != TransferStatus.Random))
                Copy(source, step, state[step.Key]);
        }
        var used = plan.Select(p => p.Status == TransferStatus.Random ? null : p.SourceKey)
            .ToHashSet(StringComparer.Ordinal);
        var backboneParameters = plan.Where(p => p is { InBackbone: true, IsParameter: true }).ToList();
        return new(
            source: source.Name,
            sourceDigest: source.Digest,
            sourceArchitecture: source.Architecture,
            targetArchitecture: spec.Architecture,
            rules: rules,
            backboneCoverage: Total("", backboneParameters).Share,
            modules: [.. plan.GroupBy(p => BackboneKeys.ModuleOf(p.Key, backbone)).Select(g => Total(g.Key, g))],
            total: Total("total", plan),
            tensors: plan,
            unusedSourceKeys: [.. shapes.Keys.Where(k => !used.Contains(k))])
        {
            AboutOthers = source.AboutOthers,
        };

        bool InBackbone(string key) => key.StartsWith(backbone, StringComparison.Ordinal);

        TransferredTensor Plan(string key, long[] shape)
        {
            var tensor = new TransferredTensor(
                key,
                TransferStatus.Random,
                parameters.Contains(key),
                InBackbone(key),
                shape);
            if (options.LeaveRandom.Any(p => key.StartsWith(p, StringComparison.Ordinal)))
                return tensor.Become(TransferStatus.Random, reason: "left random as asked");
            var mismatch = tensor.Become(TransferStatus.Random, reason: "no such key");
            foreach (var candidate in Candidates(key))
            {
                if (!shapes.TryGetValue(candidate, out var found))
                    continue;
                if (found.AsSpan().SequenceEqual(shape))
                    return tensor.Become(
                        candidate == key ? TransferStatus.Copied : TransferStatus.Remapped,
                        candidate,
                        found);
                if (
                    key == firstConvolution
                    && found.Length == 4
                    && found[0] == shape[0]
                    && found[1] > 0
                    && found[2..].AsSpan().SequenceEqual(shape.AsSpan(2)))
                    return tensor.Become(
                        TransferStatus.Adapted,
                        candidate,
                        found,
                        $"{found[1]} -> {shape[1]} input channels");
                mismatch = tensor.Become(TransferStatus.Random, candidate, found, "another shape");
            }
            return options.Scope == TransferScope.Backbone && !tensor.InBackbone && mismatch.SourceKey is null
                ? tensor.Become(TransferStatus.Random, reason: "not in the backbone")
                : mismatch;
        }

        IEnumerable<string> Candidates(string key)
        {
            foreach (var rule in rules.Where(r => key.StartsWith(r.To, StringComparison.Ordinal)))
                yield return rule.From + key[rule.To.Length..];
            if (options.Scope == TransferScope.All)
                yield return key;
        }
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/> when less than <paramref name="atLeast"/> (0 to 1) of the backbone's
    /// parameters came from the source. The message lists the keys that did not match, with the nearest keys that
    /// exist.
    /// </summary>
    public static void RequireCoverage(TransferReceipt receipt, double atLeast)
    {
        if (receipt.BackboneCoverage >= atLeast)
            return;
        var missed = receipt
            .Tensors.Where(t => t is { Status: TransferStatus.Random, InBackbone: true, IsParameter: true })
            .ToList();
        var lines = missed.Take(NamedKeys).Select(t => t.SourceShape is { } found
            ? $"  {t.Key} {ShapeText.Of(t.Shape)}: {t.Reason}, {t.SourceKey} is {ShapeText.Of(found)}"
            : $"  {t.Key} {ShapeText.Of(t.Shape)}: {t.Reason}; the nearest in the source: {Nearest(t.Key)}");
        var more = missed.Count > NamedKeys ? $"\n  and {missed.Count - NamedKeys} more" : "";
        throw new MarrowException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{receipt.Source}: expected at least {100 * atLeast:0.#} % of the backbone's parameters of "
                    + $"{receipt.TargetArchitecture}, found {100 * receipt.BackboneCoverage:0.#} %. "
            )
                + $"Name another checkpoint, add a prefix rule, or ask for less coverage.{receipt.AboutOthers} Not "
                + $"matched:\n{string.Join("\n", lines)}{more}"
        );

        string Nearest(string key) => receipt.UnusedSourceKeys.Count == 0
            ? "none is left"
            : string.Join(", ", NearestNames.Of(key, receipt.UnusedSourceKeys, NearestShown));
    }

    /// <summary>
    /// Builds the source's model, compares its backbone with that of <paramref name="model"/> and returns the receipt
    /// with the result. The model stays in training or evaluation mode. Throws <see cref="MarrowException"/> when every
    /// tensor of the backbone was taken from the source and the activations differ nevertheless, and for models that
    /// can't be run: user's own modules of other programs, and those that do not map one tensor to one tensor.
    /// </summary>
    public static TransferReceipt Probe(TransferReceipt receipt, Checkpoint source, Module model, ModelSpec spec) =>
        BackboneProbe.Prove(receipt, source, model, spec);

    /// <summary>
    /// Matches what is left on both sides by their longest common subsequence. Two tensors are alike when their shapes
    /// and the last parts of their names ("weight", "running_mean") are equal.
    /// </summary>
    private static void MatchByShape(List<TransferredTensor> plan, WeightSource source)
    {
        var used = plan.Where(p => p.Status != TransferStatus.Random)
            .Select(p => p.SourceKey)
            .ToHashSet(StringComparer.Ordinal);
        var left = source.Shapes.Where(s => !used.Contains(s.Key)).ToList();
        var open = Enumerable
            .Range(0, plan.Count)
            .Where(i => plan[i] is { Status: TransferStatus.Random, InBackbone: true, Reason: "no such key" })
            .ToList();
        var length = new int[open.Count + 1, left.Count + 1];
        for (var i = open.Count - 1; i >= 0; i--)
        {
            for (var j = left.Count - 1; j >= 0; j--)
                length[i, j] = Alike(plan[open[i]], left[j])
                    ? length[i + 1, j + 1] + 1
                    : Math.Max(length[i + 1, j], length[i, j + 1]);
        }
        for (int i = 0, j = 0; i < open.Count && j < left.Count;)
        {
            if (Alike(plan[open[i]], left[j]))
            {
                plan[open[i]] = plan[open[i]].Become(
                    TransferStatus.Remapped,
                    left[j].Key,
                    left[j].Value,
                    "matched by shape");
                i++;
                j++;
            }
            else if (length[i + 1, j] >= length[i, j + 1])
                i++;
            else
                j++;
        }

        static bool Alike(TransferredTensor target, KeyValuePair<string, long[]> other) =>
            target.Shape.AsSpan().SequenceEqual(other.Value) && Leaf(target.Key).SequenceEqual(Leaf(other.Key));

        static ReadOnlySpan<char> Leaf(string key) => key.AsSpan(key.LastIndexOf('.') + 1);
    }

    private static void Copy(WeightSource source, TransferredTensor step, torch.Tensor target)
    {
        using var scope = torch.NewDisposeScope();
        if (step.Status == TransferStatus.Adapted)
            target.copy_(AdaptChannels(source.Read(step.SourceKey!), step.Shape[1]));
        else
            source.ReadInto(step.SourceKey!, target);
        if (!IsFinite(target.detach()))
            throw new MarrowException(
                $"{source.Name}: '{step.SourceKey}' has values that are not finite. The checkpoint is of no use as a "
                    + $"start."
            );
    }

    private static bool IsFinite(torch.Tensor tensor) =>
        tensor.dtype == torch.ScalarType.Float32 && tensor.device_type == DeviceType.CPU && tensor.is_contiguous()
            ? FloatSpans.AllFinite(MemoryMarshal.Cast<byte, float>(tensor.bytes))
            : !torch.is_floating_point(tensor) || tensor.isfinite().all().Value<bool>();

    /// <summary>
    /// [O, n, h, w] -> [O, m, h, w]: the sum over the input channels, spread evenly. Grey images have equal channels,
    /// so the responses to them are kept exactly: 3 -> 1 sums, 1 -> 3 repeats and divides by 3.
    /// </summary>
    internal static torch.Tensor AdaptChannels(torch.Tensor weights, long channels)
    {
        using var scope = torch.NewDisposeScope();
        var sum = weights.to(torch.ScalarType.Float32).sum(1, keepdim: true) / Scalars.Of((double)channels);
        return sum.expand(sum.shape[0], channels, sum.shape[2], sum.shape[3]).contiguous().MoveToOuterDisposeScope();
    }

    private static TransferTotal Total(string module, IEnumerable<TransferredTensor> tensors)
    {
        var all = tensors.ToList();
        return new(
            module,
            Count(TransferStatus.Copied),
            Count(TransferStatus.Adapted),
            Count(TransferStatus.Remapped),
            Count(TransferStatus.Random),
            all.Sum(t => t.Elements), all.Where(t => t.Status != TransferStatus.Random).Sum(t => t.Elements));

        int Count(TransferStatus status) => all.Count(t => t.Status == status);
    }
}
