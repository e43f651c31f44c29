using System.Globalization;
using Marrow.Backbones;
using Marrow.Inputs;

namespace Marrow.Exchange;

/// <summary>
/// The known sources of weights, each with its classes and the input on which its weights were trained. The keys of
/// other programs are translated by each kind of backbone (<see cref="BackboneSpelling"/>). A new source needs an entry
/// here, a test against the source's own code, and a row in docs/import-maps.md.
/// </summary>
internal static class ImportMaps
{
    private static readonly double[] ImageNetMeans = [0.485, 0.456, 0.406];
    private const double MlNetMean = 114.04 / 255; // ResNetPreprocess.onnx of the package: the mean of its mean image
    private const double MlNetStd = 0.25; // as recipes have it

    private static readonly double[] ImageNetStds = [0.229, 0.224, 0.225];

    /// <summary>The outputs of torchxrayvision's models: default_pathologies in its datasets.py.</summary>
    private static readonly string[] XrvPathologies =
    [
        "Atelectasis",
        "Consolidation",
        "Infiltration",
        "Pneumothorax",
        "Edema",
        "Emphysema",
        "Fibrosis",
        "Effusion",
        "Pneumonia",
        "Pleural_Thickening",
        "Cardiomegaly",
        "Nodule",
        "Mass",
        "Hernia",
        "Lung Lesion",
        "Fracture",
        "Lung Opacity",
        "Enlarged Cardiomediastinum",
    ];

    /// <summary>The 14 findings of ChestX-ray14: CLASS_NAMES in model.py of arnoweng/CheXNet.</summary>
    private static readonly string[] ChestXray14 =
    [
        "Atelectasis",
        "Cardiomegaly",
        "Effusion",
        "Infiltration",
        "Mass",
        "Nodule",
        "Pneumonia",
        "Pneumothorax",
        "Consolidation",
        "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
    ];

    /// <summary>All maps by name, in the order in which a file is compared with them.</summary>
    public static IReadOnlyDictionary<string, ImportMap> All { get; } =
        new ImportMap[]
        {
            new(
                name: "marrow",
                source: "Marrow's own model.safetensors of a classifier, without its checkpoint's folder",
                input: channels =>
                    new()
                    {
                        Width = 224,
                        Height = 224,
                        Channels = channels,
                    },
                preprocessing: "The file does not say how its images were prepared: this is the default of Marrow's "
                    + "recipes for classifiers. Where the checkpoint's folder is still there, take that instead."
            )
            {
                Recognises = facts => facts.Metadata.ContainsKey("marrow"),
            },
            new(
                name: "monai-densenet",
                source: "MONAI's DenseNet121, DenseNet169 and DenseNet201 of two dimensions (Project-MONAI/MONAI, "
                    + "monai/networks/nets/densenet.py)",
                input: channels =>
                    new()
                    {
                        Width = 224,
                        Height = 224,
                        Channels = channels,
                        WindowLow = 0,
                        WindowHigh = 1,
                        Mean = 0,
                        Std = 1,
                    },
                preprocessing: "MONAI has no preprocessing of its own; this is what ScaleIntensity and Resize of most "
                    + "of its tutorials do: each image from its least to its largest value to 0..1. MONAI's readers "
                    + "give PNG and JPEG with rows and columns exchanged; Marrow does not: weights that were trained "
                    + "through them expect images mirrored at the diagonal."
            )
            {
                Kind = "DenseNet",
                Recognises = facts =>
                    facts.Keys.Any(k =>
                        k.StartsWith("class_layers.", StringComparison.Ordinal)
                        || k.Contains(".layers.norm1.", StringComparison.Ordinal)),
            },
            new(
                name: "chexnet-densenet",
                source: "CheXNet and its like: torchvision's DenseNet in a field \"densenet121\", with a linear layer "
                    + "and a sigmoid for a classifier (arnoweng/CheXNet, model.py)",
                input: ImageNet,
                preprocessing: "CheXNet makes the shorter side 256 px, cuts 224 x 224 px and subtracts ImageNet's "
                    + "means. Its published figures are means over ten such cuts; Marrow takes the one in the centre, "
                    + "and shrinks by area instead of bilinearly. The model's own sigmoid is applied by Marrow as for "
                    + "every classifier."
            )
            {
                Kind = "DenseNet",
                Classes = ChestXray14,
                Recognises = facts =>
                    facts.Keys.Any(k =>
                        k.StartsWith("densenet", StringComparison.Ordinal) || k == "classifier.0.weight"),
            },
            new(
                name: "torchxrayvision-densenet",
                source: "torchxrayvision's DenseNet (mlmed/torchxrayvision, torchxrayvision/models.py)",
                input: channels =>
                    new()
                    {
                        // (2 v - 1) * 1024 of v in 0..1: normalize() in torchxrayvision/datasets.py.
                        Width = 224,
                        Height = 224,
                        Channels = channels,
                        Fit = Fit.Cover,
                        Window = WindowKind.FullRange,
                        Mean = 0.5,
                        Std = 1.0 / 2048,
                    },
                preprocessing: "torchxrayvision scales the range of the pixels' type to -1024..1024, cuts the square "
                    + "in the centre and resizes it to 224 px. Marrow does the same, and shrinks by area. "
                    + "torchxrayvision's own outputs are shifted so that its operating point becomes 0.5; Marrow "
                    + "gives the probabilities before that."
            )
            {
                Kind = "DenseNet",
                Dropped =
                [
                    new(
                        "op_threshs",
                        "operating points, which shift the outputs after the sigmoid; they are in the outputs' meanings"
                    ),
                ],
                Classes = XrvPathologies,
                Recognises = facts =>
                    facts.Channels == 1
                    && (facts.Outputs == XrvPathologies.Length || facts.Keys.Contains("op_threshs")),
            },
            new(
                name: "mlnet-resnet18",
                source: "ResNet18.onnx in tools/DnnImageModels/ResNet18Onnx of ML.NET's package "
                    + "Microsoft.ML.DnnImageFeaturizer.ResNet18 (dotnet/machinelearning), as its version 0.23.1 has "
                    + "it: weights of ImageNet that Microsoft's CNTK trained; that file's SHA-256 is "
                    + "e2552f19db2dfdb01b3669537b6a0f1b44da38d18279535492ed5dfc2ef1ff8f",
                input: channels =>
                    new()
                    {
                        Width = 224,
                        Height = 224,
                        Channels = channels,
                        Fit = Fit.Cover,
                        Window = WindowKind.FullRange,
                        Mean = MlNetMean,
                        Std = MlNetStd,
                    },
                preprocessing: "ML.NET takes colours of 0 to 255 in the order blue, green, red, and subtracts the "
                    + "mean image of its training data. A grey image has three equal colours, so the first "
                    + "convolution is summed over them and their order does not matter; of the mean image (95 to 130, "
                    + "ResNetPreprocess.onnx of the package) its mean, 114, is subtracted everywhere. The sum is "
                    + "multiplied by what one unit of Marrow's input is in grey values, 63.75, so that inputs have "
                    + "the size that Marrow's recipes give them. The file has no classifier: the outputs are the "
                    + "pooled features."
            )
            {
                Kind = "ResNet",
                IsWithoutHead = true,
                GreyFactor = 255 * MlNetStd,
                License = "MIT",
                Recognises = facts => facts.Outputs == 0 && facts.Keys.Contains("Parameter10"),
            },
        }
            .Concat(BackboneCatalogue.Kinds.Where(kind => kind.Torchvision is not null).Select(Torchvision))
            .ToDictionary(m => m.Name, StringComparer.Ordinal);

