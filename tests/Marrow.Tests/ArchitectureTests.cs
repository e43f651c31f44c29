using Mono.Cecil;
using Mono.Cecil.Rocks;

namespace Marrow.Tests;

/// <summary>The order of the folders, held against the compiled code: who uses whom, in signatures and in bodies.</summary>
public class ArchitectureTests
{
    /// <summary>A folder uses those before it. Folders of one line are siblings and don't use each other.</summary>
    private static readonly string[][] Order =
    [
        ["Native"],
        ["Imaging"],
        ["Spine"],
        ["Imaging.Phantom"],
        ["Datasets"],
        ["Tensors"],
        ["Models"],
        ["Losses", "Metrics"],
        ["Checkpoints"],
        ["Exchange", "Training", "Hub"],
        ["Prediction"],
        ["Ranking"],
        ["Reports"],
        ["Studies"],
        ["Demo"],
    ];

    /// <summary>Geometry only.</summary>
    private static readonly string[] WithoutTensors = ["Imaging", "Spine", "Datasets", "Metrics", "Reports"];

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
            else if (Folder(used) is { } to && to != from && (!rank.TryGetValue(to, out var toRank) || toRank >= fromRank))
                breaches.Add($"{type.FullName} uses {used.FullName}");
        }
        Assert.Empty(unknown);
        Assert.Empty(breaches);
    }

    [Fact]
    public void Folders_of_plain_numbers_use_no_tensors() =>
        Assert.Empty(Uses.Value
            .Where(u => Folder(u.Type) is { } folder && WithoutTensors.Contains(folder) && u.Used.Namespace.StartsWith("TorchSharp", StringComparison.Ordinal))
            .Select(u => $"{u.Type.FullName} uses {u.Used.FullName}").Distinct());

    [Fact]
    public void The_rule_sees_method_bodies() =>
        Assert.Contains(Uses.Value, u => u.Type.FullName == "Marrow.Training.Runner" && u.Used.FullName == "Marrow.Tensors.BatchLoader");

    private static string? Folder(TypeReference type)
    {
        while (type.DeclaringType is not null)
            type = type.DeclaringType;
        if (type.Namespace == "Marrow.Imaging.Phantom")
            return "Imaging.Phantom"; // It draws vertebrae, so it stands after Spine.
        var parts = type.Namespace.Split('.');
        return parts[0] == "Marrow" && parts.Length > 1 ? parts[1] : null;
    }

    private static readonly Lazy<IReadOnlyList<(TypeDefinition Type, TypeReference Used)>> Uses = new(() => [.. ReadUses()]);

    private static IEnumerable<(TypeDefinition Type, TypeReference Used)> ReadUses()
    {
        var module = ModuleDefinition.ReadModule(typeof(MarrowException).Assembly.Location);
        foreach (var type in module.GetAllTypes())
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
