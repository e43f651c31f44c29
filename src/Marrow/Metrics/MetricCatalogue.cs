namespace Marrow.Metrics;

/// <summary>What a metric's name means.</summary>
internal sealed class MetricInfo
{
    internal MetricInfo(string unit, bool higherIsBetter, string meaning) =>
        (Unit, HigherIsBetter, Meaning) = (unit, higherIsBetter, meaning);

    /// <summary>
    /// "" for shares and pure numbers, "%", "deg" (degrees), "px" (original pixels) or "mm". "" also where it is that
    /// of what was measured: a <see cref="MetricValue"/> has it.
    /// </summary>
    public string Unit { get; }

    /// <summary>Which way "best" goes.</summary>
    internal bool HigherIsBetter { get; }

    internal string Meaning { get; }
}

/// <summary>Every metric by the name it has in recipes, logs, cards and tables.</summary>
public static class MetricCatalogue
{
    private static readonly Lock Adding = new();

    private static volatile IReadOnlyDictionary<string, MetricInfo> _all = new Dictionary<string, MetricInfo>
    {
        ["auroc"] = new("", true, "Area under the ROC curve, mean over the classes that have both labels."),
        ["accuracy"] = new("", true, "Share of right answers."),
        ["sensitivity"] = new("", true, "Share of the positives found at the threshold."),
        ["specificity"] = new("", true, "Share of the negatives left alone at the threshold."),
        ["kappa"] = new("", true, "Cohen's kappa: agreement beyond chance."),
        ["study-kappa"] = new(
            "",
            true,
            "Cohen's kappa of examinations, the score of one being the mean over its images."),
        ["study-auroc"] = new("", true, "Area under the ROC curve of examinations."),
        ["study-accuracy"] = new("", true, "Share of examinations with the right answer."),
        ["ap"] = new("", true, "COCO average precision, mean over IoU 0.50 to 0.95."),
        ["ap50"] = new("", true, "Average precision at IoU 0.50."),
        ["ap75"] = new("", true, "Average precision at IoU 0.75."),
        ["froc"] = new(
            "",
            true,
            "Share of the boxes found at IoU 0.50 while so many false boxes an image are shown; mean over 1/8 to 8 "
                + "where no number is named."
        ),
        ["complete-spines"] = new("", true, "Share of images on which as many vertebrae were found as there are."),
        ["spines-seen"] = new(
            "",
            true,
            "Share of films on which each of the 17 vertebrae was seen and none put between its neighbours."),
        ["refused-films"] = new(
            "",
            false,
            "Share of films that show a spine and of which a prediction would say that they show no whole one."),
        ["coverage"] = new("", true, "Share of films whose true angle lies in the interval that is given for it."),
        ["interval-width"] = new("deg", false, "Mean width of the intervals."),
        ["brier"] = new("", false, "Brier score: mean square of a probability minus what came of it, 0 or 1."),
        ["calibration-error"] = new(
            "",
            false,
            "Expected calibration error: mean distance of probabilities from the shares that came true, in equal parts "
                + "of the films by probability."),
        ["landmark-error"] = new("px", false, "Mean distance of corners, original pixels."),
        ["landmark-error-median"] = new("px", false, "Median distance of corners, original pixels."),
        ["landmark-nmse"] = new(
            "",
            false,
            "Mean squared error of corner coordinates, x divided by the image's width and y by its height."),
        ["point-nme"] = new("%", false, "Mean distance of points, per cent of the image's diagonal."),
        ["point-error"] = new("px", false, "Mean distance of points, original pixels."),
        ["point-error-median"] = new("px", false, "Median distance of points, original pixels."),
        ["points-within-1"] = new("", true, "Share of points found within 1 % of the image's diagonal."),
        ["points-within-2"] = new("", true, "Share of points found within 2 % of the image's diagonal."),
        ["points-within-5"] = new("", true, "Share of points found within 5 % of the image's diagonal."),
        ["point-error-mm"] = new(
            "mm",
            false,
            "Mean distance of points in millimetres (mean radial error), where the data says how large a pixel is."),
        ["points-within-2mm"] = new("", true, "Share of points found within 2 mm (success detection rate)."),
        ["points-within-2_5mm"] = new("", true, "Share of points found within 2.5 mm."),
        ["points-within-3mm"] = new("", true, "Share of points found within 3 mm."),
        ["points-within-4mm"] = new("", true, "Share of points found within 4 mm."),
        ["nmae"] = new(
            "",
            false,
            "Mean absolute error of numbers, each over the standard deviation of its labels in training."),
        ["rmse"] = new("", false, "Root of the mean squared error of numbers, in their unit."),
        ["r2"] = new("", true, "Share of the numbers' variance that is explained: 1 less squared error over variance."),
        ["dice"] = new("", true, "Dice coefficient of the masks, mean over images and classes; original pixels."),
        ["iou"] = new("", true, "Intersection over union of the masks, mean over images and classes; original pixels."),
        ["surface-distance"] = new("px", false, "Mean distance of the masks' outlines, both ways, original pixels."),
        ["hausdorff95"] = new(
            "px",
            false,
            "95th percentile of the distance of the masks' outlines, the larger way, original pixels."),
        ["smape"] = new("%", false, "Symmetric mean absolute percentage error of the three Cobb angles."),
        ["mae"] = new("", false, "Mean absolute error, over the three Cobb angles or, in their unit, over numbers."),
        ["cmae"] = new("deg", false, "Circular mean absolute error over the three Cobb angles."),
        ["euclidean"] = new("deg", false, "Euclidean distance of the angle vectors, mean over images."),
        ["manhattan"] = new("deg", false, "Manhattan distance of the angle vectors, mean over images."),
        ["pearson"] = new("", true, "Pearson correlation of the angles or numbers."),
        ["bias"] = new("deg", false, "Mean of predicted minus true angle (Bland-Altman); 0 is best."),
        ["agreement-low"] = new(
            "deg",
            true,
            "Lower 95 % limit of agreement of predicted minus true angle (Bland-Altman)."),
        ["icc"] = new(
            "",
            true,
            "Intraclass correlation ICC(2,1), absolute agreement of single measurements (Shrout and Fleiss 1979)."),
        ["within-5"] = new("", true, "Share of films whose largest angle is at most 5 degrees off."),
        ["severity-kappa"] = new(
            "",
            true,
            "Cohen's kappa of the severity by the largest angle (under 10, 25, 40 degrees, or more), disagreements "
                + "weighted by their square."),
        ["end-vertebrae"] = new(
            "",
            true,
            "Share of films on which both end vertebrae of the largest angle are the right ones."),
        ["end-vertebrae-near"] = new(
            "",
            true,
            "Share of films on which both end vertebrae of the largest angle are at most one vertebra off."),
        ["levels-right"] = new(
            "",
            true,
            "Share of films whose vertebrae are counted as the labels count them. Behind other names \"matched\" "
                + "means: over the vertebrae that lie closest to each other, whichever level they are counted as."),
        ["tilt-mae"] = new("deg", false, "Mean absolute error of the vertebrae's tilts."),
        ["tilt-sd"] = new(
            "deg",
            false,
            "Robust standard deviation of the vertebrae's tilt errors: 1.4826 x median absolute deviation."),
        ["reconstruction-error"] = new(
            "",
            false,
            "Squared error of the hidden pixels over that of their patches' means; 1 is no better than the means."),
        ["agreement-high"] = new(
            "deg",
            false,
            "Upper 95 % limit of agreement of predicted minus true angle (Bland-Altman)."),
    };

