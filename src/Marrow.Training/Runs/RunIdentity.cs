using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks;

namespace Marrow.Training.Runs;

/// <summary>Says what happens to a resumed run when something has changed on which its numbers depend.</summary>
internal enum IdentityRule
{
    /// <summary>The run is refused, since otherwise its parts would be trained under different conditions.</summary>
    Fixed,

    /// <summary>
    /// The run is refused unless the change is allowed by name. It only affects the last digits of the run's numbers.
    /// </summary>
    Allowed,

    /// <summary>The run continues and reports what differs.</summary>
    Told,
}

/// <summary>One thing that a stage's numbers depend on.</summary>
/// <param name="Name">
/// The name, such as "labels", "images", "order", "threads" or "device", as messages and --allow-changed use it.
/// </param>
internal sealed record IdentityEntry(
    string Name,
    string Value,
    [property: JsonIgnore] IdentityRule Rule = IdentityRule.Fixed)
{
    /// <summary>Says what can be done about a difference, apart from starting a new run.</summary>
    [JsonIgnore]
    public string Remedy { get; init; } = "";
}

/// <summary>
/// What a stage's numbers depend on beside its recipe: labels, images, their order, masks, the checkpoint it started
/// from, threads, the kind of device, the code. Kept as identity.json in the stage's folder before the first step and
/// compared when the run goes on, so that no run is half of one thing and half of another while its card names the
/// other alone. Labels are compared before anything is decoded, images by the hashes that the packed cache has of them
/// anyway. A new thing is one more
/// <see cref="IdentityEntry"/>.
/// </summary>
internal sealed record RunIdentity
{
    public const string FileName = "identity.json";
    public const string Labels = "labels",
        Classes = "classes",
        Order = "order",
        Images = "images",
        Masks = "masks",
        Unlabeled = "unlabelled images",
        Threads = "threads",
        Device = "device",
        Code = "code";

    /// <summary>The roles of the checkpoints that take part in a stage.</summary>
    public const string Start = "start", LabelsBy = "labels by", CropBy = "crop by";

    private const int HexDigits = 16; // of one sample's hash; what decides is the entry over all of them
    private const int MostListed = 100_000; // samples; of more the file only says that some differ
    private const int Named = 3; // samples in a message
    private const string Anew = "Put them back as they were, or start anew in another folder, by --out.";

    public required IReadOnlyList<IdentityEntry> Entries { get; init; }

    /// <summary>
    /// The hash of each sample's labels by sample id, so that a message can name the samples that differ.
    /// </summary>
    public IReadOnlyDictionary<string, string> LabelHashes { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> ImageHashes { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The device for which the user or the recipe asked, such as "auto"; "" when an earlier version began the stage.
    /// It is reported but not compared.
    /// </summary>
    public string AskedDevice { get; init; } = "";

    /// <summary>
    /// Returns what is known before any image is decoded. Two devices of the same kind count as equal.
    /// </summary>
    public static RunIdentity Of(StageInputs inputs, DeviceChoice device = default)
    {
        var (each, unlabeled) = (inputs.Each, inputs.Unlabeled);
        var labels = Hashes(each.Select(AllOf), sample => SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new
        {
            sample.Patient,
            sample.Study,
            sample.BodyPart,
            sample.Labels,
            sample.Vertebrae,
            sample.CobbDegrees,
            sample.Points,
            sample.MirroredPoints,
            sample.Numbers,
            sample.Boxes, // left out of the JSON where there are none, so that runs from before boxes go on
            sample.HasMask,
            sample.MaskAreas,
        }, MarrowJson.Line)));
        return new()
        {
            Entries =
            [
                new(Labels, Digest(labels)),
                new(
                    Classes,
                    string.Join("; ", each.Select(data =>
                        string.Join(", ", data.Dataset.Layout.Names.Concat(data.Dataset.MaskClasses))))),
                new(
                    Order,
                    Digest([
                        .. each.SelectMany(data => (string[])
                        [
                            .. Ids(data.Training),
                            "",
                            .. Ids(data.Validation),
                            "",
                            .. Ids(data.HeldOut),
                            "",
                        ]),
                        .. Ids(unlabeled?.Samples ?? []),
                    ])),
                new(Threads, $"{TorchSharp.torch.get_num_threads()}", IdentityRule.Allowed)
                {
                    Remedy = "Give it as many again, by OMP_NUM_THREADS",
                },
                new(Device, KindOf(device.Take()), IdentityRule.Allowed)
                {
                    Remedy = "Name the same kind of device, by --device",
                },
                new(Code, CheckpointConfig.CodeVersion, IdentityRule.Told),
            ],
            LabelHashes = Listed(labels),
            AskedDevice = $"{device}",
        };
    }

