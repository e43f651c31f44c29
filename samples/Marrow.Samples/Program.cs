
// The samples of docs/library.md, one after the other, on the hub that is named:
//
//     dotnet run --project samples/Marrow.Samples -c Release -- hub
//
// Nothing is written to that hub; what is made goes to hubs of its own.

using Marrow.Phantoms;
using Marrow.Samples;

if (args is not [var hub] || !Directory.Exists(hub))
{
    Console.Error.WriteLine("usage: Marrow.Samples HUB");
    return 2;
}
const string chest = "densenet121.cxr-pediatric";
var own = Directory.CreateTempSubdirectory("marrow-samples-").FullName;
try
{
    OpenHub.Run(hub, chest);
    var film = Film.Write(Path.Combine(own, "film.jpg"));
    LoadCheckpoint.Run(hub, chest, film);
    Predict.Run(hub, chest, film, Path.Combine(own, "results"));
    Explain.Run(hub, chest, film, Path.Combine(own, "results"));
    var films = Path.Combine(own, "films");
    PhantomData.Write("csv", films, count: 40, seed: 1);
    FineTune.Run(hub, films, Path.Combine(own, "tuned"));
    using var segmenter = new Segmenter();
    var receipt = WarmStartOwnModule.Run(hub, chest, segmenter);
    ReadReceipt.Run(receipt);
    var child = SaveChild.Run(hub, chest, segmenter, receipt, Path.Combine(own, "hub"));
    LoadChild.Run(child);
    RunOwnTask.Run(films, Path.Combine(own, "run"), Path.Combine(own, "own-hub"));
}
finally
{
    Directory.Delete(own, recursive: true);
}
return 0;
