using Marrow.Imaging;

namespace Marrow.Phantoms;

/// <summary>
/// The findings of a chest phantom: which a patient has, how each looks, and how a report would have mentioned it.
/// The fourteen names and the ways of labelling are CheXpert's (Irvin et al. 2019): 1 present, 0 absent, -1 uncertain,
/// blank not mentioned.
/// </summary>
internal static class ChestFindings
{
    private const string NoFinding = "No Finding",
        WideMediastinum = "Enlarged Cardiomediastinum",
        Cardiomegaly = "Cardiomegaly",
        Opacity = "Lung Opacity",
        Lesion = "Lung Lesion",
        Edema = "Edema",
        Consolidation = "Consolidation",
        Pneumonia = "Pneumonia",
        Atelectasis = "Atelectasis",
        Pneumothorax = "Pneumothorax",
        Effusion = "Pleural Effusion",
        PleuralOther = "Pleural Other",
        Fracture = "Fracture", Devices = "Support Devices";

    /// <summary>In the order of CheXpert's columns.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        NoFinding,
        WideMediastinum,
        Cardiomegaly,
        Opacity,
        Lesion,
        Edema,
        Consolidation,
        Pneumonia,
        Atelectasis,
        Pneumothorax,
        Effusion, PleuralOther, Fracture, Devices,
    ];

    /// <summary>
    /// How reports mention a finding: share of "uncertain" where it is present, of "uncertain" and of "no" where it
    /// is absent. About the shares of CheXpert's 223,414 training images, with more plain "no" so that a few hundred
    /// phantoms suffice.
    /// </summary>
    private static readonly Dictionary<string, (double UnsurePresent, double UnsureAbsent, double Denied)> s_mentions =
        new()
        {
            [WideMediastinum] = (0.3, 0.03, 0.3),
            [Cardiomegaly] = (0.18, 0.02, 0.35),
            [Opacity] = (0.05, 0.02, 0.35),
            [Lesion] = (0.12, 0.005, 0.25),
            [Edema] = (0.18, 0.02, 0.35),
            [Consolidation] = (0.4, 0.05, 0.35),
            [Pneumonia] = (0.6, 0.03, 0.2),
            [Atelectasis] = (0.45, 0.05, 0.2),
            [Pneumothorax] = (0.1, 0.01, 0.45),
            [Effusion] = (0.11, 0.02, 0.45),
            [PleuralOther] = (0.4, 0.01, 0.1),
            [Fracture] = (0.06, 0.002, 0.25),
            [Devices] = (0.01, 0.002, 0.3),
        };

    /// <summary>
    /// CheXpert's label of each of <see cref="Names"/>: "1.0", "0.0", "-1.0" or empty. Certain labels leave no doubt
    /// and no blank.
    /// </summary>
    internal static string[] Label(IReadOnlySet<string> findings, bool certain, SeededRandom random)
    {
        var none = findings.Contains(NoFinding);
        return [.. Names.Select(name =>
        {
            var present = findings.Contains(name);
            var (doubt, mention) = (random.NextDouble(), random.NextDouble());
            if (certain)
                return present ? "1.0" : "0.0";
            if (name == NoFinding)
                return present ? "1.0" : "";
            var (unsurePresent, unsureAbsent, denied) = s_mentions[name];
            if (present)
                return doubt < unsurePresent ? "-1.0" : "1.0";
            if (!none && doubt < unsureAbsent)
                return "-1.0";
            return mention < denied ? "0.0" : "";
        })];
    }

    /// <summary>A patient's signs and the names of what they are.</summary>
    internal static (ChestSigns Signs, IReadOnlySet<string> Findings) Draw(SeededRandom random)
    {
        var found = new HashSet<string>();
        var signs = ChestSigns.None;
        var patches = new List<LungPatch>();
        bool Has(string name, double share)
        {
            var has = random.Chance(share);
            if (has)
                found.Add(name);
            return has;
        }

        signs = signs with { HasDevices = Has(Devices, 0.42) };
        if (random.Chance(0.7)) // else a healthy chest
        {
            signs = signs with
            {
                HeartScale = Has(Cardiomegaly, 0.26) ? random.Uniform(1.24, 1.45) : random.Uniform(0.86, 1.02),
            };
            if (Has(WideMediastinum, 0.07))
                signs = signs with { MediastinumScale = random.Uniform(1.5, 1.85) };
            if (Has(Effusion, 0.36))
            {
                var both = random.Chance(0.4);
                var left = random.Chance(0.5);
                signs = signs with
                {
                    EffusionLeftMm = both || left ? random.Uniform(32, 95) : 0,
                    EffusionRightMm = both || !left ? random.Uniform(32, 95) : 0,
                };
            }
            if (Has(Edema, 0.2))
                signs = signs with { Edema = random.Uniform(0.55, 0.95) };
            if (Has(Pneumothorax, 0.1))
                signs = signs with { PneumothoraxMm = random.Sign() * random.Uniform(14, 34) };
            if (Has(Fracture, 0.07))
                signs = signs with { Fracture = (4 + random.Next(5), random.Sign()) };
            if (Has(Opacity, 0.36))
                AddOpacities(patches, found, random);
            if (Has(Atelectasis, 0.18))
            {
                for (var i = random.Next(2); i >= 0; i--)
                    patches.Add(
                        new(
                            random.Sign(),
                            random.Uniform(0.25, 0.6),
                            random.Uniform(0.74, 0.95),
                            random.Uniform(22, 44),
                            random.Uniform(3, 6),
                            random.Uniform(-0.5, 0.4),
                            0.6,
                            0.5));
            }
            if (Has(Lesion, 0.07))
            {
                var radius = random.Uniform(7, 17);
                patches.Add(
                    new(
                        random.Sign(),
                        random.Uniform(0.3, 0.8),
                        random.Uniform(0.2, 0.85),
                        radius,
                        radius * random.Uniform(0.85, 1.15),
                        0,
                        random.Uniform(0.4, 0.6),
                        0.85));
            }
        }
        else
        {
            signs = signs with { HeartScale = random.Uniform(0.86, 1.02) };
        }
        if (found.Contains(Edema) || found.Contains(Consolidation))
            found.Add(Opacity);
        if (found.All(name => name == Devices))
            found.Add(NoFinding);
        return (signs with { Patches = patches }, found);
    }

    private static void AddOpacities(List<LungPatch> patches, HashSet<string> found, SeededRandom random)
    {
        if (random.Chance(0.3))
        {
            // A lobe without air.
            found.Add(Consolidation);
            if (random.Chance(0.5))
                found.Add(Pneumonia);
            patches.Add(
                new(
                    random.Sign(),
                    random.Uniform(0.35, 0.65),
                    random.Uniform(0.3, 0.85),
                    random.Uniform(34, 52),
                    random.Uniform(28, 46),
                    random.Uniform(-0.6, 0.6),
                    random.Uniform(0.7, 0.9),
                    0.55));
            return;
        }
        var side = random.Sign();
        for (var i = 1 + random.Next(3); i > 0; i--)
        {
            patches.Add(
                new(
                    random.Chance(0.75) ? side : -side,
                    random.Uniform(0.25, 0.8),
                    random.Uniform(0.25, 0.95),
                    random.Uniform(20, 42),
                    random.Uniform(18, 36),
                    random.Uniform(-0.7, 0.7),
                    random.Uniform(0.4, 0.75),
                    0.05));
        }
    }
}
