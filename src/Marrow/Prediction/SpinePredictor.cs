using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Cobb;
using Marrow.Tasks.Crops;
using Marrow.Tasks.Familiarity;
using Marrow.Tasks.Points;
using Marrow.Tasks.Strip;
using Marrow.Tasks.Vertebrae;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Radiograph -> vertebrae and Cobb angles, by a detector of corners, a regressor of angles, or both, and a refiner of
/// the detector's corners. The preprocessing is that of each checkpoint's input contract; nothing about it is guessed.
/// So is the decoding: the detector's contract says how its corners become angles, what a whole spine is and when a
/// person is to look; the regressor's and the refiner's, each made beside a detector, what they count against it.
/// </summary>
internal sealed class SpinePredictor : IPredictor
{
    private const string StripRole = "strip";

    private DetectVertebraeTask? _detector;
    private RegressCobbTask? _regressor;
    private Explainer? _explainer; // of the regressor
    private PointsTask? _corners;
    private readonly List<StripTask> _strips = [];
    private readonly Compute _compute;
    private readonly List<CheckpointUse> _uses = [];
    private readonly SpineIntervals _intervals;

    /// <summary>
    /// Loads and verifies the checkpoints; at most one detector, one regressor and one refiner. Throws
    /// <see cref="MarrowException"/> when there is none, one of another task, or one that looks at crops by a detector
    /// that is not among them.
    /// </summary>
    /// <param name="compute">The way of computing; null for the fastest one on this machine.</param>
    public SpinePredictor(IReadOnlyList<Checkpoint> checkpoints, Compute? compute = null)
    {
        _compute = compute ?? Compute.Choose();
        try
        {
            foreach (var checkpoint in checkpoints)
                Take(checkpoint);
            if (_uses.Count == 0)
                throw new MarrowException("A spine prediction needs a checkpoint: give --checkpoint NAME.");
            if (
                checkpoints.FirstOrDefault(c =>
                    c.Config.Input.Crop is { } crop && _uses.All(u => u.Digest != crop.Digest)
                ) is
                { } cropping)
                throw FirstLooker.Missing(cropping);
            if (_detector is null && _uses.Find(use => use.Role == StripRole) is { } strip)
                throw MarrowException.Bad(
                    strip.Name,
                    "a detector of vertebrae beside it, which finds the curve along which it looks",
                    "none",
                    "Name a detector as well, with another --checkpoint.");
            _intervals = new(checkpoints);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private void Take(Checkpoint checkpoint)
    {
        var task = checkpoint.BuildTask();
        _compute.ArrangeForInference(task.Model);
        switch (task)
        {
            case DetectVertebraeTask detector when _detector is null:
                _detector = detector;
                _uses.Add(new("landmarks", checkpoint.Name, checkpoint.Digest));
                break;
            case RegressCobbTask regressor when _regressor is null:
                _regressor = regressor;
                _explainer = new(checkpoint.Name, regressor, checkpoint.Config.Outputs, _compute);
                _uses.Add(new("cobb", checkpoint.Name, checkpoint.Digest));
                break;
            case PointsTask corners when _corners is null && corners.Input.Crop is { Region: CropRegion.Vertebra }:
                _corners = corners;
                _uses.Add(new("corners", checkpoint.Name, checkpoint.Digest));
                break;
            case StripTask strip when StripSamples.AreOfSpines(checkpoint.Config):
                _strips.Add(strip);
                _uses.Add(new(StripRole, checkpoint.Name, checkpoint.Digest));
                break;
            case StripTask:
                task.Dispose();
                throw MarrowException.Bad(
                    checkpoint.Name,
                    $"a model of strips for {Vertebra.Count} vertebrae with four corners each",
                    $"one for {checkpoint.Config.Model.Items} items with {checkpoint.Config.Classes.Count} points",
                    "Points along other curves are measured by marrow evaluate.");
            default:
                task.Dispose();
                throw new MarrowException(
                    $"{checkpoint.Name}: a checkpoint for {checkpoint.Config.Task}. Spine predictions take one for "
                        + $"{Of(SpineRole.Landmarks)}, one for {Of(SpineRole.Angles)}, or one of each, and one for "
                        + $"{Of(SpineRole.Corners)} that looks at each vertebra the detector finds; give one for "
                        + $"another task alone."
                );
        }

        static string Of(SpineRole role) => string.Join(" or ", TaskCatalogue.Names(t => t.SpineRole == role));
    }

    public IReadOnlyList<string> Columns =>
        [
            .. AngleColumns.Reported, "severity", "vertebrae", "confidence", .. CurveColumns.Names,
            .. _intervals.Calibration is null ? [] : IntervalColumns.Names,
            .. _detector is null ? [] : AngleColumns.Expected,
        ];

    public IReadOnlyList<string> Untrained => [];

    public IReadOnlyList<string?> Masks => [];

    public IReadOnlyList<CheckpointUse> Checkpoints => _uses;

    /// <summary>
    /// The smallest size at which an image may be decoded without loss for these checkpoints; 0 for the full size.
    /// </summary>
    public (int Width, int Height) DecodeSize
    {
        get
        {
            (int Width, int Height)[] sizes =
            [
                .. ((TaskModel?[])[_detector, _regressor, _corners, .. _strips])
                    .OfType<TaskModel>()
                    .Select(t => t.Input.DecodeSize),
            ];
            return sizes.Contains((0, 0)) ? (0, 0) : (sizes.Max(s => s.Width), sizes.Max(s => s.Height));
        }
    }

    public IReadOnlyList<string> Explainable => _explainer?.Names ?? [];

    /// <summary>The looks of a detector are always compared; only a regressor's angles have names to ask for.</summary>
    public void RequireExplainable(IReadOnlyList<string> names)
    {
        if (_explainer is not null)
            _explainer.Require(names);
        else if (names.Count > 0)
            throw MarrowException.Bad(
                _uses[0].Name,
                "no names, since how well the looks at each vertebra agree is told of all vertebrae",
                $"'{names[0]}'",
                "Leave the names out, or add a regressor of angles, whose answers have names.");
    }

    /// <summary>Measures the spine. Angles are in degrees and places in pixels of the original image.</summary>
    public Finding Predict(Radiograph radiograph, PredictionOptions options = default)
    {
        if (!radiograph.Pixels.AsSpan().ContainsAnyExcept(radiograph.Pixels[0]))
            return SpineMeasurement.Nothing(radiograph, UsesOf(options), _detector is null ? null : options.Looks)
                .Withheld(["The image is of one grey value: it shows nothing."]);
        var measured = Measure(radiograph, options);
        if (measured.Refusals.Count == 0)
            return measured.Finding;
        return options.Anyway && measured.IsSeen ? measured.Anyway : measured.Withheld(measured.Refusals);
    }

    /// <summary>
    /// Measures any image, whether it shows a spine or not, and collects the reasons against believing the result. It
    /// serves for evaluation, where each film is known to show a spine.
    /// </summary>
    internal SpineMeasurement Measure(Radiograph radiograph, PredictionOptions options = default)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var border = FilmBorder.Of(radiograph);
        var film = border.Film;
        var (warnings, doubts) = (new List<string>(radiograph.Warnings), new List<string>());
        IReadOnlyList<string> refusals = [];
        if (border.IsThere)
            warnings.Add(border.Describe(radiograph));
        var vertebrae = new List<FoundVertebra>();
        CobbMeasurement? measured = null;
        IReadOnlyList<double> expected = [];
        IReadOnlyList<AngleSpread> spreads = [];
        DetectedSpine? detected = null;
        var confidence = 1.0;
        if (_detector is not null)
        {
            var (images, toInput) = Input(film, _detector.Input);
            var looks = new SpineLooks();
            // What the detector's views differ by takes time to tell, and counts only where its corners are final.
            var keeps = options.Explained is not null || (_corners is null && _strips.Count == 0);
            var spine = _detector.Spines(images, [toInput], _compute, keeps ? looks : null, options.Fast)[0];
            detected = DetectVertebraeTask.Detected(
                spine, toInput, film.OriginalWidth, film.OriginalHeight);
            var (corners, first) = Refined(film, detected, looks, options.Fast);
            vertebrae.AddRange(
                corners.Select(
                    (v, i) =>
                        new FoundVertebra(
                            SpinePart.LevelName(i),
                            v.Transform(border.ToOriginal),
                            spine.Scores[i],
                            spine.Filled[i])
                        {
                            Evidence = VertebraEvidence.Of(options.Explained is null ? null : looks, i),
                        }));
            measured = CobbAngles.Measure(corners, film.OriginalHeight);
            var errors = StripAngles?.Errors ?? _detector.Decoding.Angles.Errors;
            (expected, var jumps) = CobbExpectation.Of(corners, film.OriginalHeight, errors);
            // One look says nothing of how far looks differ, which intervals are made of.
            if (!options.Fast)
                spreads = AngleSpread.Of(looks, first, corners, film.OriginalHeight, jumps);
            confidence = spine.Confidence;
            var unfamiliarity = _detector.UnfamiliarityOf(images, _compute)[0];
            var judged = SpineJudgement.Of(spine, detected, corners, toInput, unfamiliarity, _detector.Decoding);
            warnings.AddRange(judged.Warnings);
            if (!options.Fast && _intervals.WhyNone is { } why)
                warnings.Add(why);
            doubts.AddRange(judged.Doubts);
            refusals = [.. FamiliarityContract.Refusals(unfamiliarity), .. judged.Refusals];
        }
        else
        {
            doubts.Add(
                "No detector of vertebrae looked at the film: whether it shows a whole spine is not known, so no "
                    + "severity is given."
            );
        }
        var input = _regressor is null ? default : RegressorInput(film, detected, _regressor.Input);
        double[] regressed = _regressor is null ? [] : _regressor.AnglesOf(input.Images, _compute)[0];
        var explanations = options.Explained is { } explained && _regressor is not null
            ? _explainer!.Explain(
                input.Images,
                border.ToOriginal.Invert().Then(input.ToInput),
                radiograph,
                AnglesPart(_regressor, regressed),
                explained)
            : null;
        if (_regressor is not null && _detector is null)
            refusals = FamiliarityContract.Refusals(_regressor.UnfamiliarityOf(input.Images, _compute)[0]);
        var beside = _regressor?.Decoding.BesideDetector;
        if (measured is not null && beside?.Doubt(measured.Degrees[0], regressed[0]) is { } differ)
            doubts.Add(differ);
        return new(new(
            file: radiograph.Source,
            width: radiograph.OriginalWidth,
            height: radiograph.OriginalHeight)
        {
            Confidence = confidence,
            Status = doubts.Count > 0 ? FindingStatus.Check : FindingStatus.Ok,
            Warnings = [.. warnings, .. doubts],
            Checkpoints = UsesOf(options),
            Looks = _detector is null ? null : options.Looks,
        }, _intervals.Of(new()
        {
            Vertebrae = vertebrae,
            LandmarkAngles = measured,
            ExpectedDegrees = expected,
            RegressorDegrees = regressed,
            FusedDegrees = beside is null || measured is null ? []
                : StripAngles is { } angles
                    ? angles.Mix(expected, regressed)
                    : beside.Mix(expected, regressed),
            CobbDegrees = measured?.Degrees ?? regressed,
            SawSpine = _detector is not null,
            Spreads = spreads,
        }), explanations, refusals)
        {
            IsSeen = detected?.IsUsable ?? true,
            Near = _intervals.NearOf(spreads, confidence),
        };
    }

    /// <summary>
    /// Returns the final corners, and the number of the first look of the stage that made them.
    /// </summary>
    private (IReadOnlyList<Vertebra> Corners, int FirstLook) Refined(
        Radiograph film, DetectedSpine detected, SpineLooks looks, bool fast)
    {
        var (corners, first) = (detected.Vertebrae, 0);
        if (_corners is not null)
        {
            first = looks.Count;
            corners = new VertebraRefiner(_corners, _compute, fast).Refine(film, detected, looks);
        }
        if (_strips.Count > 0 && detected.IsUsable)
        {
            first = looks.Count;
            corners = new StripRefiner(_strips, _compute, fast).Refine(film, corners, looks);
        }
        return (corners, first);
    }

    /// <summary>What the first model of strips says of angles; null without one.</summary>
    private StripAnglesDecoding? StripAngles => _strips is [var first, ..] ? first.Decoding.Angles : null;

    private static NumbersPart AnglesPart(RegressCobbTask regressor, double[] degrees) =>
        new([.. regressor.Describe().Outputs.Zip(degrees, (o, value) => new FoundValue(o.Name, o.Unit, value))]);

    /// <summary>What is used: a fast prediction asks the first model of strips alone.</summary>
    private IReadOnlyList<CheckpointUse> UsesOf(PredictionOptions options) =>
        options.Fast ? [.. _uses.Except(_uses.Where(use => use.Role == StripRole).Skip(1))] : _uses;

    public Finding Failed(string file, string reason) =>
        new(Finding.Failed(file, reason, new SpinePart())) { Confidence = 0 };

    public void Dispose()
    {
        _detector?.Dispose();
        _regressor?.Dispose();
        _corners?.Dispose();
        _strips.ForEach(strip => strip.Dispose());
    }

    private (Tensor Images, AffineTransform ToInput) RegressorInput(
        Radiograph radiograph, DetectedSpine? detected, InputContract input) =>
        Input(
            radiograph,
            input,
            input.Crop is { } crop ? CropKind.Of(crop.Region).Crops(crop, detected!)[0] : null);

    private (Tensor Images, AffineTransform ToInput) Input(
        Radiograph radiograph, InputContract input, ImageCrop? crop = null)
    {
        var packed = crop is null
            ? Preprocessor.Prepare(radiograph, input)
            : Preprocessor.Prepare(radiograph, input, crop);
        return (_compute.Arrange(Preprocessor.ToTensor([packed], input)), packed.ToInput);
    }
}
