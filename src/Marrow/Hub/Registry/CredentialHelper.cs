using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Marrow.Hub.Registry;

/// <summary>
/// Programs named docker-credential-NAME, as Docker defines them: called with "get", given the registry on standard
/// input, they answer {"Username", "Secret"}. Only names of letters, digits and hyphens are called, only from the
/// absolute folders of PATH, with a time and a size limit; what they answer is never shown.
/// </summary>
internal static class CredentialHelper
{
    private const string Prefix = "docker-credential-";
    private const string TokenUser = "<token>"; // the secret is an identity token
    private const int MaxAnswer = 64 << 10;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    /// <returns>The credential; null when the program has none for the host.</returns>
    public static async Task<RegistryCredential?> GetAsync(string name, string host, CancellationToken cancellation)
    {
        var program = Find(name);
        var (code, answer) = await CallAsync(program, host, cancellation).ConfigureAwait(false);
        if (code != 0)
            return null; // "credentials not found in native keychain"
        try
        {
            using var document = JsonDocument.Parse(answer);
            var (user, secret) = (
                document.RootElement.GetProperty("Username").GetString()!,
                document.RootElement.GetProperty("Secret").GetString()!);
            return secret.Length == 0 ? null : new(user, secret, isIdentityToken: user == TokenUser, program);
        }
        catch (Exception e)
            when (e is JsonException or KeyNotFoundException or InvalidOperationException or NullReferenceException)
        {
            throw MarrowException.Bad(
                program,
                "an answer with Username and Secret",
                "another",
                "Check that it is a Docker credential helper.");
        }
    }

    private static string Find(string name)
    {
        if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            throw MarrowException.Bad(
                "Docker credential file",
                "a credential helper's name of lower-case letters, digits and '-'",
                "another",
                "Correct credHelpers and credsStore.");
        var file = Prefix + name + (OperatingSystem.IsWindows() ? ".exe" : "");
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Where(Path.IsPathFullyQualified)
            .Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
            ?? throw MarrowException.NotFound(
                "Docker credential file",
                $"the program {file}, which it names, in a folder of PATH",
                "none",
                "Install it, or take it out of credHelpers and credsStore.");
    }

    private static async Task<(int Code, string Answer)> CallAsync(
        string program,
        string host,
        CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Longest);
        using var process = new Process
        {
            StartInfo = new(program, "get")
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new MarrowException($"{program}: can't be started ({e.Message}). Check its permissions.", e);
        }
        try
        {
            await AskAsync(process.StandardInput, host, limit.Token).ConfigureAwait(false);
            var ignored = process.StandardError.BaseStream.CopyToAsync(Stream.Null, limit.Token);
            var answer = new byte[MaxAnswer];
            var count = await process
                .StandardOutput.BaseStream.ReadAtLeastAsync(
                    answer,
                    answer.Length,
                    throwOnEndOfStream: false,
                    limit.Token)
                .ConfigureAwait(false);
            if (count == MaxAnswer)
                throw MarrowException.Bad(
                    program,
                    $"an answer under {MaxAnswer} bytes",
                    "more",
                    "Check that it is a Docker credential helper.");
            await ignored.ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return (process.ExitCode, Encoding.UTF8.GetString(answer, 0, count));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw MarrowException.Unavailable(
                program,
                $"an answer within {Longest.TotalSeconds:0} s",
                "none",
                "Call it by hand to see what it waits for.");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static async Task AskAsync(StreamWriter input, string host, CancellationToken cancellation)
    {
        try
        {
            await input.WriteAsync(host.AsMemory(), cancellation).ConfigureAwait(false);
            input.Close();
        }
        catch (IOException)
        {
            // It has ended without reading the question: its answer and exit code tell.
        }
    }
}
