using System.Globalization;
using Marrow.Imaging;
using Marrow.Modules;
using Marrow.Spine;
using Marrow.Tasks.Vertebrae;

namespace Marrow.Tests.Tasks.Vertebrae;

/// <summary>The decoder's and the anchors' assumptions against real spines: labels alone, no images.</summary>
public class SpineWebLabelTests
{
    private const int Width = 224, Height = 640;

    [Fact(Explicit = true), Trait("Category", "RealData")]
    public void Real_spines_are_chained_as_labelled_even_with_gaps()
    {
        var random = new SeededRandom(1);
        var spines = Read().Where(IsOrdered).ToArray();
        Assert.InRange(spines.Length, 440, 481);
        var (whole, gapped) = (0, 0);
        foreach (var spine in spines)
        {
            var all = spine.Select(v => new Detection(v, 0.9f)).ToArray();
            if (!SpineDecoder.Assemble(all, new(), Width, Height).Vertebrae.SequenceEqual(spine))
                continue; // some labels are doubled, skipped or cut in half
            whole++;
            var missing = 1 + random.Next(15);
            var found = SpineDecoder.Assemble([.. all.Where((_, i) => i != missing)], new(), Width, Height);
            gapped += found.Filled[missing] && found.Filled.Count(f => f) == 1 ? 1 : 0;
        }
        Assert.InRange(whole / (double)spines.Length, 0.975, 1);
        Assert.InRange(gapped / (double)whole, 0.98, 1);
    }

    [Fact(Explicit = true), Trait("Category", "RealData")]
    public void The_vertebra_anchors_reach_99_percent_of_real_vertebrae()
    {
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(Width, Height), Width, Height, [(Height / 8, Width / 8)]);
        var boxes = Read().SelectMany(spine => spine).Select(v => CornerCoder.BoxOf(v)).ToArray();
        var reached = boxes.Count(box => anchors.Boxes.Any(anchor => Box.Iou(box, anchor) >= 0.5f));
        var recall = reached / (double)boxes.Length;
        TestContext.Current.TestOutputHelper?.WriteLine($"recall {recall:F4} of {boxes.Length}");
        Assert.InRange(recall, 0.99, 1);
    }

    private static IEnumerable<Vertebra[]> Read()
    {
        var root = Environment.GetEnvironmentVariable("MARROW_DATA");
        var file = Path.Combine(root ?? "", "spineweb16", "labels", "training", "landmarks.csv");
        Assert.SkipWhen(root is null || !File.Exists(file), "MARROW_DATA names no folder with spineweb16.");
        foreach (var line in File.ReadLines(file))
        {
            var n = line.Split(',').Select(s => double.Parse(s, CultureInfo.InvariantCulture)).ToArray();
            Point2D At(int i) => new(n[i] * Width, n[68 + i] * Height);
            yield return
            [
                .. Enumerable
                    .Range(0, 17)
                    .Select(v => new Vertebra(At(4 * v), At(4 * v + 1), At(4 * v + 2), At(4 * v + 3))),
            ];
        }
    }

    /// <summary>Some labels have rolled points or vertebrae out of order.</summary>
    private static bool IsOrdered(Vertebra[] spine) =>
        spine.All(v => v.Axis.X > 3 && v.LowerMidpoint.Y - v.UpperMidpoint.Y > 3)
        && spine.Zip(spine.Skip(1)).All(pair => pair.Second.Center.Y > pair.First.Center.Y);
}
