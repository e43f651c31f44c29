using Marrow.Tasks;
using Marrow.Training.Runs;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Marrow.Tests;

/// <summary>
/// The order of the folders, held against the compiled code: who uses whom, in signatures and in bodies.
/// </summary>
public class ArchitectureTests
{
    /// <summary>A folder uses those before it. Folders of one line are siblings and don't use each other.</summary>
    private static readonly string[][] Order =
    [
        ["Imaging"],
        ["Spine"],
        ["Phantoms"],
        ["Datasets"],
        ["Computing"],
        ["Inputs"],
        ["Onnx"],
        ["Modules"],
        ["Backbones"],
        ["Losses", "Metrics"],
        ["Findings"],
        ["Tasks"],
        ["Weights"],
        ["Checkpoints"],
        ["Hub"],
        ["Exchange", "Prediction"],
        ["Reports"],
        ["Training.Recipes"],
        ["Training.Methods"],
        ["Training.Loop"],
        ["Training.Runs"],
        ["Training.Ranking"],
        ["Training.Experiments"],
        ["Training.Demo"],
        ["Cli"],
    ];

    /// <summary>Geometry only.</summary>
    private static readonly string[] WithoutTensors =
    [
        "Imaging",
        "Spine",
        "Phantoms",
        "Datasets",
        "Metrics",
        "Reports",
    ];

    [Fact]
    public void A_folder_uses_only_the_folders_above_it()
    {
        var rank = Order.SelectMany((folders, i) => folders.Select(f => (f, i))).ToDictionary(x => x.f, x => x.i);
        var breaches = new SortedSet<string>();
        var unknown = new SortedSet<string>();
        foreach (var (type, used) in Uses.Value)
        {
            if (Folder(type) is not { } from)
                continue;
            if (!rank.TryGetValue(from, out var fromRank))
                unknown.Add(from);
            else if (
                Folder(used) is { } to
                && to != from
                && (!rank.TryGetValue(to, out var toRank) || toRank >= fromRank))
                breaches.Add($"{type.FullName} uses {used.FullName}");
        }
        Assert.Empty(unknown);
        Assert.Empty(breaches);
    }

    [Fact]
    public void Folders_of_plain_numbers_use_no_tensors() =>
        Assert.Empty(
            Uses.Value.Where(u =>
                    Folder(u.Type) is { } folder
                    && WithoutTensors.Contains(folder)
                    && u.Used.Namespace.StartsWith("TorchSharp", StringComparison.Ordinal))
                .Select(u => $"{u.Type.FullName} uses {u.Used.FullName}")
                .Distinct());

    /// <summary>
    /// Whoever asks for the name of a task decides by it, and a new task would have to be told to him. Two names are
    /// words of other things, too: a kind of labels, and the section of a recipe.
    /// </summary>
    [Fact]
    public void Nobody_knows_a_task_by_its_name_but_its_own_folder()
    {
        var names = CheckpointTask.All.Except(["points", "pretrain"]).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(
            from type in Types.Value
            where Folder(type) is not (null or "Tasks" or "Cli")
            from method in type.Methods.Where(method => method.HasBody)
            from instruction in method.Body.Instructions
            where instruction.OpCode == OpCodes.Ldstr && names.Contains((string)instruction.Operand)
            select $"{method.FullName} has \"{instruction.Operand}\"");
    }

    /// <summary>
    /// Heads, freezing and rankings ask a backbone for its levels and stages, exports for its nodes, imports for what
    /// its keys are elsewhere, so that a new one is a file and a line.
    /// </summary>
    [Fact]
    public void Nobody_knows_a_kind_of_backbone_but_its_own_folder()
    {
        string[] abstractions =
            ["Marrow.Backbones.Backbone", "Marrow.Backbones.BackboneShape", "Marrow.Backbones.BackboneSpelling"];
        var kinds = Types.Value.Where(type => abstractions.Contains(type.BaseType?.FullName))
            .Select(type => type.FullName).ToHashSet(StringComparer.Ordinal);
        Assert.Contains("Marrow.Backbones.DenseNetFeatures", kinds);
        Assert.Contains("Marrow.Backbones.DenseNetShape", kinds);
        Assert.Contains("Marrow.Backbones.DenseNetSpelling", kinds);
        Assert.Empty(Uses.Value
            .Where(u => kinds.Contains(u.Used.FullName) && Folder(u.Type) is not "Backbones")
            .Select(u => $"{u.Type.FullName} uses {u.Used.FullName}").Distinct());
    }

    [Fact]
    public void The_rule_sees_method_bodies() =>
        Assert.Contains(Uses.Value, u =>
            u.Type.FullName == "Marrow.Training.Runs.SingleTraining"
            && u.Used.FullName == "Marrow.Training.Loop.TrainingLoop");

    private static string? Folder(TypeReference type)
    {
        while (type.DeclaringType is not null)
            type = type.DeclaringType;
        var parts = type.Namespace.Split('.');
        return parts[0] != "Marrow" || parts.Length == 1 ? null
            : parts[1] == "Training" ? $"Training.{parts.ElementAtOrDefault(2)}"
            : parts[1];
    }

    private static readonly Lazy<IReadOnlyList<TypeDefinition>> Types = new(() =>
    [
        .. ((Type[])[typeof(MarrowException), typeof(Runner), typeof(Marrow.Cli.CommandLine)])
            .SelectMany(type => ModuleDefinition.ReadModule(type.Assembly.Location).GetAllTypes()),
    ]);

    private static readonly Lazy<IReadOnlyList<(TypeDefinition Type, TypeReference Used)>> Uses = new(() =>
        [.. ReadUses()]);

    private static IEnumerable<(TypeDefinition Type, TypeReference Used)> ReadUses()
    {
        foreach (var type in Types.Value)
        {
            foreach (var used in References(type).SelectMany(Parts))
                yield return (type, used);
        }
    }

    private static IEnumerable<TypeReference> References(TypeDefinition type)
    {
        if (type.BaseType is not null)
            yield return type.BaseType;
        foreach (var i in type.Interfaces)
            yield return i.InterfaceType;
        foreach (var field in type.Fields)
            yield return field.FieldType;
        foreach (var property in type.Properties)
            yield return property.PropertyType;
        foreach (var method in type.Methods)
        {
            yield return method.ReturnType;
            foreach (var parameter in method.Parameters)
                yield return parameter.ParameterType;
            if (!method.HasBody)
                continue;
            foreach (var variable in method.Body.Variables)
                yield return variable.VariableType;
            foreach (var instruction in method.Body.Instructions)
            {
                switch (instruction.Operand)
                {
                    case TypeReference t:
                        yield return t;
                        break;
                    case MethodReference m:
                        yield return m.DeclaringType;
                        break;
                    case FieldReference f:
                        yield return f.DeclaringType;
                        break;
                }
            }
        }
    }

    private static IEnumerable<TypeReference> Parts(TypeReference type)
    {
        if (type is GenericInstanceType generic)
        {
            foreach (var argument in generic.GenericArguments.SelectMany(Parts))
                yield return argument;
        }
        yield return type.GetElementType();
    }
}
