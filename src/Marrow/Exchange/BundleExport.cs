// A folder that others recognise: README.md with front matter, config.json and model.safetensors as on Hugging Face's
// hub, configs/, models/ and docs/ as MONAI's bundles have them, and the terms in LICENSE.

using System.Text;
using Marrow.Checkpoints;
using Marrow.Exchange.Onnx;

namespace Marrow.Exchange;

/// <summary>
/// Builds an exported bundle in a temporary folder beside its target, then renames that folder as a whole.
/// </summary>
internal static class BundleExport
{
    private const string TermsFile = "LICENSE";
    private const string MetadataFile = "configs/metadata.json";
    private const string PyTorchFile = "models/model.pt";
    private const string OnnxFile = "models/model.onnx";
    private const string DocumentFile = "docs/README.md";
    private const string DataTermsFile = "docs/data_license.txt";

    private static readonly string[] Files =
    [
        Checkpoint.CardFile,
        Checkpoint.ConfigFile,
        Checkpoint.WeightsFile,
        TermsFile,
        MetadataFile,
        PyTorchFile,
        OnnxFile,
        DocumentFile,
        DataTermsFile,
    ];

    public static (IReadOnlyList<string> Files, long Bytes, OnnxComparison Comparison) Write(
        string path,
        Checkpoint checkpoint,
        ExportRequest request,
        Action<string>? say,
        CancellationToken cancellation)
    {
        RequireReplaceable(path);
        var full = Path.GetFullPath(path);
        var staged = Path.Combine(Path.GetDirectoryName(full) ?? full, Leftovers.NewName());
        try
        {
            OnnxComparison comparison;
            try
            {
                comparison = WriteFiles(staged, checkpoint, request, say, cancellation);
            }
            catch (MarrowException e)
            {
                // where it was to be
                throw new MarrowException(e.Message.Replace(staged, path, StringComparison.Ordinal), e);
            }
            cancellation.ThrowIfCancellationRequested();
            Replace(staged, full);
            var files = Files.Where(f => File.Exists(Path.Combine(path, f))).ToList();
            return (files, files.Sum(f => new FileInfo(Path.Combine(path, f)).Length), comparison);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be written ({e.Message}). {Disk.Remedy(e)}", e);
        }
        finally
        {
            Leftovers.Delete(new DirectoryInfo(staged));
        }
    }

    private static OnnxComparison WriteFiles(
        string folder,
        Checkpoint checkpoint,
        ExportRequest request,
        Action<string>? say,
        CancellationToken cancellation)
    {
        Step(Checkpoint.WeightsFile, path => Exporter.WriteSafetensors(path, checkpoint, request));
        Step(PyTorchFile, path => Exporter.WritePyTorch(path, checkpoint, request));
        OnnxComparison? comparison = null;
        Step(OnnxFile, path => comparison = OnnxExport.Write(path, checkpoint, request, cancellation));
        var card = CardText.Of(checkpoint);
        var files = BundleText.Files(checkpoint, comparison!);
        Step(Checkpoint.CardFile, path => WriteText(path, $"{card.FrontMatter}\n{card.Body.TrimEnd()}\n\n{files}"));
        Step(Checkpoint.ConfigFile, path =>
            AtomicFile.Write(path, stream => stream.Write(CheckpointJson.Encode(checkpoint.Config))));
        Step(MetadataFile, path =>
            AtomicFile.Write(path, stream => stream.Write(CheckpointJson.Encode(MonaiMetadata.Of(checkpoint, card)))));
        Step(DocumentFile, path => WriteText(path, $"{card.Body.TrimEnd()}\n\n{files}"));
        Step(TermsFile, path => WriteText(path, BundleText.Terms(checkpoint)));
        if (checkpoint.Parents.Datasets.Count > 0)
            Step(DataTermsFile, path => WriteText(path, BundleText.DataTerms(checkpoint)));
        return comparison!;

        void Step(string file, Action<string> write)
        {
            cancellation.ThrowIfCancellationRequested();
            say?.Invoke($"writing {file}");
            write(Path.Combine(folder, file));
        }
    }

    /// <summary>
    /// Writes UTF-8 without a byte order mark, since front matter must start with a file's first byte.
    /// </summary>
    private static void WriteText(string path, string text) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>
    /// Throws unless the folder holds only files that an export wrote, so that nothing else is ever removed.
    /// </summary>
    private static void RequireReplaceable(string path)
    {
        if (!Directory.Exists(path))
            return;
        var foreign = Directory
            .EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(path, file).Replace('\\', '/'))
            .FirstOrDefault(file => !Files.Contains(file));
        if (foreign is not null)
            throw MarrowException.Conflict(
                path,
                "a bundle that was exported before, and nothing else in it",
                foreign,
                "Name another folder with --out.");
    }

    private static void Replace(string staged, string final)
    {
        var folder = Path.GetDirectoryName(final) ?? final;
        Leftovers.SweepFor(final);
        if (!Path.Exists(final))
        {
            Directory.Move(staged, final);
            Disk.FlushFolder(folder);
            return;
        }
        var old = $"{staged}.old";
        Directory.Move(final, old); // a file too
        try
        {
            Directory.Move(staged, final);
        }
        catch
        {
            Directory.Move(old, final);
            throw;
        }
        Disk.FlushFolder(folder);
        Leftovers.Delete(new DirectoryInfo(old));
    }
}
