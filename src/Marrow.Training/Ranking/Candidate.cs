using Marrow.Backbones;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Tasks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Training.Ranking;

/// <summary>
/// A start that is ranked: a checkpoint's backbone, or random weights as a control. Controls have the input contract of
/// the checkpoint that they stand beside, so that nothing but the weights differs.
/// </summary>
internal sealed record Candidate
{
    public required string Name { get; init; }
    public required CandidateKind Kind { get; init; }

    /// <summary>
    /// The folder of the checkpoint or, for matched-random weights, of the one whose statistics they have; "" for
    /// random weights.
    /// </summary>
    public string Folder { get; init; } = "";

    /// <summary>The digest of the checkpoint in <see cref="Folder"/>.</summary>
    public string Digest { get; init; } = "";
    public string License { get; init; } = "";
    public string MatchedTo { get; init; } = "";

    /// <summary>The architecture of the backbone, one of <see cref="BackboneCatalogue.Names"/>.</summary>
    public required string Backbone { get; init; }
    public required InputContract Input { get; init; }

    /// <summary>The seed with which random weights are drawn.</summary>
    public ulong Seed { get; init; }

    /// <summary>A text with everything on which the candidate's weights depend.</summary>
    public string Identity => Kind switch
    {
        CandidateKind.Checkpoint => Digest,
        CandidateKind.MatchedRandom => $"matched {Digest} {Seed}",
        _ => $"random {Backbone} {Input.Channels} {Seed}",
    };

    public static Candidate Of(Checkpoint checkpoint, (int Width, int Height)? size) =>
        new()
        {
            Name = checkpoint.Name,
            Kind = CandidateKind.Checkpoint,
            Folder = checkpoint.Path,
            Digest = checkpoint.Digest,
            License = checkpoint.License,
            Backbone = ModelCatalogue.BackboneName(checkpoint.Config.Model.Architecture),
            Input = (
                size is { } s
                    ? checkpoint.Config.Input with
                    {
                        Width = s.Width,
                        Height = s.Height,
                    }
                    : checkpoint.Config.Input
            ) with
            {
                Crop = null,
            }, // all are shown the same
        };

    /// <summary>Returns the two controls with which a checkpoint is compared.</summary>
    public IReadOnlyList<Candidate> Controls(ulong seed, bool nameBackbone)
    {
        var suffix = nameBackbone ? $" {Backbone}" : "";
        return
        [
            new()
            {
                Name = $"random{suffix}",
                Kind = CandidateKind.Random,
                Backbone = Backbone,
                Input = Input,
                Seed = seed,
            },
            new()
            {
                Name = $"matched-random{suffix}",
                Kind = CandidateKind.MatchedRandom,
                Folder = Folder,
                Digest = Digest,
                MatchedTo = Name,
                Backbone = Backbone,
                Input = Input,
                Seed = seed,
            },
        ];
    }

    /// <summary>
    /// Builds the module of the features in evaluation mode; the caller disposes both. Random weights have no running
    /// statistics yet.
    /// </summary>
    public (Module Owner, Backbone Features) Build()
    {
        if (Kind == CandidateKind.Random)
        {
            var random = New();
            return (random, random);
        }
        using var checkpoint = Checkpoint.Load(Folder);
        var model = checkpoint.BuildModel();
        var features = model.modules().OfType<Backbone>().First();
        if (Kind == CandidateKind.Checkpoint)
            return (model, features);
        using (model)
        {
            var matched = New();
            MatchedWeights.Draw(features, matched, Seed);
            return (matched, matched);
        }
    }

    private Backbone New() => TorchGenerator.Kept(() =>
    {
        manual_seed((long)Seed);
        var features = BackboneCatalogue.Create(Backbone, Input.Channels);
        features.eval();
        return features;
    });
}
