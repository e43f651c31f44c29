namespace Marrow.Imaging;

/// <summary>
/// Files and folders as a user names them -> the images that are measured, each file once, and what is not measured
/// with the reason. Nothing that lies in a named folder is left out without a word.
/// </summary>
public sealed class ImageInputs
{
    private const int MostNamed = 5;
    private const string Result = "written by marrow", NoImage = "no image", Again = "named before";

    private ImageInputs(IReadOnlyList<string> images, IReadOnlyList<LeftOutFile> leftOut, bool isIncomplete) =>
        (Images, LeftOut, IsIncomplete) = (images, leftOut, isIncomplete);

    /// <summary>The kinds of images that are read: "PNG, JPEG, TIFF, BMP or WebP".</summary>
    public static string Kinds => ImageKinds.Names;

    /// <summary>In the order in which they are named; those of a folder by their names.</summary>
    public IReadOnlyList<string> Images { get; }

    /// <summary>What no image was looked for in, or what is none.</summary>
    internal IReadOnlyList<LeftOutFile> LeftOut { get; }

    /// <summary>Images may lie where nobody could look.</summary>
    internal bool IsIncomplete { get; }

    /// <summary>A sentence for each reason why something is left out, with the first names.</summary>
    public IEnumerable<string> Remarks => Sentences(LeftOut);

    /// <summary>Throws <see cref="MarrowException"/> for a name of nothing, and when no image is left.</summary>
    public static ImageInputs Of(IReadOnlyList<string> inputs, CancellationToken cancellation = default)
    {
        var (images, leftOut, incomplete) = (new List<string>(), new List<LeftOutFile>(), false);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in inputs)
        {
            if (!Directory.Exists(input))
            {
                if (!Path.Exists(input))
                    throw MarrowException.Bad(
                        input, "an image or a folder", "nothing of that name", "Check the path.");
                if (ResultMark.IsOnPicture(FileStart.Read(input)))
                    leftOut.Add(new(input, Result));
                else
                    Add(input);
                continue;
            }
            var listing = ImageListing.Of(input, cancellation);
            var found = listing.Images.Concat(listing.Unread.Select(unread => unread.Path));
            foreach (var image in found.Order(StringComparer.Ordinal))
                Add(image);
            leftOut.AddRange(listing.Results.Select(path => new LeftOutFile(path, Result)));
            leftOut.AddRange(listing.Others.Select(path => new LeftOutFile(path, NoImage)));
            leftOut.AddRange(listing.Missed.Select(missed => new LeftOutFile(missed.Path, missed.Reason)));
            incomplete |= listing.Missed.Count > 0;
            if (inputs.Count == 1 && images.Count == 0)
                throw MarrowException.Bad(
                    input, $"a folder with images ({Kinds})",
                    leftOut.Count == 0 ? "none" : $"none ({string.Join("; ", Sentences(leftOut))})",
                    "Name the folder that holds them.");
        }
        if (images.Count == 0)
            throw MarrowException.Bad(
                inputs[0], "an image to measure", string.Join("; ", Sentences(leftOut)),
                "Name the images that these were made of.");
        return new(images, leftOut, incomplete);

        void Add(string image)
        {
            if (seen.Add(Real(image)))
                images.Add(image);
            else
                leftOut.Add(new(image, Again));
        }
    }

    private static IEnumerable<string> Sentences(IEnumerable<LeftOutFile> leftOut) =>
        leftOut.GroupBy(file => file.Reason).Select(same =>
        {
            var names = same.Select(file => file.File).ToList();
            var more = names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "";
            var what = names.Count == 1 ? "file or folder" : "files or folders";
            return $"{names.Count} {what}, {same.Key}: {string.Join(", ", names.Take(MostNamed))}{more}";
        });

    private static string Real(string path)
    {
        try
        {
            return FolderWalk.RealPath(path);
        }
        catch (IOException)
        {
            return path;
        }
    }
}

/// <summary>A file or folder that is not measured.</summary>
/// <param name="File">As it was found.</param>
/// <param name="Reason">"no image".</param>
internal sealed record LeftOutFile(string File, string Reason);
