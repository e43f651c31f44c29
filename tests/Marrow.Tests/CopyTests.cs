using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using Marrow.Training.Runs;

namespace Marrow.Tests;

/// <summary>Classes that are no records, but of which the library makes copies by a constructor.</summary>
public class CopyTests
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    public static TheoryData<Type> Copied => [.. typeof(MarrowException).Assembly.GetTypes()
        .Concat(typeof(Runner).Assembly.GetTypes())
        .Where(type => type.IsClass && !IsRecord(type) && CopyingConstructor(type) is { IsAssembly: true })];

    [Theory]
    [MemberData(nameof(Copied))]
    public void A_copy_has_all_that_the_original_has(Type type)
    {
        var fields = type.GetFields(Own);
        Assert.NotEmpty(fields);
        foreach (var flag in (bool[])[false, true])
        {
            var original = RuntimeHelpers.GetUninitializedObject(type);
            foreach (var field in fields)
                field.SetValue(original, Some(field.FieldType, flag));

            var copy = CopyingConstructor(type)!.Invoke([original]);

            Assert.All(fields, field => Assert.Equal(field.GetValue(original), field.GetValue(copy)));
        }
    }

    private static ConstructorInfo? CopyingConstructor(Type type) => type.GetConstructor(Own, [type]);

    private static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;

    /// <summary>A value that no initialiser gives; of a flag both are tried.</summary>
    private static object? Some(Type type, bool flag)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return "some";
        if (type == typeof(bool))
            return flag;
        if (type.IsPrimitive)
            return Convert.ChangeType(77, type, null);
        if (type.IsArray)
            return Array.CreateInstance(type.GetElementType()!, 1);
        if (typeof(Delegate).IsAssignableFrom(type))
            return Expression.Lambda(
                type,
                Expression.Default(type.GetMethod("Invoke")!.ReturnType),
                type.GetMethod("Invoke")!.GetParameters()
                    .Select(p => Expression.Parameter(p.ParameterType))).Compile();
        if (type.IsInterface && type.GenericTypeArguments is [var element])
            return Array.CreateInstance(element, 1);
        if (type.IsInterface)
            return Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(type.GenericTypeArguments));
        return RuntimeHelpers.GetUninitializedObject(type);
    }
}
