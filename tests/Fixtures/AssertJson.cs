using System.Text.Json;

namespace Marrow.Tests;

/// <summary>Compares what is written to files: by its JSON, in which nothing is left out.</summary>
internal static class AssertJson
{
    public static void Equal<T>(T expected, T actual) => Assert.Equal(Of(expected), Of(actual));

    public static string Of<T>(T value) => JsonSerializer.Serialize(value, MarrowJson.Options);
}