    /// <summary>Returns the kind of device, "cpu" or "cuda".</summary>
    private static string KindOf(ComputeDevice device) => device.Type.ToString().ToLowerInvariant();

    /// <summary>
    /// Returns the identity with the contents of images and masks, by the hashes of their packed bytes.
    /// </summary>
    /// <param name="each">The images, and their masks, of each data set that the stage learns from.</param>
    public RunIdentity With(params IReadOnlyList<(StageImages Shown, MaskPack? Masks)> each)
    {
        var images = Joined(each.Select(one => HashesOf(AllOf(one.Shown.Shown), one.Shown.Cache)));
        string[] masks = [.. each.Select(one => one.Masks?.Digest).OfType<string>()];
        var shown = each[0].Shown;
        return this with
        {
            Entries =
            [
                .. Entries,
                new(Images, Digest(images)),
                .. masks.Length == 0 ? Array.Empty<IdentityEntry>() : [new(Masks, string.Join(" ", masks))],
                .. shown.UnlabeledCache is { } cache
                    ? (IdentityEntry[])[new(Unlabeled, Digest(HashesOf(shown.UnlabeledSamples, cache)))]
                    : [],
            ],
            ImageHashes = Listed(images),
        };

        List<KeyValuePair<string, byte[]>> HashesOf(IReadOnlyList<Sample> samples, PackedCache cache) =>
            Hashes([samples], sample => cache.Hash(cache.IndexOf(sample)).ToArray());
    }

    private static IReadOnlyList<Sample> AllOf(StageSamples data) =>
        [.. data.Training, .. data.Validation, .. data.HeldOut];

    /// <summary>Returns the identity with the checkpoints that take part in the stage.</summary>
    public RunIdentity With(StageSources sources) =>
        With(Start, sources.Start).With(LabelsBy, sources.Labeller).With(CropBy, sources.Cropper);

    private RunIdentity With(string role, Checkpoint? checkpoint) =>
        checkpoint is null ? this : this with { Entries = [.. Entries, new(role, Reference(checkpoint))] };

    /// <summary>Returns a checkpoint's reference, "name@sha256:...".</summary>
    public static string Reference(Checkpoint checkpoint) => $"{checkpoint.Name}@{checkpoint.Digest}";

    /// <summary>Returns the entry's value; null when there is no such entry.</summary>
    public string? Find(string name) => Entries.FirstOrDefault(e => e.Name == name)?.Value;

    /// <summary>One hash over everything that must stay the same. A state file contains it.</summary>
    public string Key =>
        Digest([
            .. Entries
                .Where(e => e.Rule == IdentityRule.Fixed)
                .OrderBy(e => e.Name, StringComparer.Ordinal)
                .Select(e => $"{e.Name} {e.Value}"),
        ]);

    /// <summary>
    /// Reads the identity of a stage; null when the stage has not begun, and when an earlier version began it.
    /// </summary>
    public static RunIdentity? Load(string stageFolder)
    {
        var path = Path.Combine(stageFolder, FileName);
        return File.Exists(path)
            ? MarrowJson.Read<RunIdentity>(
                path,
                "what a run's stage began with",
                "Copy it from where it is whole, or start anew in another folder, by --out.")
            : null;
    }

    public void Save(string stageFolder) =>
        AtomicFile.WriteText(Path.Combine(stageFolder, FileName), JsonSerializer.Serialize(this, MarrowJson.Options));

