using Marrow.Checkpoints;
using Marrow.Exchange;
using Marrow.Exchange.Onnx;
using Marrow.Hub;
using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Cobb;
using TorchSharp;

namespace Marrow.Tests.Exchange;

/// <summary>Every export is run by ONNX Runtime and compared, so most of these only have to end well.</summary>
public sealed class OnnxExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ExportRequest Request(bool decode = false, double tolerance = 1e-4, params string[] images) =>
        new()
        {
            Format = ExportFormat.Onnx,
            Path = _folder["model.onnx"],
            Decode = decode,
            Tolerance = tolerance,
            CheckImages = images,
            Overwrite = true,
        };

    private OnnxComparison Export(Checkpoint checkpoint, bool decode = false)
    {
        var result = Exporter.Run(checkpoint, Request(decode));
        Assert.Equal(result.Bytes, new FileInfo(_folder["model.onnx"]).Length);
        Assert.All(result.Comparison!.Outputs, o => Assert.True(o.Largest > 0.01, o.Name)); // something was compared
        Assert.Equal(result.Comparison.Outputs.Max(o => o.Relative), result.LargestDifference);
        return result.Comparison;
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    public void A_classifier_gives_its_logits_and_probabilities(int channels, bool exclusive)
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"], channels, exclusive);
        Assert.Equal(["logits"], Export(checkpoint).Outputs.Select(o => o.Name));
        var decoded = Export(checkpoint, decode: true);
        Assert.Equal(["probabilities"], decoded.Outputs.Select(o => o.Name));
        Assert.Equal([1, 3], decoded.Batches);
    }

    [Theory]
    [InlineData("resnet18", 64)]
    [InlineData("resnet50", 65)]
    [InlineData("resnet18-mlnet", 64)]
    [InlineData("resnet18-mlnet", 75)]
    public void Every_kind_of_backbone_gives_its_maps_at_even_and_odd_sizes(string architecture, int size)
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"], architecture: architecture, size: size);
        Assert.Equal(["logits"], Export(checkpoint).Outputs.Select(o => o.Name));
    }

    [Fact]
    public void Findings_of_three_classes_are_decoded_as_they_are_measured()
    {
        using var checkpoint = ExportSamples.ThreeClasses(_folder["hub"]);
        Assert.Equal(["probabilities"], Export(checkpoint, decode: true).Outputs.Select(o => o.Name));
    }

    private static readonly DetectorSpec[] Detectors =
    [
        new() { PyramidChannels = 16, HeadConvolutions = 1, AnchorSizes = [16], HeadGroupNorm = true },
        new() { PyramidChannels = 16, HeadConvolutions = 2 }, // five levels: P6 and P7 too
        new()
        {
            PyramidChannels = 8,
            HeadConvolutions = 0,
            Corners = 0,
            FirstPyramidLevel = 2,
            AnchorSizes = [8, 16, 32, 64],
            HeadGroupNorm = true,
        },
        new() { PyramidChannels = 8, HeadConvolutions = 1, Classes = 3, AnchorSizes = [16, 32], HeadGroupNorm = true },
    ];

    [Theory]
    [InlineData(0, 64, 96)]
    [InlineData(1, 128, 160)]
    [InlineData(2, 100, 76)] // no multiples of 32
    [InlineData(3, 90, 130)]
    public void A_detector_gives_its_heads_and_boxes_corners_and_what_is_kept(int detector, int width, int height)
    {
        var spec = Detectors[detector];
        using var checkpoint = ExportSamples.Detector(_folder["hub"], spec, width, height);
        string[] corners = spec.Corners > 0 ? ["cornerOffsets", "corners"] : [];
        Assert.Equal(["classLogits", "boxDeltas", .. corners.Take(1)], Export(checkpoint).Outputs.Select(o => o.Name));
        Assert.Equal(
            ["scores", "boxes", .. corners.Skip(1), "selected"],
            Export(checkpoint, decode: true).Outputs.Select(o => o.Name));
    }

    [Fact]
    public void A_detector_that_sees_nothing_keeps_nothing()
    {
        using var model = Drafts.Model(architecture: "retinanet-densenet-mini"); // untrained: all scores are near 0.01
        using var checkpoint = Drafts.Detector(model).Save(_folder["hub"]);
        var selected = Exporter
            .Run(checkpoint, Request(decode: true))
            .Comparison!.Outputs.Single(o => o.Name == "selected");
        Assert.Equal((0, 0, 0), (selected.Largest, selected.Absolute, selected.Relative));
    }

    [Fact]
    public void A_regressor_of_numbers_gives_them_in_their_unit()
    {
        using var checkpoint = ExportSamples.Numbers(_folder["hub"]);
        Assert.Equal(["numbers"], Export(checkpoint).Outputs.Select(o => o.Name));
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(70, 101)] // no multiples of 4
    public void A_locator_gives_its_points_in_input_pixels(int width, int height)
    {
        using var checkpoint = ExportSamples.Points(_folder["hub"], width, height);
        Assert.Equal(["points"], Export(checkpoint).Outputs.Select(o => o.Name));
    }

    [Theory]
    [InlineData(64, 160)] // fewer rows of cells than pooled rows
    [InlineData(96, 608)] // more, and no multiple
    public void A_regressor_gives_its_angles(int width, int height)
    {
        using var checkpoint = ExportSamples.Regressor(_folder["hub"], width, height);
        Assert.Equal(["angles"], Export(checkpoint).Outputs.Select(o => o.Name));
    }

    [Theory]
    [InlineData(64, 96, false, "vertebra")]
    [InlineData(90, 77, true, "lung", "heart")] // no multiples of 32
    public void A_segmentation_gives_its_logits_and_probabilities(
        int width,
        int height,
        bool decode,
        params string[] classes)
    {
        using var checkpoint = ExportSamples.Segmentation(_folder["hub"], width, height, classes);
        Assert.Equal([decode ? "probabilities" : "logits"], Export(checkpoint, decode).Outputs.Select(o => o.Name));
    }

    [Fact]
    public void The_pooling_matrix_is_torchs_adaptive_pooling()
    {
        using var scope = torch.NewDisposeScope();
        for (var rows = 1; rows <= 50; rows++)
        {
            var x = torch.randn(2, 3, rows);
            var pooled = x.matmul(torch.tensor(CobbOnnx.Pooling(rows, 16), [rows, 16]));
            Assert.True(
                (pooled - torch.nn.functional.adaptive_avg_pool1d(x, 16)).abs().max().item<float>() < 1e-5,
                $"{rows} rows");
        }
    }

    [Fact]
    public void Images_of_ones_own_are_what_it_is_run_on()
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"]);
        Marrow.Phantoms.PhantomWriter.WriteChest(_folder["chests"], 6, seed: 1, new() { Width = 64, Height = 64 });
        var images = Directory.GetFiles(_folder["chests"], "*.jpg", SearchOption.AllDirectories);
        Assert.Equal("6 images", Exporter.Run(checkpoint, Request(images: images)).Comparison!.Images);
        Assert.Equal("1 image", Exporter.Run(checkpoint, Request(images: images[0])).Comparison!.Images);
    }

    [Fact]
    public void A_file_that_computes_something_else_is_noticed()
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"]);
        Export(checkpoint);
        using var graphModel = checkpoint.BuildModel();
        var graph = OnnxModel.Build(checkpoint.Config, graphModel, decode: false);
        using var other = Drafts.Model(seed: 99);
        other.eval();
        var comparison = OnnxRun.Compare(
            _folder["model.onnx"],
            graph,
            checkpoint.Config,
            other,
            Request(),
            CancellationToken.None);
        Assert.True(comparison.Outputs[0].Relative > 0.01);
        var error = Assert.Throws<MarrowException>(() => OnnxRun.Require("model.onnx", comparison));
        Assert.Contains("logits", error.Message);
    }

    [Fact]
    public void Numbers_that_are_none_are_never_near_enough()
    {
        var comparison = new OnnxComparison(
            "ONNX Runtime",
            "4 phantoms",
            [1, 3],
            0.5,
            [new("logits", 1, double.NaN, double.NaN)]);
        Assert.Contains(
            "logits",
            Assert.Throws<MarrowException>(() => OnnxRun.Require("model.onnx", comparison)).Message);
    }

    [Fact]
    public void Over_the_tolerance_nothing_is_left_and_what_was_there_stays()
    {
        using var checkpoint = ExportSamples.Detector(_folder["hub"]);
        File.WriteAllText(_folder["model.onnx"], "earlier");
        var error = Assert.Throws<MarrowException>(() => Exporter.Run(checkpoint, Request(tolerance: 1e-12)));
        Assert.Contains("classLogits", error.Message);
        Assert.Contains("--tolerance", error.Message);
        Assert.Equal("earlier", File.ReadAllText(_folder["model.onnx"]));
        Assert.Equal(["model.onnx"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_cancelled_export_leaves_nothing()
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"]);
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            Exporter.Run(checkpoint, Request(), cancellation: cancellation.Token));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_model_of_another_task_is_refused_by_its_name()
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"]);
        using var model = torch.nn.Linear(2, 2);
        var error = Assert.Throws<MarrowException>(() => OnnxModel.Build(checkpoint.Config, model, false));
        Assert.Contains("expected a Classifier, found Linear", error.Message);
    }

    [Fact]
    public void A_task_without_a_graph_is_refused_with_the_names_of_those_that_have_one()
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"]);
        using var model = torch.nn.Linear(2, 2);
        var config = checkpoint.Config with { Task = CheckpointTask.Pretrain };
        var error = Assert.Throws<MarrowException>(() => OnnxModel.Build(config, model, false));
        Assert.Contains("classify, detect-vertebrae, regress-cobb", error.Message);
        Assert.Contains("found pretrain", error.Message);
    }

    [Fact]
    public void Debians_onnx_finds_nothing_wrong_and_reads_what_the_file_says()
    {
        using var peer = new PythonPeer();
        Assert.SkipWhen(
            peer.Run("import importlib.util\nprint(importlib.util.find_spec('onnx'))").Trim() == "None",
            "python3-onnx is absent.");
        foreach (
            var (checkpoint, decode) in ((Checkpoint, bool)[])
                [
                    (ExportSamples.Classifier(_folder["hub"]), false),
                    (ExportSamples.ThreeClasses(_folder["hub"]), true),
                    (ExportSamples.Detector(_folder["hub"]), false),
                    (ExportSamples.Detector(_folder["hub"]), true),
                    (ExportSamples.Regressor(_folder["hub"]), false),
                ])
        {
            using var open = checkpoint;
            Export(checkpoint, decode);
            var said = peer.Run(
                $"""
                import onnx
                model = onnx.load('{_folder["model.onnx"]}')
                onnx.checker.check_model(model, full_check=True)
                onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
                print(model.ir_version, model.opset_import[0].version, model.graph.input[0].type.tensor_type.shape.dim[0].dim_param)
                for entry in sorted(model.metadata_props, key=lambda e: e.key): print(entry.key, entry.value)
                """
            );
            Assert.StartsWith("8 17 N\n", said);
            Assert.Contains($"digest {checkpoint.Digest}\n", said);
            Assert.Contains($"license {checkpoint.License}\n", said);
            Assert.Contains("comparison {\"runtime\":\"ONNX Runtime", said);
            foreach (
                var key in (string[])
                    [
                        "ancestors",
                        "architecture",
                        "classes",
                        "config",
                        "input",
                        "marrow",
                        "name",
                        "outputs",
                        "preprocessing",
                        "task",
                    ])
                Assert.Contains($"\n{key} ", said);
        }
    }
}
