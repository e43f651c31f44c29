using System.Text.Json;

namespace Marrow.Tests;

/// <summary>
/// Debian's python3 with numpy, scipy and scikit-learn as an independent calculation. A script finds its input as
/// <c>data</c> (from JSON) and answers by <c>answer(...)</c>.
/// </summary>
internal static class NumpyPeer
{
    /// <summary>Skips the test, with the reason, where a library is absent.</summary>
    public static double[] Run(object data, string script)
    {
        Assert.SkipUnless(
            PythonServer.Has("numpy", "scipy.stats", "sklearn.linear_model"),
            "Python with numpy, scipy and scikit-learn is absent.");
        const string prelude = """
            import sys, json, numpy as np
            data = json.loads(sys.stdin.read())
            def answer(*values): print(json.dumps([float(v) for v in values]))

            """;
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.Path);
        var (code, output, error) = PythonServer.Run(
            folder.Path,
            prelude + script,
            JsonSerializer.Serialize(data, MarrowJson.Line).Replace("\"NaN\"", "NaN"));
        Assert.True(code == 0, error);
        return JsonSerializer.Deserialize<double[]>(output.Replace("NaN", "\"NaN\""), MarrowJson.Line)!;
    }
}
