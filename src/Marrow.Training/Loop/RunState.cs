using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marrow.Training.Methods;
using Marrow.Training.Runs;
using Marrow.Weights;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Training.Loop;

/// <summary>The point that a run has reached.</summary>
internal sealed record RunProgress
{
    /// <summary>The number of steps that the optimizer has done.</summary>
    public int Step { get; init; }

    /// <summary>The time spent on training, in seconds, added up over all interruptions.</summary>
    public double Seconds { get; init; }

    public double? BestValue { get; init; }
    public int BestStep { get; init; }

    /// <summary>The number of evaluations since the best one.</summary>
    public int WorseEvaluations { get; init; }

    public bool StoppedEarly { get; init; }

    /// <summary>
    /// The time when training ended; null before. It makes a checkpoint that is written twice the same one.
    /// </summary>
    public DateTimeOffset? Ended { get; init; }
    public IReadOnlyList<MeasuredStep> History { get; init; } = [];
}

/// <summary>The validation metrics after a step.</summary>
internal sealed record MeasuredStep(int Step, IReadOnlyDictionary<string, double> Metrics);

/// <summary>
/// The state file: model, optimizer, average, what the method keeps, and torch's random generator as safetensors, the
/// progress as JSON in its metadata. One file, so that it is whole or not there; a SHA-256 of all of it, so that a
/// flipped bit is noticed.
/// </summary>
internal static class RunState
{
    public const string FileName = "state.safetensors", BestFileName = "best.safetensors";

    private const string ProgressKey = "progress";
    private const string DataKey = "data"; // absent in states of early versions
    private const string DigestKey = "sha256";
    private const string Anew = "Start the run anew in another folder, by --out, or copy the file from where it is "
        + "whole.";

    /// <param name="data">Identifies the inputs to which the state belongs; see <see cref="RunIdentity.Key"/>.</param>
    public static void Save(
        string path,
        RunProgress progress,
        string data,
        TrainingMethod method,
        Optimizer optimizer,
        MovingAverage? average)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var tensors = Tensors(method, optimizer, average).Append((Name: "generator", Value: random.get_rng_state()));
        Write(
            path,
            [.. tensors.Select(t => KeyValuePair.Create(t.Name, t.Value))],
            JsonSerializer.Serialize(progress, MarrowJson.Line),
            data);
    }

    public static RunProgress Load(
        string path,
        string data,
        TrainingMethod method,
        Optimizer optimizer,
        MovingAverage? average)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var file = Open(path, "the state of a run");
        var progress = Progress(file, path);
        foreach (var (name, target) in Tensors(method, optimizer, average))
            Copy(file, name, target, path);
        if (file.Metadata.TryGetValue(DataKey, out var began) && began.Length > 0 && began != data)
            throw MarrowException.Conflict(
                path,
                "the state of a run on these labels, images and start",
                "one that began with others",
                Anew);
        random.set_rng_state(file.Read("generator"));
        return progress;
    }

    /// <summary>
    /// Returns true for a stage that has saved its state: one that was stopped after its first steps, or is finished.
    /// </summary>
    public static bool Exists(string stageFolder) => File.Exists(Path.Combine(stageFolder, FileName));

    /// <summary>
    /// Throws <see cref="MarrowException"/>, before any training, when the state or the best weights of a stage to be
    /// resumed are damaged.
    /// </summary>
    public static void Check(string stageFolder)
    {
        var path = Path.Combine(stageFolder, FileName);
        if (!File.Exists(path))
            return;
        RunProgress progress;
        using (var state = Open(path, "the state of a run"))
            progress = Progress(state, path);
        if (progress.BestValue is not null)
            Open(Path.Combine(stageFolder, BestFileName), "the best weights of a run").Dispose();
    }

    private static RunProgress Progress(Safetensors state, string path) =>
        MarrowJson.Decode<RunProgress>(
            Encoding.UTF8.GetBytes(state.Metadata[ProgressKey]),
            path,
            "a run's progress",
            Anew);

    public static void SaveWeights(string path, Module model)
    {
        using var noGrad = no_grad();
        Write(path, [.. model.state_dict()], "", "");
    }

    public static void LoadWeights(string path, Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var file = Open(path, "the best weights of a run");
        foreach (var (name, target) in model.state_dict())
            Copy(file, name, target, path);
    }

    private static void Write(
        string path,
        IReadOnlyList<KeyValuePair<string, Tensor>> tensors,
        string progress,
        string data
    ) =>
        Safetensors.Write(path, tensors, new Dictionary<string, string>
        {
            [ProgressKey] = progress,
            [DataKey] = data,
            [DigestKey] = Digest(tensors.Select(t => (t.Key, t.Value)), progress + data),
        });

    /// <summary>Opens a state file. Every byte is checked before the first one is used.</summary>
    private static Safetensors Open(string path, string what)
    {
        var file = Safetensors.Open(path);
        try
        {
            if (
                !file.Metadata.TryGetValue(ProgressKey, out var progress)
                || !file.Metadata.TryGetValue(DigestKey, out var written))
                throw MarrowException.Damaged(path, what, "a safetensors file of another kind", Anew);
            var computed = Digest(
                file.Entries.Select(e => (e.Name, file.Read(e.Name))),
                progress + file.Metadata.GetValueOrDefault(DataKey));
            return computed == written ? file : throw MarrowException.Damaged(path, $"SHA-256 {written}, as the file "
                + $"says", computed, $"The file is damaged. {Anew}");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static string Digest(IEnumerable<(string Name, Tensor Value)> tensors, string progress)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(progress));
        foreach (var (name, tensor) in tensors)
        {
            using var scope = NewDisposeScope();
            var bytes = tensor.detach().cpu().contiguous();
            hash.AppendData(Encoding.UTF8.GetBytes($"\n{name} {tensor.dtype} [{string.Join(' ', tensor.shape)}]\n"));
            hash.AppendData(bytes.bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static IEnumerable<(string Name, Tensor Value)> Tensors(
        TrainingMethod method,
        Optimizer optimizer,
        MovingAverage? average)
    {
        foreach (var (name, tensor) in method.Task.Model.state_dict())
            yield return ($"model.{name}", tensor);
        foreach (var (name, tensor) in optimizer.State())
            yield return ($"optimizer.{name}", tensor);
        foreach (var (name, tensor) in average?.State() ?? [])
            yield return ($"average.{name}", tensor);
        foreach (var (name, tensor) in method.State())
            yield return ($"method.{name}", tensor);
    }

    private static void Copy(Safetensors file, string name, Tensor target, string path)
    {
        if (!file.Contains(name))
            throw MarrowException.Bad(path, $"the tensor {name}", "none", "The run's settings have changed: start it "
                + "anew without --resume.");
        using var value = file.Read(name);
        if (!value.shape.AsSpan().SequenceEqual(target.shape))
            throw MarrowException.Bad(
                path,
                $"{name} of shape [{string.Join(", ", target.shape)}]",
                $"[{string.Join(", ", value.shape)}]",
                "The run's settings have changed: start it anew without --resume.");
        target.copy_(value);
    }
}