    /// <summary>
    /// Compares the identity with that of the stage's beginning. Throws <see cref="MarrowException"/>, listing every
    /// difference that is not allowed. Returns remarks on the other differences for the reader.
    /// </summary>
    /// <param name="allowed">
    /// The names of entries that may differ. Entries that must never differ are refused nevertheless.
    /// </param>
    public IReadOnlyList<string> Require(RunIdentity began, string stageFolder, IReadOnlyList<string> allowed)
    {
        var (refused, remedies, told) = (new List<string>(), new List<string>(), new List<string>());
        foreach (var entry in Entries)
        {
            if (began.Find(entry.Name) is not { } before || before == entry.Value)
                continue;
            var difference = Describe(entry.Name, before, entry.Value, began);
            if (entry.Rule == IdentityRule.Told || (entry.Rule == IdentityRule.Allowed && allowed.Contains(entry.Name)))
            {
                told.Add(
                    $"{difference}: the numbers will differ from those of a run that was not stopped, in their last "
                        + $"digits or more"
                );
                continue;
            }
            refused.Add(difference);
            if (entry.Rule == IdentityRule.Allowed)
                remedies.Add(
                    $"{entry.Remedy}, or go on with --allow-changed {entry.Name}: the numbers then differ in their "
                        + $"last digits."
                );
        }
        if (refused.Count == 0)
            return told;
        var mustStay = refused.Count > remedies.Count;
        throw new MarrowException(
            ErrorKind.Conflict,
            $"{stageFolder}: the run began with others, and can't go on with these. {string.Join("; ", refused)}. "
                + $"{string.Join(" ", [.. mustStay ? [Anew] : Array.Empty<string>(), .. remedies])}"
        );
    }

    private string Describe(string name, string before, string now, RunIdentity began) => name switch
    {
        Labels => $"labels: {Differences(began.LabelHashes, LabelHashes)}",
        Images => $"images: {Differences(began.ImageHashes, ImageHashes)}",
        Order => "order: the images stand in another order, or in other parts of the data",
        Masks or Unlabeled => $"{name}: some are others",
        _ => $"{name}: {before} then, {now} now",
    };

    private static string Differences(
        IReadOnlyDictionary<string, string> before,
        IReadOnlyDictionary<string, string> now)
    {
        List<(string What, List<string> Ids)> kinds =
        [
            (
                "changed",
                [
                    .. now.Where(s => before.TryGetValue(s.Key, out var hash) && hash != s.Value)
                        .Select(s => s.Key)
                        .Order(StringComparer.Ordinal),
                ]),
            ("added", [.. now.Keys.Except(before.Keys).Order(StringComparer.Ordinal)]),
            ("gone", [.. before.Keys.Except(now.Keys).Order(StringComparer.Ordinal)]),
        ];
        var parts = kinds
            .Where(k => k.Ids.Count > 0)
            .Select(k =>
                $"{k.Ids.Count} {k.What} ({string.Join(", ", k.Ids.Take(Named))}{(k.Ids.Count > Named ? ", ..." : "")})"
            )
            .ToList();
        return parts.Count == 0 ? "some are others" : string.Join(", ", parts);
    }

    private static List<KeyValuePair<string, byte[]>> Hashes(
        IEnumerable<IReadOnlyList<Sample>> each,
        Func<Sample, byte[]> hash
    ) => Joined(each.Select(samples => samples
        .OrderBy(s => s.Id, StringComparer.Ordinal)
        .Select(s => KeyValuePair.Create(s.Id, hash(s)))
        .ToList()));

    /// <summary>
    /// Joins the hashes of several data sets, whose images may have the same names: those of all but the first get the
    /// number of their data set.
    /// </summary>
    private static List<KeyValuePair<string, byte[]>> Joined(
        IEnumerable<List<KeyValuePair<string, byte[]>>> each
    ) =>
        [
            .. each.Index().SelectMany(data => data.Index == 0
                ? data.Item
                : data.Item.Select(hash => KeyValuePair.Create(
                    string.Create(CultureInfo.InvariantCulture, $"{data.Index + 1}: {hash.Key}"), hash.Value))),
        ];

    private static Dictionary<string, string> Listed(List<KeyValuePair<string, byte[]>> hashes) =>
        hashes.Count > MostListed
            ? []
            : hashes
                .DistinctBy(h => h.Key, StringComparer.Ordinal)
                .ToDictionary(h => h.Key, h => Convert.ToHexStringLower(h.Value)[..HexDigits], StringComparer.Ordinal);

    private static string Digest(List<KeyValuePair<string, byte[]>> hashes) =>
        Digest([.. hashes.Select(h => $"{h.Key} {Convert.ToHexStringLower(h.Value)}")]);

    private static string Digest(IEnumerable<string> lines)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var line in lines)
            hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static IEnumerable<string> Ids(IReadOnlyList<Sample> samples) => samples.Select(s => s.Id);
}
