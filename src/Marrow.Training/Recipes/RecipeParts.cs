using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Tasks.Multitask;

namespace Marrow.Training.Recipes;

/// <summary>
/// The list "datasets:" of a stage of several tasks -> its <see cref="Stage.Parts"/>. A part is read by the same
/// readers as a stage, from a section in which what the part does not say of its input and augmentation is what the
/// stage says.
/// </summary>
internal static class RecipeParts
{
    internal const double LeastWeight = 1e-6, MostWeight = 1e6;

    // Of a part, in place of the stage's where the part has them.
    private static readonly string[] Inherited = ["input", "augment"];

    /// <summary>
    /// Returns the parts; none for a stage of one task. Notes an error where a stage has them that should not, or the
    /// other way round.
    /// </summary>
    /// <param name="whole">The stage without its parts.</param>
    public static IReadOnlyList<StagePart> Read(RecipeSection stage, Stage whole, double heldOut)
    {
        var items = stage.Items("datasets", MultitaskDescriptor.MostParts,
            new($"Only for {TaskWords.Names(t => t.HasParts)}: what it learns from, each with a task of its own; "
                + "see [datasets](#datasets).")
            {
                Value = $"list, 1 to {MultitaskDescriptor.MostParts}",
            });
        var task = TaskCatalogue.Find(whole.Task);
        if (task is { HasParts: true } && !stage.Has("datasets"))
            stage.Errors.Add(
                stage.Node,
                $"{stage.What} lacks datasets. Add datasets: [{{name: chest, task: classify, data: {{...}}}}].");
        if (task is { HasParts: false } && stage.Has("datasets"))
            stage.Errors.Add(
                stage.At("datasets"),
                $"datasets: task {whole.Task} learns from one data set. Give it as data, or set task: "
                    + $"{SomeText.Either(TaskCatalogue.Names(t => t.HasParts))}.");
        var parts = new List<StagePart>();
        foreach (var (index, item) in (items ?? []).Index())
            parts.Add(ReadPart(stage, item, index, whole, heldOut, parts));
        if (parts.Find(part => part.Stage.Input.Channels != parts[0].Stage.Input.Channels) is { } other)
            stage.Errors.Add(
                stage.At("datasets"),
                $"datasets: one backbone takes images of one number of channels, and {parts[0].Name} has "
                    + $"{parts[0].Stage.Input.Channels}, {other.Name} {other.Stage.Input.Channels}. Set input.channels "
                    + "of the stage.");
        return task is { HasParts: true } ? parts : [];
    }

    private static StagePart ReadPart(
        RecipeSection stage, RecipeNode item, int index, Stage whole, double heldOut, List<StagePart> earlier)
    {
        var known = item.Kind == RecipeNodeKind.Map ? RecipeOverride.StageName(item) : null;
        var s = stage.Child(
            Completed(item, stage.Node, Inherited),
            known is null ? $"part {index + 1}" : $"part {RecipeErrors.Quote(known)}");
        var name = RecipeReader.Name(s, "name", s.RequiredText("name", "name: chest",
            new("Names the part: its metrics are `NAME.METRIC`, its weights `parts.NAME.`.")
            {
                Value = "as a stage's; not that of a metric; unique in the stage",
            })) ?? "";
        if (earlier.Exists(part => part.Name == name && name.Length > 0))
            s.Errors.Add(
                s.At("name"),
                $"name: an earlier part is called {RecipeErrors.Quote(name)} too. Give each part its own name.");
        if (MetricCatalogue.Metrics.ContainsKey(name))
            s.Errors.Add(s.At("name"), $"name: {RecipeErrors.Quote(name)} is a metric. Choose another name.");
        var tasks = TaskCatalogue.Names(t => t.CanBePart);
        var task = s.RequiredWord("task", "task: classify", tasks,
            new("What the part learns. `pretrain` takes images without labels.")
            {
                Value = TaskWords.Names(t => t.CanBePart),
            });
        var data = RecipeData.Read(s, heldOut, task, Unreferenced, validation: 0);
        var input = RecipeInput.Read(
            s.SectionOrEmpty("input",
                new("How an image becomes the part's input. Keys that it lacks are those of the stage's `input`.")
                {
                    Default = "the stage's",
                }),
            task);
        var augment = Augment(s);
        var part = whole with
        {
            Name = $"{whole.Name}.{name}",
            Task = task,
            Model = ModelOf(task, whole.Model),
            Data = data,
            Input = input,
            Augment = augment,
            Detector = RecipeDetector.Read(s, task),
            Pretrain = RecipePretrain.Read(s, task, input),
            Train = Train(s, whole),
        };
        var weight = s.Number("weight", 1, LeastWeight, MostWeight,
            "What the part's loss is multiplied by, before the losses of all parts are added up.");
        RecipeLabels.CheckMirror(s, part);
        RecipeReader.CheckBatch(s, part);
        s.Finish();
        return new(name, weight, part);
    }

