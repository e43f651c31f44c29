
// The samples of docs/library.md, one after the other, on the hub that is named: dotnet run --project
// samples/Marrow.Samples -- hub Nothing is written to that hub; the child goes to a hub of its own.

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
    using var segmenter = new Segmenter();
    var receipt = WarmStartOwnModule.Run(hub, chest, segmenter);
    ReadReceipt.Run(receipt);
    var child = SaveChild.Run(hub, chest, segmenter, receipt, Path.Combine(own, "hub"));
    LoadChild.Run(child);
}
finally
{
    Directory.Delete(own, recursive: true);
}
return 0;
