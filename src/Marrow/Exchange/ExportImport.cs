using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Exchange;

/// <summary>
/// Rebuilds a checkpoint from a file or a bundle that Marrow exported, with its config, terms and parents.
/// </summary>
internal static class ExportImport
{
    /// <summary>
    /// Returns the path of the file of weights. For a folder this is the file inside the bundle. Throws
    /// <see cref="MarrowException"/> when the folder holds no weights or is a checkpoint.
    /// </summary>
    public static string Locate(string path)
    {
        if (!Directory.Exists(path))
            return path;
        if (File.Exists(Path.Combine(path, CheckpointManifest.FileName)))
            throw MarrowException.Bad(
                path,
                "weights of another program, or an export",
                "a checkpoint of Marrow",
                "It needs no import: name its folder wherever a checkpoint is named.");
        return WeightFolder.Find(path)
            ?? throw MarrowException.Bad(
                path,
                $"a folder with {string.Join(", ", WeightFolder.Files)} or an index "
                    + $"(model.safetensors{ShardIndex.Ending})",
                "none of them",
                "Name the file of weights itself.");
    }

    /// <summary>
    /// Rebuilds the checkpoint, which the caller disposes. Throws <see cref="MarrowException"/> when the request
    /// contradicts the file.
    /// </summary>
    /// <param name="weights">The file's weights, as <see cref="ExportedFile.WholeIn"/> returns them.</param>
    public static (Checkpoint Checkpoint, ImportSummary Summary) Restore(
        WeightFile file,
        ExportedFile exported,
        IReadOnlyList<KeyValuePair<string, torch.Tensor>> weights,
        ImportRequest request)
    {
        RequireNoContradiction(file.Path, exported, request);
        Checkpoint.RequireSize(file, exported.Config.Model);
        var types = weights.Where(w => w.Value.Dimensions >= 2).Select(w => w.Value.dtype).Distinct().ToList();
        var config = exported.Config;
        var summary = new ImportSummary(
            File: new(Path.GetFileName(file.Path), file.Length, file.Sha256(), ExportedFile.Map, exported.License),
            Architecture: config.Model.Architecture,
            Place: "",
            Others: [],
            OtherParts: [],
            Tensors: weights.Count,
            Mapped: weights.Count,
            Renamed: 0,
            Dropped: [],
            Filled: 0,
            Precision: string.Join(
                " and ",
                weights
                    .Select(w => w.Value.dtype)
                    .Where(t => t is torch.ScalarType.Float32 or torch.ScalarType.BFloat16 or torch.ScalarType.Float16)
                    .Distinct()
                    .Order()
                    .Select(t => t.ToString().ToLowerInvariant())),
            Classes: config.Classes,
            Input: config.Input.Describe(),
            KeyMap: null,
            Warnings: []);
        var checkpoint = new CheckpointDraft
        {
            Name = request.Name.Contains('.', StringComparison.Ordinal)
                ? request.Name
                : CheckpointName.From(config.Model.Architecture, request.Name),
            Config = config,
            Weights = weights,
            MatricesAs = types is [var one] ? one : torch.ScalarType.Float32,
            Card = Card(exported, summary),
            Parents = exported.ParentsOf(summary.File),
        }.Save(request.HubFolder);
        return (checkpoint, summary);
    }

    private static void RequireNoContradiction(string path, ExportedFile exported, ImportRequest request)
    {
        if (exported.Config.IsOwnModule)
            throw MarrowException.Bad(
                path,
                "an architecture that Marrow can build",
                $"'{exported.Config.Model.Architecture}', a module of its maker's own",
                "Its maker's program can load these weights; a warm start can take them over.");
        if (
            (request.Architecture ?? exported.Config.Model.Architecture) != exported.Config.Model.Architecture
            || request.Classes is not null
            || request.ExclusiveClasses is not null
            || request.Width is not null
            || request.Height is not null)
            throw MarrowException.Bad(
                path,
                "the architecture, classes and input that the file itself states",
                "others in the request",
                "Leave these options out, or name a map (--map) to import it as another program's.");
        if (request.License != Licenses.Unknown && request.License != exported.License)
            throw MarrowException.Bad(
                path,
                $"the licence that the file itself states, {exported.License}",
                request.License,
                "Leave --license out: terms stay with the weights.");
    }

    private static ModelCard Card(ExportedFile exported, ImportSummary summary) =>
        new()
        {
            Summary = MarkdownText.Format(
                    $"`{exported.Name}@{exported.Digest}`, as it was exported to the file `{summary.File.Name}`: ")
                + MarkdownText.Format(
                    $"the same weights ({summary.Tensors} tensors, {summary.Precision}), classes and input."),
            Data = "What the exported checkpoint was trained on stands among the parents, as the file says it.",
            Limits = "Its measurements are in the card of the checkpoint that was exported. Not for clinical use.",
            License = exported.License,
            Tags = ["imported", ExportedFile.Map],
        };
}
