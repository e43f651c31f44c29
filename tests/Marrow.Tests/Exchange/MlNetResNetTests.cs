using Marrow.Checkpoints.Transfer;
using Marrow.Exchange;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Weights;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace Marrow.Tests.Exchange;

/// <summary>
/// ML.NET's ResNet18.onnx as a checkpoint. The file is found by the environment variable MARROW_RESNET18_ONNX or among
/// NuGet's packages, where a project that references Microsoft.ML.DnnImageFeaturizer.ResNet18 0.23.1 has put it.
/// </summary>
public sealed class MlNetResNetTests : IDisposable
{
    private const string Package =
        "microsoft.ml.dnnimagefeaturizer.resnet18/0.23.1/tools/DnnImageModels/ResNet18Onnx/ResNet18.onnx";
    private const double GreyValuesPerUnit = 63.75; // 255 times the contract's std

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Explicit = true), Trait("Category", "RealData")]
    public void Its_pooled_features_are_those_of_ONNX_Runtime_and_its_card_says_where_it_is_from()
    {
        var path = Find();
        var (checkpoint, summary) = Importer.Run(path, new() { Name = "imagenet", HubFolder = _folder["hub"] });
        using (checkpoint)
        {
            Assert.Equal(
                ("resnet18-mlnet.imagenet", "mlnet-resnet18", "MIT"),
                (checkpoint.Name, summary.File.Map, checkpoint.License));
            Assert.Equal((1, 512), (checkpoint.Config.Model.Channels, checkpoint.Config.Classes.Count));
            Assert.DoesNotContain(checkpoint.Config.Outputs, output => output.Trained);
            var card = File.ReadAllText(Path.Combine(checkpoint.Path, "README.md"));
            Assert.Contains(summary.File.Sha256, card, StringComparison.Ordinal);
            Assert.Contains("Microsoft.ML.DnnImageFeaturizer.ResNet18", card, StringComparison.Ordinal);
            Assert.Contains("0.23.1", card, StringComparison.Ordinal);

            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            using var model = (nn.Module<Tensor, Tensor>)checkpoint.BuildModel();
            using var session = new InferenceSession(path);
            Marrow.Phantoms.PhantomWriter.WriteChest(
                _folder["chests"],
                3,
                seed: 1,
                new() { Width = 256, Height = 300 }
            );
            foreach (var file in Directory.GetFiles(_folder["chests"], "*.jpg", SearchOption.AllDirectories))
            {
                var image = Preprocessor.ToTensor(
                    [Preprocessor.Load(file, checkpoint.Config.Input)],
                    checkpoint.Config.Input);
                var expected = Run(session, (image * GreyValuesPerUnit).expand(1, 3, 224, 224).contiguous());
                Assert.InRange((model.forward(image) - expected).abs().max().item<float>(), 0, 1e-3);
                Assert.True(expected.max().item<float>() > 1);
            }
        }
    }

    [Fact(Explicit = true), Trait("Category", "RealData")]
    public void A_warm_start_takes_the_file_itself_and_its_checkpoint_goes_to_ONNX_and_back()
    {
        var path = Find();
        using var scope = NewDisposeScope();
        using var file = WeightFiles.Open(path);
        using var model = ModelCatalogue.Create(new() { Architecture = "points-resnet18-mlnet", Outputs = 4 });
        Assert.Equal(1, WarmStart.Apply(model, "points-resnet18-mlnet", WeightSource.Of(file)).BackboneCoverage);

        var (checkpoint, _) = Importer.Import(path, new() { Name = "imagenet", HubFolder = _folder["hub"] });
        using (checkpoint)
        {
            Exporter.Run(checkpoint, new() { Format = ExportFormat.Onnx, Path = _folder["m.onnx"] });
            using var exported = WeightFiles.Open(_folder["m.onnx"]);
            Assert.True(
                exported.Read("features.layer4.2.conv2.weight").equal(file.Read("Parameter10")).all().item<bool>());
        }
    }

    private static string Find()
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var path = Environment.GetEnvironmentVariable("MARROW_RESNET18_ONNX") ?? Path.Combine(packages, Package);
        Assert.SkipUnless(
            File.Exists(path),
            "ResNet18.onnx of Microsoft.ML.DnnImageFeaturizer.ResNet18 0.23.1 is not here: "
                + "name it by MARROW_RESNET18_ONNX, or restore a project that references the package.");
        return path;
    }

    private static Tensor Run(InferenceSession session, Tensor image)
    {
        using var fed = OrtValue.CreateTensorValueFromMemory(image.data<float>().ToArray(), image.shape);
        using var run = new RunOptions();
        using var results = session.Run(run, session.InputNames, [fed], session.OutputNames);
        return tensor(results[0].GetTensorDataAsSpan<float>().ToArray()).view(1, -1);
    }
}
