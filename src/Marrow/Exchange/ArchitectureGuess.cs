using System.Globalization;
using Marrow.Backbones;
using Marrow.Weights;
using Marrow.Weights.PyTorch;

namespace Marrow.Exchange;

/// <summary>
/// Guesses the architecture of weights that can't be imported, from the layer names of well-known programs, so that the
/// error message can say what the file contains.
/// </summary>
internal static class ArchitectureGuess
{
    private const int NamedTensors = 4;

    /// <summary>
    /// Known architectures, each with the test on a key that identifies it. Wrappers' prefixes are removed before the
    /// test. The first entry that matches wins, so the more specific ones come first.
    /// </summary>
    private static readonly (string Name, Func<string, bool> Marks)[] Known =
    [
        ("a detector of torchvision (Faster R-CNN, Mask R-CNN or RetinaNet)", key =>
            key.StartsWith("roi_heads.", StringComparison.Ordinal)
            || key.StartsWith("body.", StringComparison.Ordinal)
            || key.StartsWith("head.classification_head.", StringComparison.Ordinal)),
        ("a Swin transformer", key => key.Contains("relative_position_bias_table", StringComparison.Ordinal)),
        ("a vision transformer (ViT)", key =>
            key.Contains("attn.qkv.", StringComparison.Ordinal)
            || key.Contains("encoder_layer_0.", StringComparison.Ordinal)
            || key.StartsWith("vit.", StringComparison.Ordinal)
            || key.EndsWith("cls_token", StringComparison.Ordinal)),
        ("an EfficientNet", key =>
            key is "conv_stem.weight" or "_conv_stem.weight"
            || key.Contains("._depthwise_conv.", StringComparison.Ordinal)
            || key.StartsWith("features.1.0.block.0.", StringComparison.Ordinal)),
        ("a ConvNeXt", key =>
            key.Contains("dwconv.", StringComparison.Ordinal)
            || key.Contains("conv_dw.", StringComparison.Ordinal) && key.StartsWith("stages.", StringComparison.Ordinal)
        ),
        ("a MobileNet", key => key.StartsWith("features.1.conv.0.", StringComparison.Ordinal)),
        ("an Inception network", key => key.StartsWith("Mixed_5b.", StringComparison.Ordinal)),
        ("a network of YOLO", key =>
            key.EndsWith(".anchor_grid", StringComparison.Ordinal)
            || key.EndsWith(".dfl.conv.weight", StringComparison.Ordinal)
            || key.StartsWith("model.0.conv.", StringComparison.Ordinal)),
        ("a U-Net", key =>
            key.Contains("unet", StringComparison.OrdinalIgnoreCase)
            || key.StartsWith("decoder.", StringComparison.Ordinal)
            || key.StartsWith("up1.", StringComparison.Ordinal)
            || key.StartsWith("up_", StringComparison.Ordinal)
            || key.StartsWith("conv_blocks_localization.", StringComparison.Ordinal)
            || key.Contains("up_path.", StringComparison.Ordinal)
            || key.Contains("upconv", StringComparison.OrdinalIgnoreCase)),
        ("a ResNet of Hugging Face's transformers", key =>
            key.EndsWith("embedder.embedder.convolution.weight", StringComparison.Ordinal)),
        ("a language model", key =>
            key.Contains("word_embeddings.", StringComparison.Ordinal)
            || key.Contains("embed_tokens.", StringComparison.Ordinal)),
        ("a ResNet", key => key.EndsWith("layer4.0.conv1.weight", StringComparison.Ordinal)),
        ("a VGG or an AlexNet", key => key == "classifier.6.weight"),
    ];

    /// <summary>
    /// Names of ResNets by the number of blocks in their four layers; a bottleneck block has a third convolution (He et
    /// al. 2016, table 1).
    /// </summary>
    private static readonly Dictionary<string, string> ResNets = new()
    {
        ["2 2 2 2"] = "a ResNet-18",
        ["3 4 6 3"] = "a ResNet-34",
        ["3 4 6 3 bottleneck"] = "a ResNet-50",
        ["3 4 23 3 bottleneck"] = "a ResNet-101",
        ["3 8 36 3 bottleneck"] = "a ResNet-152",
    };

    /// <summary>The error for weights in which no classifier on a backbone of the catalogue is found.</summary>
    /// <param name="headless">The backbone that was found, without a last layer; null when none was found.</param>
    public static MarrowException Unknown(WeightFile file, ForeignKeys? headless = null)
    {
        if (LostNorms.ByNames(file.Path, file.Entries) is { } folded)
            return folded;
        var keys = file.Entries.Select(e => ForeignKeys.Unwrap(e.Name)).ToList();
        var name = Named(keys, headless);
        var shown = string.Join(
            ", ",
            file.Entries.Take(NamedTensors).Select(e => $"'{PickleReader.Shown(e.Name)}' {ShapeText.Of(e.Shape)}"));
        return MarrowException.Bad(file.Path,
            $"the weights of a classifier on one of {string.Join(", ", BackboneCatalogue.Names)}",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{keys.Count} tensors{Under(file)} such as {shown}{(name is null ? "" : $": by its keys {name}")}"),
            $"{string.Join("; ", BackboneCatalogue.Kinds.Select(kind => kind.Sources))} can be imported, "
                + "and every model that marrow hub export wrote; other architectures can't. Where the keys have "
                + "names of their own, say what they are by a map (--keys)."
                + (headless is null ? "" : $" A backbone alone can start a stage: init: {file.Reference}.")
                + LostNorms.AboutMatrices(file.Entries)
                + file.AboutOthers(ForeignKeys.OthersIn(file, headless))
        );
    }

    private static string Under(WeightFile file) =>
        file.Place.Length > 0 ? $" under '{file.Place}'" : "";

    /// <summary>Returns the architecture by its keys, and says when only its last layer was not found.</summary>
    private static string? Named(IReadOnlyCollection<string> keys, ForeignKeys? headless)
    {
        var name = Of(keys);
        if (headless?.Kind is not { } kind)
            return name;
        name ??= $"a {kind.Kind}";
        return name == $"a {kind.Kind}" || name.StartsWith($"a {kind.Kind}-", StringComparison.Ordinal)
            ? $"{name} without a classifier's last layer "
                + $"({string.Join(", ", kind.Heads.Select(head => head + "weight"))})"
            : name;
    }

    /// <summary>Returns the architecture that the keys point to, or null when they point to none.</summary>
    public static string? Of(IReadOnlyCollection<string> keys)
    {
        var name = Known.FirstOrDefault(k => keys.Any(k.Marks)).Name;
        if (name != "a ResNet")
            return name;
        var blocks = Enumerable
            .Range(1, 4)
            .Select(layer =>
                keys.Where(k => k.StartsWith($"layer{layer}.", StringComparison.Ordinal))
                    .Select(k => k.Split('.')[1])
                    .Distinct()
                    .Count());
        var bottleneck = keys.Contains("layer1.0.conv3.weight") ? " bottleneck" : "";
        return ResNets.GetValueOrDefault(string.Join(' ', blocks) + bottleneck, name);
    }
}
