using System.IO.Enumeration;

namespace Marrow.Datasets;

/// <summary>All PNG and JPEG files below a folder, without labels but for masks: for unlabelled training, prediction, and segmentation.</summary>
internal static class ImageFolder
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg"];

    public static Dataset Open(DatasetRequest request)
    {
        OptionCheck.Only(request, "masks", "maskClasses");
        var enumeration = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.Hidden | FileAttributes.System, // ".thumbnails" and the like
        };
        var files = new FileSystemEnumerable<string>(request.Root, (ref FileSystemEntry entry) => entry.ToFullPath(), enumeration)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0, // Links make loops.
        };
        var samples = files
            .Where(path => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
            .Select(path => (Path: path, Id: Path.GetRelativePath(request.Root, path).Replace('\\', '/')))
            .OrderBy(file => file.Id, StringComparer.Ordinal)
            .Select(file => new Sample { Id = file.Id, ImagePath = file.Path, Patient = ImageList.PatientFolder(file.Id) ?? file.Id });
        var dataset = new Dataset { Name = request.Name, Format = request.Format, Root = request.Root, Samples = [.. samples] };
        return MaskSamples.AreAskedFor(request.Options) ? MaskSamples.Attach(request, dataset) : dataset;
    }
}
