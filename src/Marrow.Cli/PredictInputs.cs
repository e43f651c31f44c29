using Marrow.Imaging;

namespace Marrow.Cli;

/// <summary>
/// Files and folders as a user names them -> the images that are measured, each file once, and what is not measured with
/// the reason. Nothing that lies in a named folder is left out without a word.
/// </summary>
/// <param name="Images">In the order in which they are named; those of a folder by their names.</param>
/// <param name="Skipped">What no image was looked for in, or what is none.</param>
/// <param name="IsIncomplete">Images may lie where nobody could look.</param>
internal sealed record PredictInputs(IReadOnlyList<string> Images, IReadOnlyList<SkippedInput> Skipped, bool IsIncomplete)
{
    private const int MostNamed = 5;

    /// <summary>Throws <see cref="MarrowException"/> for a name of nothing, and when no image is left.</summary>
    public static PredictInputs Of(IReadOnlyList<string> inputs, CancellationToken cancellation = default)
    {
        var (images, skipped, incomplete) = (new List<string>(), new List<SkippedInput>(), false);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in inputs)
        {
            if (!Directory.Exists(input))
            {
                if (!Path.Exists(input))
                    throw MarrowException.Bad(input, "an image or a folder", "nothing of that name", "Check the path.");
                if (ResultMark.IsOnPicture(FileStart.Read(input)))
                    skipped.Add(new(input, SkippedInput.Result));
                else
                    Add(input);
                continue;
            }
            var listing = ImageListing.Of(input, cancellation);
            foreach (var image in listing.Images.Concat(listing.Unread.Select(u => u.Path)).Order(StringComparer.Ordinal))
                Add(image);
            skipped.AddRange(listing.Results.Select(path => new SkippedInput(path, SkippedInput.Result)));
            skipped.AddRange(listing.Others.Select(path => new SkippedInput(path, SkippedInput.NoImage)));
            skipped.AddRange(listing.Missed.Select(missed => new SkippedInput(missed.Path, missed.Reason)));
            incomplete |= listing.Missed.Count > 0;
            if (inputs.Count == 1 && images.Count == 0)
                throw MarrowException.Bad(input, $"a folder with images ({ImageKinds.Names})", skipped.Count == 0 ? "none" : $"none ({string.Join("; ", Sentences(skipped))})", "Name the folder that holds them.");
        }
        if (images.Count == 0)
            throw MarrowException.Bad(inputs[0], "an image to measure", string.Join("; ", Sentences(skipped)), "Name the images that these were made of.");
        return new(images, skipped, incomplete);

        void Add(string image)
        {
            if (seen.Add(Real(image)))
                images.Add(image);
            else
                skipped.Add(new(image, SkippedInput.Again));
        }
    }

    /// <summary>A line for each reason, with the first names.</summary>
    public void Warn(Output output)
    {
        foreach (var sentence in Sentences(Skipped))
            output.Warn($"left out: {sentence}");
    }

    private static IEnumerable<string> Sentences(IEnumerable<SkippedInput> skipped) => skipped.GroupBy(s => s.Reason).Select(same =>
    {
        var names = same.Select(s => s.File).ToList();
        var more = names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "";
        return $"{names.Count} {(names.Count == 1 ? "file or folder" : "files or folders")}, {same.Key}: {string.Join(", ", names.Take(MostNamed))}{more}";
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

/// <param name="Reason">"no image".</param>
internal sealed record SkippedInput(string File, string Reason)
{
    public const string Result = "written by marrow", NoImage = "no image", Again = "named before";
}