    /// <summary>Returns how the images of a part are changed at random.</summary>
    internal static AugmentationOptions Augment(RecipeSection part) => RecipeAugment.Read(part,
        new("How its training images are changed at random. Keys that it lacks are those of the stage's `augment`.")
        {
            Value = "section, or `none`",
            Default = "the stage's",
        });

    /// <summary>Returns how a part is trained: as the whole, but for the size of its batches.</summary>
    internal static TrainOptions Train(RecipeSection part, Stage whole) => whole.Train with
    {
        Batch = part.Int("batch", whole.Train.Batch, 1, 1024,
            new("In each step.") { Unit = "images", Default = "`train.batch`" }),
    };

    /// <summary>Returns the architecture of a part: the prefix of its task and the backbone of the whole.</summary>
    private static string ModelOf(string task, string whole) =>
        ModelCatalogue.IsKnown(whole)
            ? $"{TaskCatalogue.Find(task)?.ArchitecturePrefix}{ModelCatalogue.BackboneName(whole)}"
            : "";

    /// <summary>Notes an error: a part has no other checkpoint label its data.</summary>
    internal static string? Unreferenced(RecipeSection section, string key, KeyText text)
    {
        if (section.Text(key, text) is not null)
            section.Errors.Add(
                section.At(key),
                $"{key}: not in datasets or beside. Give softLabels, or a stage of its own.");
        return null;
    }

    /// <summary>
    /// Returns a part with what it takes over from the stage, each value at its own place in the file.
    /// </summary>
    internal static RecipeNode Completed(RecipeNode part, RecipeNode stage, params string[] inherited)
    {
        if (part.Kind != RecipeNodeKind.Map || stage.Kind != RecipeNodeKind.Map)
            return part;
        var completed = Empty(part);
        completed.Entries.AddRange(part.Entries.Where(entry => !inherited.Contains(entry.Key.Text)));
        foreach (var key in inherited)
        {
            var (own, usual) = (Entry(part, key), Entry(stage, key));
            if (own is { Value.Kind: RecipeNodeKind.Map } mine && usual is { Value.Kind: RecipeNodeKind.Map } theirs)
                completed.Entries.Add((mine.Key, Joined(mine.Value, theirs.Value)));
            else if ((own ?? usual) is { } entry)
                completed.Entries.Add(entry);
        }
        return completed;
    }

    private static RecipeNode Joined(RecipeNode own, RecipeNode usual)
    {
        var joined = Empty(own);
        joined.Entries.AddRange(own.Entries);
        joined.Entries.AddRange(usual.Entries.Where(entry => Entry(own, entry.Key.Text) is null));
        return joined;
    }

    private static RecipeNode Empty(RecipeNode like) => new(RecipeNodeKind.Map, like.Origin, like.Line, like.Column);

    private static (RecipeNode Key, RecipeNode Value)? Entry(RecipeNode map, string key) =>
        map.Entries.FindIndex(entry => entry.Key.Text == key) is >= 0 and var at ? map.Entries[at] : null;
}
