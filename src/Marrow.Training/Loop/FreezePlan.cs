using Marrow.Backbones;
using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Training.Recipes;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace Marrow.Training.Loop;

/// <summary>
/// Which parts of a model learn at which step, and how fast. The backbone's stages run from shallow to deep; the head
/// is all the rest. Gradual unfreezing (Howard and Ruder 2018) releases one frozen stage after the other, deepest
/// first, over the first half of the run.
/// </summary>
internal sealed class FreezePlan
{
    // All stages learn from the middle of the run on.
    private const double GradualShare = 0.5;

    private readonly IReadOnlyList<BackboneStage> _stages;
    private readonly TrainOptions _options;
    private readonly string _backbonePrefix;
    private readonly int _frozenAtFirst;

    public FreezePlan(ModelSpec spec, TrainOptions options)
    {
        _options = options;
        _stages = BackboneStages.Of(spec);
        _backbonePrefix = ModelCatalogue.BackbonePrefix(spec.Architecture);
        if (options.Freeze > _stages.Count && options.Freeze != TrainOptions.WholeBackbone)
            throw new MarrowException(
                $"freeze: {options.Freeze}: expected at most {_stages.Count} stages ({spec.Architecture} has "
                    + $"{string.Join(", ", _stages.Select(s => s.Name))})."
            );
        _frozenAtFirst = Math.Min(options.Freeze, _stages.Count);
    }

    /// <summary>Returns the number of the shallowest stages that do not learn at this step.</summary>
    public int FrozenStages(int step, int totalSteps)
    {
        if (_options.Unfreeze != Unfreezing.Gradual)
            return _frozenAtFirst;
        var released = (int)(step / (GradualShare * totalSteps) * (_frozenAtFirst + 1));
        return Math.Max(0, _frozenAtFirst - released);
    }

    /// <summary>
    /// Puts the model into training mode with these stages frozen: they have no gradients, and their batch norms do not
    /// change.
    /// </summary>
    public void Apply(Module model, int frozenStages)
    {
        model.train();
        ModelTools.SetTrainable(model, key => StageOf(key) is not { } stage || stage >= frozenStages);
        for (var i = 0; i < frozenStages; i++)
        {
            foreach (var prefix in _stages[i].Prefixes)
                ModelTools.FreezeBatchNorm(model, prefix.TrimEnd('.'));
        }
        if (_options.BatchNorm == BatchNormMode.Frozen)
            ModelTools.FreezeBatchNorm(model, _backbonePrefix.TrimEnd('.'));
    }

    /// <summary>
    /// Returns a group of parameters for each stage. Only matrices and kernels have weight decay. The rate of a stage
    /// is backboneLr times layerDecay for each stage between it and the head.
    /// </summary>
    public IReadOnlyList<ParameterGroup> Groups(Module model) =>
        [
            .. from named in model.named_parameters()
            let stage = StageOf(named.name)
            let decays = named.parameter.dim() > 1
            group (named.name, named.parameter) by (Stage: stage ?? _stages.Count, Decays: decays) into g
            orderby g.Key.Stage, g.Key.Decays
            select new ParameterGroup(
                (g.Key.Stage == _stages.Count ? "head" : _stages[g.Key.Stage].Name) + (g.Key.Decays ? "" : ".noDecay"),
                g.Key.Stage == _stages.Count
                    ? 1
                    : _options.BackboneLr * Math.Pow(_options.LayerDecay, _stages.Count - 1 - g.Key.Stage),
                g.Key.Decays ? _options.WeightDecay : 0,
                [.. g.Select(p => (p.name, (Parameter)p.parameter))]),
        ];

    private int? StageOf(string key)
    {
        for (var i = 0; i < _stages.Count; i++)
        {
            if (_stages[i].Owns(key))
                return i;
        }
        return null;
    }
}