    /// <summary>
    /// Returns the map for a file whose source nothing tells: that of torchvision's models of the same kind, from which
    /// most classifiers are made; null when there is none.
    /// </summary>
    public static ImportMap? Like(BackboneSpelling kind) => All.GetValueOrDefault(TorchvisionName(kind));

    private static string TorchvisionName(BackboneSpelling kind) => $"torchvision-{kind.Kind.ToLowerInvariant()}";

    /// <summary>
    /// Returns the map of torchvision's classifiers on one kind of backbone, such as "torchvision-densenet".
    /// </summary>
    private static ImportMap Torchvision(BackboneSpelling kind) =>
        new(
            name: TorchvisionName(kind),
            source: $"torchvision's {kind.Torchvision!.Value.Models} (pytorch/vision, {kind.Torchvision.Value.File})",
            input: ImageNet,
            preprocessing: "torchvision makes the shorter side 256 px, cuts 224 x 224 px from the centre and "
                + "subtracts ImageNet's means. Marrow does the same with grey images in all three channels, and "
                + "shrinks by area instead of bilinearly."
        )
        {
            Kind = kind.Kind,
            Classes =
            [
                .. Enumerable
                    .Range(0, 1000)
                    .Select(i => $"imagenet-{i.ToString("0000", CultureInfo.InvariantCulture)}"),
            ],
            ExclusiveClasses = true,
            Recognises = facts => facts.Channels == 3 && facts.Outputs == 1000,
        };

    /// <summary>
    /// Returns the input of torchvision's ImageClassification preset: resize to 256, crop to 224, and normalise with
    /// the means of ImageNet's training images.
    /// </summary>
    private static InputContract ImageNet(int channels) => new()
    {
        Width = 224,
        Height = 224,
        Channels = channels,
        Fit = Fit.Cover,
        CropShare = 224.0 / 256,
        Window = WindowKind.FullRange,
        Mean = ImageNetMeans.Average(),
        Std = ImageNetStds.Average(),
        ChannelMeans = channels == 3 ? ImageNetMeans : null,
        ChannelStds = channels == 3 ? ImageNetStds : null,
    };
}
