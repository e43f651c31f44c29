using System.Text.Json;
using TorchSharp.Modules;
using static TorchSharp.torch.utils;

namespace Marrow.Training;

/// <summary>A stage's log: one JSON document a line in log.jsonl, and the same numbers for TensorBoard.</summary>
internal sealed class RunLog(string folder) : IDisposable
{
    private readonly StreamWriter _lines = new(Path.Combine(folder, "log.jsonl"), append: true) { AutoFlush = true };
    private readonly SummaryWriter _board = tensorboard.SummaryWriter(Path.Combine(folder, "tensorboard"), createRunName: false);

    public void Write(RunEvent e)
    {
        _lines.WriteLine(JsonSerializer.Serialize(e, MarrowJson.Line));
        foreach (var (name, value) in e.Losses)
            _board.add_scalar($"loss/{name}", (float)value, e.Step);
        foreach (var (name, value) in e.Metrics)
            _board.add_scalar($"validation/{name}", (float)value, e.Step);
        if (e.LearningRate is { } rate)
            _board.add_scalar("learningRate", (float)rate, e.Step);
    }

    public void Dispose()
    {
        _lines.Dispose();
        (_board as IDisposable)?.Dispose();
    }
}
