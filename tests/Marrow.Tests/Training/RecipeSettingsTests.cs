using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Modules;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Training;

/// <summary>A recipe in which every key is set, each to another value than its default.</summary>
public class RecipeSettingsTests
{
    [Fact]
    public void Every_setting_reaches_its_property()
    {
        var recipe = RecipeReader.Parse(
            """
            name: all
            seed: 18446744073709551615
            splitSeed: 5
            heldOut: 0.1
            stages:
              - name: s
                task: detect-vertebrae
                model: retinanet-densenet121
                init: densenet121.chexpert@sha256:0123456789ab
                initCoverage: 0.5
                tag: mine
                license: LicenseRef-SpineWeb-research
                data:
                  {name: d, format: spineweb16, limit: 24, heldOut: 0.3, validation: 0.25, split: test,
                   uncertain: {default: zeros, Edema: ones 0.55-0.85}, blank: masked, softLabels: soft.csv, view: lateral,
                   bodyPart: shoulder, faults: drop, landmarks: mat, csv: x.csv, fileColumn: f, patientColumn: p,
                   partColumn: q, partCsv: y.csv,
                   labelColumns: [Edema, No Finding], kind: findings, license: CC0-1.0, citation: Someone 2019}
                input: {width: 128, height: 352, fit: stretch, window: [0.01, 0.99], mean: 0.4, std: 0.2}
                detector: {pyramidChannels: 64, headConvolutions: 3, headGroupNorm: true, anchorSizes: [16, 32.5], anchorScales: [1], anchorRatios: [0.4, 0.6]}
                augment:
                  {strength: 0.5, rotationDegrees: 1, scale: 0.2, stretch: 0.01, shift: 0.02, flipProbability: 0.5, gamma: 0.3,
                   contrast: 0.4, brightness: 0.15, noise: 0.05, blurPixels: 2, cutout: 0.6, cutoutProbability: 0.7}
                train:
                  {epochs: 3, steps: 7, batch: 5, accumulate: 2, optimizer: sgd, lr: 1e-2, weightDecay: 0.1, momentum: 0.8,
                   schedule: step, warmup: 0.1, stepEpochs: 4, stepFactor: 0.3, backboneLr: 0.25, layerDecay: 0.75,
                   freeze: 2, unfreeze: gradual, batchNorm: frozen, ema: 0.999, clipNorm: 1.5, precision: bf16,
                   channelsLast: false, evaluateEvery: 6, patience: 8, metric: landmark-error, saveEverySeconds: 1.5, workers: 9}
            """,
            "r.yaml",
            []);
        Assert.Equal((ulong.MaxValue, 5ul, 0.1), (recipe.Seed, recipe.SplitSeed, recipe.HeldOut));
        var s = recipe.Stages[0];
        Assert.Equal(
            ("densenet121.chexpert@sha256:0123456789ab", 0.5, "mine", "LicenseRef-SpineWeb-research"),
            (s.Init, s.InitCoverage, s.Tag, s.License));
        Assert.Equal(
            ("d", "spineweb16", 24, 0.3, 0.25),
            (s.Data.Name, s.Data.Format, s.Data.Limit, s.Data.HeldOut, s.Data.Validation));
        var options = s.Data.Options;
        Assert.Equal(
            new Dictionary<string, string> { ["default"] = "zeros", ["Edema"] = "ones 0.55-0.85" },
            options.Uncertain);
        Assert.Equal(["Edema", "No Finding"], options.LabelColumns);
        Assert.Equal(new DatasetOptions
        {
            Split = "test",
            Uncertain = options.Uncertain,
            Blank = "masked",
            SoftLabels = "soft.csv",
            View = "lateral",
            BodyPart = "shoulder",
            Faults = "drop",
            Landmarks = "mat",
            Csv = "x.csv",
            FileColumn = "f",
            PatientColumn = "p",
            PartColumn = "q",
            PartCsv = "y.csv",
            LabelColumns = options.LabelColumns,
            Kind = "findings",
            Units = options.Units,
            License = "CC0-1.0",
            Citation = "Someone 2019",
        }, options);
        Assert.Equal(
            new StageInput
            {
                Width = 128,
                Height = 352,
                Fit = Fit.Stretch,
                WindowLow = 0.01,
                WindowHigh = 0.99,
                Mean = 0.4,
                Std = 0.2,
            },
            s.Input);
        Assert.Equal(new TrainOptions
        {
            Epochs = 3,
            Steps = 7,
            Batch = 5,
            Accumulate = 2,
            Optimizer = OptimizerKind.Sgd,
            LearningRate = 0.01,
            WeightDecay = 0.1,
            Momentum = 0.8,
            Schedule = ScheduleKind.Step,
            Warmup = 0.1,
            StepEpochs = 4,
            StepFactor = 0.3,
            BackboneLr = 0.25,
            LayerDecay = 0.75,
            Freeze = 2,
            Unfreeze = Unfreezing.Gradual,
            BatchNorm = BatchNormMode.Frozen,
            Ema = 0.999,
            ClipNorm = 1.5,
            Precision = Precision.Bf16,
            ChannelsLast = false,
            EvaluateEvery = 6,
            Patience = 8,
            Metric = "landmark-error",
            SaveEverySeconds = 1.5,
            Workers = 9,
        }, s.Train);

        Assert.Equal(new AugmentationOptions
        {
            Strength = 0.5,
            RotationDegrees = 1,
            Scale = 0.2,
            Stretch = 0.01,
            Shift = 0.02,
            FlipProbability = 0.5,
            Gamma = 0.3,
            Contrast = 0.4,
            Brightness = 0.15,
            Noise = 0.05,
            BlurPixels = 2,
            Cutout = 0.6,
            CutoutProbability = 0.7,
        }, s.Augment);

        var spec = s.Detector!.ApplyTo(new DetectorSpec());
        Assert.Equal((64, 3, true, 4), (spec.PyramidChannels, spec.HeadConvolutions, spec.HeadGroupNorm, spec.Corners));
        Assert.Equal([16, 32.5], spec.AnchorSizes);
        Assert.Equal([1.0], spec.AnchorScales);
        Assert.Equal([0.4, 0.6], spec.AnchorRatios);

        var contract = s.Input.ToContract();
        Assert.Equal((128, 352, 1, 0.01, 0.99, 0.4, 0.2),
            (
                contract.Width,
                contract.Height,
                contract.Channels,
                contract.WindowLow,
                contract.WindowHigh,
                contract.Mean,
                contract.Std));
    }
}
