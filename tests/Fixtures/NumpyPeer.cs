using System.Diagnostics;
using System.Text.Json;
using Marrow.Cli;

namespace Marrow.Tests.Metrics;

/// <summary>
/// Debian's python3 with numpy, scipy and scikit-learn as an independent calculation. A script finds its input as
/// <c>data</c> (from JSON) and answers by <c>answer(...)</c>.
/// </summary>
internal static class NumpyPeer
{
    private const string Python = "/usr/bin/python3";
    private static readonly Lazy<bool> Present = new(() => File.Exists(Python) && Start("-c", "import numpy, scipy, sklearn", "").Code == 0);

    /// <summary>Skips the test, with the reason, where a library is absent.</summary>
    public static double[] Run(object data, string script)
    {
        Assert.SkipUnless(Present.Value, $"{Python} with numpy, scipy and scikit-learn is absent.");
        const string prelude = """
            import sys, json, numpy as np
            data = json.loads(sys.stdin.read())
            def answer(*values): print(json.dumps([float(v) for v in values]))

            """;
        var (code, output, error) = Start("-c", prelude + script, JsonSerializer.Serialize(data, MarrowJson.Line).Replace("\"NaN\"", "NaN"));
        Assert.True(code == 0, error);
        return JsonSerializer.Deserialize<double[]>(output.Replace("NaN", "\"NaN\""), MarrowJson.Line)!;
    }

    private static (int Code, string Output, string Error) Start(string option, string script, string input)
    {
        using var process = Process.Start(new ProcessStartInfo(Python, [option, script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }
}