    /// <summary>Those of Marrow, then those that were added.</summary>
    internal static IReadOnlyDictionary<string, MetricInfo> Metrics => _all;

    /// <summary>
    /// Adds a metric of one's own, for as long as the process lives. Throws <see cref="ArgumentException"/> for a name
    /// that is taken, or has a dot.
    /// </summary>
    /// <param name="unit">"" for shares and pure numbers.</param>
    /// <param name="meaning">A sentence for tables and cards.</param>
    public static void Add(string name, string unit, bool higherIsBetter, string meaning)
    {
        lock (Adding)
        {
            if (!CheckpointName.IsPart(name) || _all.ContainsKey(name))
                throw new ArgumentException(
                    $"Expected a metric's name of lower-case letters, digits, '-' and '_' that is not taken; found "
                        + $"'{name}'.",
                    nameof(name));
            _all = new Dictionary<string, MetricInfo>(_all) { [name] = new(unit, higherIsBetter, meaning) };
        }
    }

    /// <summary>
    /// Also of a metric of one class, angle or corner ("auroc.Edema"), and of one part of a model of several tasks
    /// ("chest.auroc"). Throws <see cref="MarrowException"/> that lists the known names.
    /// </summary>
    internal static MetricInfo Get(string name) =>
        name.Split('.').Take(2).Select(word => Metrics.GetValueOrDefault(word)).FirstOrDefault(info => info is not null)
        ?? throw new MarrowException($"Unknown metric '{name}'. Known: {string.Join(", ", Metrics.Keys)}.");

    /// <summary>
    /// Returns false for a metric of one class, angle or corner ("auroc.Edema", "chest.auroc.Edema"), and true for one
    /// of all that was measured, be it of one part of a model of several tasks ("auroc", "chest.auroc").
    /// </summary>
    public static bool IsOfAll(string name) =>
        name.Split('.') switch
        {
            [_] => true,
            [var part, var metric] => !Metrics.ContainsKey(part) && Metrics.ContainsKey(metric),
            _ => false,
        };

    /// <summary>
    /// Returns the name of a metric, or of a loss, of one part of a model of several tasks: "chest.auroc".
    /// </summary>
    internal static string OfPart(string part, string name) => $"{part}.{name}";
}
