using System.Text.Json;
using Marrow.Checkpoints;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Training;

/// <summary>Where a run stands.</summary>
public sealed record RunProgress
{
    /// <summary>Optimizer steps done.</summary>
    public int Step { get; init; }

    /// <summary>Time spent training, however often it was stopped.</summary>
    public double Seconds { get; init; }

    public double? BestValue { get; init; }
    public int BestStep { get; init; }

    /// <summary>Evaluations since the best one.</summary>
    public int WorseEvaluations { get; init; }

    public bool StoppedEarly { get; init; }

    /// <summary>When training came to its end; null before. A checkpoint written twice is then the same one.</summary>
    public DateTimeOffset? Ended { get; init; }
    public IReadOnlyList<MeasuredStep> History { get; init; } = [];
}

/// <summary>Validation metrics after a step.</summary>
public sealed record MeasuredStep(int Step, IReadOnlyDictionary<string, double> Metrics);

/// <summary>
/// The state file: model, optimizer, average and torch's random generator as safetensors, the progress as JSON in its
/// metadata. One file, so that it is whole or not there.
/// </summary>
internal static class RunState
{
    private const string ProgressKey = "progress";

    public static void Save(string path, RunProgress progress, Module model, Optimizer optimizer, MovingAverage? average)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var tensors = Tensors(model, optimizer, average).Append((Name: "generator", Value: random.get_rng_state()));
        Safetensors.Write(path, [.. tensors.Select(t => KeyValuePair.Create(t.Name, t.Value))], new Dictionary<string, string>
        {
            [ProgressKey] = JsonSerializer.Serialize(progress, MarrowJson.Line),
        });
    }

    public static RunProgress Load(string path, Module model, Optimizer optimizer, MovingAverage? average)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var file = Safetensors.Open(path);
        foreach (var (name, target) in Tensors(model, optimizer, average))
            Copy(file, name, target, path);
        random.set_rng_state(file.Read("generator"));
        return file.Metadata.TryGetValue(ProgressKey, out var json) && JsonSerializer.Deserialize<RunProgress>(json, MarrowJson.Line) is { } progress
            ? progress
            : throw MarrowException.Bad(path, "the state of a run", "a safetensors file without progress", "Start the run anew without --resume.");
    }

    public static void SaveWeights(string path, Module model)
    {
        using var noGrad = no_grad();
        Safetensors.Write(path, [.. model.state_dict()], new Dictionary<string, string> { ["format"] = "pt" });
    }

    public static void LoadWeights(string path, Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var file = Safetensors.Open(path);
        foreach (var (name, target) in model.state_dict())
            Copy(file, name, target, path);
    }

    private static IEnumerable<(string Name, Tensor Value)> Tensors(Module model, Optimizer optimizer, MovingAverage? average)
    {
        foreach (var (name, tensor) in model.state_dict())
            yield return ($"model.{name}", tensor);
        foreach (var (name, tensor) in optimizer.State())
            yield return ($"optimizer.{name}", tensor);
        foreach (var (name, tensor) in average?.State() ?? [])
            yield return ($"average.{name}", tensor);
    }

    private static void Copy(Safetensors file, string name, Tensor target, string path)
    {
        if (!file.Contains(name))
            throw MarrowException.Bad(path, $"the tensor {name}", "none", "The run's settings have changed: start it anew without --resume.");
        using var value = file.Read(name);
        if (!value.shape.AsSpan().SequenceEqual(target.shape))
            throw MarrowException.Bad(path, $"{name} of shape [{string.Join(", ", target.shape)}]", $"[{string.Join(", ", value.shape)}]", "The run's settings have changed: start it anew without --resume.");
        target.copy_(value);
    }
}
