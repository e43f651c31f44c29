using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Points;
using static TorchSharp.torch;

namespace Marrow.Tests.Training;

public sealed class FirstLookFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IFirstLookTask _task = new OfSpines();

    public void Dispose() => _folder.Dispose();

    private string FilePath => Path.Combine(_folder.Path, "detections", "d.jsonl");

    private Sample Sample(int i)
    {
        var path = _folder[$"{i}.txt"];
        if (!File.Exists(path))
            File.WriteAllText(path, $"{i}");
        return new(id: $"{i} \"quoted\" ü.txt", imagePath: path, patient: "p");
    }

    private FirstLookFile Open() => new(FilePath, _task);

    private static DetectedSpine Spine(int i) => new(224, 640, RandomSpine.Create(new SeededRandom((ulong)i)), i);

    private void Write(params int[] numbers)
    {
        using var file = Open();
        foreach (var i in numbers)
            file.Add(Sample(i), Spine(i));
    }

    [Fact]
    public void What_was_seen_comes_back_bit_for_bit_and_what_was_not_is_null()
    {
        Write(1, 2);
        Write(3);
        using var file = Open();
        foreach (var i in (int[])[1, 2, 3])
        {
            var spine = (DetectedSpine)file.Find(Sample(i))!;
            Assert.Equal(Spine(i).Vertebrae, spine.Vertebrae);
            Assert.Equal((224, 640, i), (spine.Width, spine.Height, spine.Seen));
        }
        Assert.Null(file.Find(Sample(4)));
    }

    [Fact]
    public void Points_come_back_as_do_those_that_were_not_looked_for()
    {
        var found = new DetectedPoints(224, 640, [new(1.25, 2), new(double.NaN, double.NaN)], [0.5, 0.1]);
        using (var file = new FirstLookFile(FilePath, new OfTwoPoints()))
            file.Add(Sample(1), found);
        using var again = new FirstLookFile(FilePath, new OfTwoPoints());
        var points = (DetectedPoints)again.Find(Sample(1))!;
        Assert.Equal(found.Places, points.Places);
        Assert.Equal(found.Scores, points.Scores);
        Assert.Equal((224, 640), (points.Width, points.Height));
    }

    [Fact]
    public void An_image_that_has_changed_is_to_be_looked_at_again()
    {
        Write(1, 2);
        File.AppendAllText(Sample(1).ImagePath, "more");
        using var file = Open();
        Assert.Null(file.Find(Sample(1)));
        Assert.NotNull(file.Find(Sample(2)));
    }

    [Fact]
    public void A_line_that_was_cut_at_any_byte_is_taken_off_and_written_again()
    {
        Write(1, 2);
        var whole = File.ReadAllBytes(FilePath);
        var firstLine = Array.IndexOf(whole, (byte)'\n') + 1;
        for (var length = firstLine; length < whole.Length; length += 97)
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            using (var file = Open())
            {
                Assert.NotNull(file.Find(Sample(1)));
                Assert.Null(file.Find(Sample(2)));
                file.Add(Sample(2), Spine(2));
            }
            Assert.Equal(whole, File.ReadAllBytes(FilePath));
        }
    }

    [Fact]
    public void A_line_of_anything_else_is_an_error_that_names_the_file()
    {
        Write(1);
        foreach (
            var line in (string[])
                [
                    "{}",
                    "nonsense",
                    """{"id":"a","bytes":1,"modified":1,"width":5,"height":5,"found":[1,2]}""",
                    "null",
                ])
        {
            File.WriteAllText(FilePath, line + "\n");
            Assert.Contains(FilePath, Assert.Throws<MarrowException>(() => Open()).Message);
        }
    }

    /// <summary>Restores two points, and looks at nothing.</summary>
    private sealed class OfTwoPoints : OfSpines
    {
        public override FirstLook? Restore(int width, int height, IReadOnlyList<double> numbers) =>
            DetectedPoints.Of(width, height, numbers, 2);
    }

    /// <summary>Restores spines, and looks at nothing.</summary>
    private class OfSpines : IFirstLookTask
    {
        public bool LeavesBorderOut => false;

        public IReadOnlyList<FirstLook> Look(
            Tensor images, IReadOnlyList<ShownImage> shown, Compute compute, bool fast) =>
            throw new NotSupportedException();

        public virtual FirstLook? Restore(int width, int height, IReadOnlyList<double> numbers) =>
            DetectedSpine.Of(width, height, numbers);
    }
}
