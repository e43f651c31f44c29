using System.Text.Json;
using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Tasks.Familiarity;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks.Familiarity;

/// <summary>
/// What is familiar, by made-up sketches: the arithmetic, the rate, and what a checkpoint keeps of it.
/// </summary>
public sealed class FamiliarityTests : IDisposable
{
    private const int Numbers = 64;

    private readonly TemporaryFolder _hub = new();

    public void Dispose() => _hub.Dispose();

    /// <summary>Sketches of one kind of image, whose numbers depend on each other.</summary>
    private static double[][] Sketches(int count, ulong seed, double shift = 0)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var common = random.NextGaussian();
            return Enumerable.Range(0, Numbers)
                .Select(i => 3 + shift + 0.1 * (i + 1) * (random.NextGaussian() + 2 * common)).ToArray();
        })];
    }

    private static FamiliarityContract Learnt() =>
        FamiliarityFit.Of(Sketches(300, 1), OnePatientEach(Sketches(40, 2)), 0.01);

    private static (string, double[])[] OnePatientEach(double[][] sketches) => Of(sketches, n => n);

    private static (string, double[])[] Of(double[][] sketches, Func<int, int> patient) =>
        [.. sketches.Select((sketch, n) => ($"patient {patient(n)}", sketch))];

    private Checkpoint Saved(FamiliarityContract? familiarity)
    {
        using var model = Drafts.Model();
        var draft = Drafts.Of(model);
        return (draft with { Config = draft.Config with { Familiarity = familiarity } }).Save(_hub.Path);
    }

    [Fact]
    public void The_distance_is_that_of_Mahalanobis()
    {
        var rows = Sketches(500, 3);
        double[] mean = [.. Enumerable.Range(0, Numbers).Select(i => rows.Average(row => row[i]))];
        var factor = SpreadMatrix.Of(rows, mean);
        using var scope = NewDisposeScope();
        var lower = zeros([Numbers, Numbers], float64, CPU);
        for (var (i, at) = (0, 0); i < Numbers; i++)
            for (var j = 0; j <= i; j++)
                lower[i, j] = tensor(factor[at++], float64, CPU);
        var off = tensor(rows[0], float64, CPU) - tensor(mean, float64, CPU);
        var squared = off.dot(lower.matmul(lower.t()).inverse().matmul(off)).item<double>();

        Assert.Equal(Math.Sqrt(squared / Numbers), SpreadMatrix.Distance(rows[0], mean, factor), 1e-6);
    }

    [Fact]
    public void As_many_known_images_are_refused_as_were_to_be_and_all_that_lie_elsewhere()
    {
        var familiarity = Learnt();

        Assert.InRange(Sketches(2000, 4).Count(sketch => familiarity.Of(sketch) > 1) / 2000.0, 0.001, 0.03);
        Assert.All(Sketches(100, 5, shift: 3), sketch => Assert.True(familiarity.Of(sketch) > 1));
    }

    [Fact]
    public void Few_images_set_a_wider_bound_than_many()
    {
        var (known, few) = (Sketches(300, 1), Sketches(8, 2));
        double[][] many = [.. Enumerable.Repeat(few, 50).SelectMany(sketches => sketches)];

        Assert.True(FamiliarityFit.Of(known, OnePatientEach(few), 0.01).MostDistance
            > FamiliarityFit.Of(known, OnePatientEach(many), 0.01).MostDistance);
    }

    [Fact]
    public void Many_images_of_a_patient_count_as_one()
    {
        var (known, one) = (Sketches(300, 1), Sketches(8, 2));
        double[][] again = [.. one, .. one, .. one];

        Assert.Equal(
            FamiliarityFit.Of(known, OnePatientEach(one), 0.01).MostDistance,
            FamiliarityFit.Of(known, Of(again, n => n % one.Length), 0.01).MostDistance,
            1e-9);
    }

    [Fact]
    public void Images_that_are_all_alike_give_a_spread_that_can_be_used()
    {
        var same = Enumerable.Repeat(Sketches(1, 1)[0], 40).ToArray();

        Assert.All(
            FamiliarityFit.Of(same, OnePatientEach(Sketches(8, 2)), 0.01).Spread,
            value => Assert.True(double.IsFinite(value)));
    }

    [Fact]
    public void A_reason_says_how_far_off_the_image_is_and_a_familiar_one_has_none()
    {
        Assert.Empty(FamiliarityContract.Refusals(1));
        Assert.Contains(
            "2.35 times as far", Assert.Single(FamiliarityContract.Refusals(2.345)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_keeps_it_to_the_last_bit_and_rehearses_it()
    {
        var familiarity = Learnt();
        using var saved = Saved(familiarity);

        Assert.Equal(familiarity.Mean, saved.Config.Familiarity!.Mean);
        Assert.Equal(familiarity.Spread, saved.Config.Familiarity.Spread);
        Assert.Equal(familiarity.MostDistance, saved.Config.Familiarity.MostDistance);
        Assert.Equal(["unfamiliarity", "unfamiliar"], saved.Golden!.Finding!.Values.Select(v => v.Name));
        using var task = saved.BuildTask();
        Assert.True(task.Refuses);
    }

    [Fact]
    public void A_checkpoint_without_it_refuses_nothing()
    {
        using var saved = Saved(null);
        using var task = saved.BuildTask();
        using var images = zeros([2, 1, 64, 64], float32, CPU);

        Assert.False(task.Refuses);
        Assert.All(task.RefusalsOf(images, [default, default], Compute.Float32), Assert.Empty);
        Assert.Null(saved.Golden!.Finding);
    }

    [Fact]
    public void A_bound_that_was_changed_with_all_hashes_fails_the_golden_finding()
    {
        using var saved = Saved(Learnt());
        var folder = Directory.CreateDirectory(_hub["changed"]).FullName;
        foreach (var file in Directory.GetFiles(saved.Path))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        ChangedCheckpoint.Edit(folder, "config.json", config => config["familiarity"]!["mostDistance"] = 9);
        using var changed = Checkpoint.Load(folder);

        var error = Assert.Throws<MarrowException>(() => changed.BuildTask());
        Assert.Contains("unfamiliar", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("firstLevel", 9)]
    [InlineData("mostDistance", -1)]
    [InlineData("rate", 0.9)]
    [InlineData("images", 0)]
    [InlineData("numbersPerLevel", 17)]
    public void A_value_that_can_not_be_is_refused_by_name(string key, double value)
    {
        var section = JsonSerializer.SerializeToNode(Learnt(), MarrowJson.Options)!;
        section[key] = JsonValue.Create(value % 1 == 0 ? (int)value : value);
        var contract = section.Deserialize<FamiliarityContract>(MarrowJson.Strict)!;

        var error = Assert.Throws<MarrowException>(() => contract.Validate("a/config.json"));
        Assert.Contains("familiarity.", error.Message, StringComparison.Ordinal);
    }
}
