using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests;

/// <summary>A folder with data and a recipe of one stage that runs within seconds.</summary>
internal abstract class SmallRun : IDisposable
{
    public abstract string Folder { get; }
    public abstract string Data { get; }
    public abstract string RecipePath { get; }

    /// <summary>NAME in --data NAME=DIR.</summary>
    public abstract string DataName { get; }

    /// <summary>All folders of data by their names.</summary>
    public virtual IReadOnlyDictionary<string, string> DataFolders =>
        new Dictionary<string, string> { [DataName] = Data };

    public abstract string Stage { get; }

    /// <summary>Name of what the stage makes.</summary>
    public abstract string Checkpoint { get; }

    public RunRequest Request(string outName, bool resume = false, params string[] overrides) => new()
    {
        Recipe = RecipeReader.Read(RecipePath, overrides),
        DataFolders = DataFolders,
        OutFolder = Path.Combine(Folder, outName),
        HubFolder = Path.Combine(Folder, outName, "hub"),
        Resume = resume,
        Command = "test",
        Resolve = name => throw new MarrowException($"{name}: no hub here."),
    };

    public virtual void Dispose() => Directory.Delete(Folder, recursive: true);
}
