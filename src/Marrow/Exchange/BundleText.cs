using System.Globalization;
using System.Text;
using Marrow.Checkpoints;
using Marrow.Exchange.Onnx;
using Marrow.Tasks;

namespace Marrow.Exchange;

/// <summary>The texts of a bundle that its checkpoint does not have.</summary>
internal static class BundleText
{
    /// <summary>Returns the section of the card that says what each file of the bundle is and how to load it.</summary>
    public static string Files(Checkpoint checkpoint, OnnxComparison comparison) =>
        $"""
            ## Files of this bundle

            Exported by Marrow {CheckpointConfig.CodeVersion} from `{checkpoint.Name}@{checkpoint.Digest}`.

            | file | what it is |
            |---|---|
            | `model.safetensors` | the weights |
            | `models/model.pt` | the same as a PyTorch state dict: `torch.load("models/model.pt")`; keys as torchvision's where it has the layer |
            | `models/model.onnx` | the whole computation: any runtime of ONNX; its metadata has the input, the outputs and the terms |
            | `config.json` | architecture, classes, input contract, outputs |
            | `configs/metadata.json` | the same in MONAI's words |
            | `LICENSE`, `docs/data_license.txt` | terms of the weights, of their ancestors and of the data |

            Input: {ExportMetadata.Preprocessing(checkpoint.Config.Input)}

            {comparison.Runtime} and Marrow differed on {comparison.Images} by at most: {string.Join(
                ", ",
                comparison.Outputs.Select(o =>
                    string.Create(CultureInfo.InvariantCulture, $"{o.Name} {o.Absolute:G3} of {o.Largest:G3}"))
            )}.

            """.ReplaceLineEndings(
            "\n");

    /// <summary>Returns the licence terms of the weights and of all their ancestors.</summary>
    public static string Terms(Checkpoint checkpoint)
    {
        var text = new StringBuilder(
            $"The weights of {checkpoint.Name}\n({checkpoint.Digest})\nare under {Named(checkpoint.License)}.\n");
        var ancestors = checkpoint.Parents.Ancestors();
        if (ancestors.Count > 0)
            text.Append("\nThey were made from:\n\n");
        foreach (var ancestor in ancestors)
            text.Append($"- {VisibleText.Of(ExportTerms.Describe(ancestor))}\n");
        var breaches = Licenses.Breaches(checkpoint.License, ancestors);
        if (breaches.Count > 0)
            text.Append("\nTerms of ancestors that the licence above does not keep; they hold all the same:\n\n");
        foreach (var breach in breaches)
            text.Append($"- {VisibleText.Of(breach)}\n");
        return text.ToString();
    }

    public static string DataTerms(Checkpoint checkpoint) =>
        string.Concat(
            checkpoint.Parents.Datasets.Select(d =>
                $"{VisibleText.Of($"{d.Name}{(d.Version.Length > 0 ? " " + d.Version : "")}")}: "
                    + $"{Named(d.License)}.\n{(d.Citation.Length > 0 ? VisibleText.Of(d.Citation) + "\n" : "")}\n"
            ));

    private static string Named(string license) =>
        string.Join(
            " and ",
            license
                .Split(" AND ")
                .Select(id =>
                    Licenses.Known.TryGetValue(id, out var terms)
                        ? $"{terms.Name} ({id}{Page(id)})"
                        : VisibleText.Of(id)));

    private static string Page(string license) =>
        license.StartsWith("LicenseRef-", StringComparison.Ordinal)
            ? ""
            : $", https://spdx.org/licenses/{license}.html";
}

/// <summary>
/// Formats the ancestors and their licence terms, for commands that print them and for exported files.
/// </summary>
internal static class ExportTerms
{
    public static string Describe(LicensedAncestor ancestor) =>
        $"{ancestor.Label}, {ancestor.License}";
}
