using System.Globalization;
using Marrow.Computing;

namespace Marrow.Cli.Doctor;

/// <summary>The folders that Marrow reads and writes: what they are for decides what their rights mean.</summary>
internal static class FolderChecks
{
    private const string Group = "Folders";
    private const double GB = 1e9;
    private const long LittleSpace = 1_000_000_000; // A run of the shipped recipes writes some 300 MB.

    /// <param name="hub">As --hub has it; null without.</param>
    /// <param name="data">NAME and folder of each --data.</param>
    public static IEnumerable<CheckResult> All(string? hub, IReadOnlyDictionary<string, string> data)
    {
        yield return Cache();
        yield return Hub(hub);
#pragma warning disable RS0030 // It is only looked at.
        yield return Temporary(FolderFacts.Of(Path.GetTempPath()));
#pragma warning restore RS0030
        yield return Current(FolderFacts.Of(Directory.GetCurrentDirectory()));
        if (Environment.GetEnvironmentVariable(EnvironmentChecks.TestData) is { Length: > 0 } tests)
            yield return Data(
                EnvironmentChecks.TestData,
                FolderFacts.Of(tests),
                "It names the real radiographs for the tests: correct it or unset it.");
        foreach (var (name, folder) in data)
            yield return Data($"data {name}", FolderFacts.Of(folder), "Correct --data, or its rights.");
    }

    private static CheckResult Cache() =>
        Installation.CacheFolder is { } path
            ? Cache(FolderFacts.Of(path), Installation.CacheProblem)
            : new(
                Group,
                "cache",
                Verdict.Warning,
                Installation.CacheProblem!,
                $"Commands work without it, but slower. {Installation.CacheRemedy}");

    /// <param name="problem">Why Marrow trusts nothing there, though it may be written; null where it does.</param>
    internal static CheckResult Cache(FolderFacts f, string? problem) =>
        Judge(
            "cache",
            f,
            problem is not null || !f.CanWrite
                ? (
                    Verdict.Warning,
                    problem ?? "can't be written",
                    $"Commands work without it, but slower. Give it to the user that runs Marrow, for nobody else to "
                        + $"write, or: {Installation.CacheRemedy}"
                )
                : (Verdict.Ok, f.Exists ? "writable" : "made when it is needed", null));

    internal static CheckResult Temporary(FolderFacts f) =>
        Judge(
            "temporary files",
            f,
            f.CanWrite && f.Exists
                ? (Verdict.Ok, "writable", null)
                : (
                    Verdict.Warning,
                    f.Exists ? "can't be written" : "not there",
                    "Exports and tests need it: correct its rights, or name another by TMPDIR."));

    internal static CheckResult Current(FolderFacts f) =>
        Judge(
            "current folder",
            f,
            f.CanWrite
                ? (Verdict.Ok, "writable", null)
                : (
                    Verdict.Warning,
                    "can't be written",
                    "marrow run and marrow demo make runs/ here: change to another folder, or give them --out."));

    internal static CheckResult Data(string check, FolderFacts f, string remedy) => Judge(check, f, !f.Exists
        ? (Verdict.Problem, f.IsOther ? "no folder" : "not there", remedy)
        : !f.CanRead ? (Verdict.Problem, "can't be read", remedy) : (Verdict.Ok, "readable", null));

    internal static CheckResult Hub(FolderFacts f, int checkpoints) =>
        Judge(
            "hub",
            f,
            f.IsOther ? (Verdict.Problem, "no folder", "Name another by --hub or MARROW_HUB.")
                : !f.Exists
                    ? (
                        Verdict.Info,
                        "not there",
                        "marrow run makes checkpoints, marrow hub pull fetches them; or name a hub by --hub or "
                            + "MARROW_HUB."
                    )
                : !f.CanRead
                    ? (Verdict.Problem, "can't be read", "Correct its rights, or name another by --hub or MARROW_HUB.")
                : !f.CanWrite
                    ? (
                        Verdict.Info,
                        $"{Names(checkpoints)}; can be read, not written",
                        "Enough to predict and evaluate. To train into another hub, give --hub.")
                : (Verdict.Ok, $"{Names(checkpoints)}; writable", null));

    private static CheckResult Hub(string? named)
    {
        string folder;
        try
        {
            folder = HubFolder.Find(named);
        }
        catch (MarrowException e)
        {
            return new(Group, "hub", Verdict.Problem, e.Message, "Correct --hub.");
        }
        var facts = FolderFacts.Of(folder);
        return Hub(
            facts,
            facts is { Exists: true, CanRead: true }
                ? Directory.EnumerateDirectories(folder).Count(d => !Path.GetFileName(d).StartsWith('.'))
                : 0);
    }

    private static string Names(int checkpoints) =>
        checkpoints == 1 ? "checkpoints of one name" : $"checkpoints of {checkpoints} names";

    private static CheckResult Judge(
        string check,
        FolderFacts f,
        (Verdict Verdict, string Found, string? Remedy) judged)
    {
        var free = f.FreeBytes is { } bytes
            ? string.Create(CultureInfo.InvariantCulture, $", {bytes / GB:0.0} GB free")
            : "";
        var found = $"{f.Path}: {judged.Found}{(f.CanWrite && judged.Verdict != Verdict.Problem ? free : "")}";
        return judged.Verdict is Verdict.Ok && f.CanWrite && f.FreeBytes < LittleSpace
            ? new(Group, check, Verdict.Warning, found, "Make room on its disk: training writes several hundred MB.")
            : new(Group, check, judged.Verdict, found, judged.Remedy);
    }
}
