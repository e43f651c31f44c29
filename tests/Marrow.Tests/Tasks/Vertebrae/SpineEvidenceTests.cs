using Marrow.Imaging;
using Marrow.Spine;
using Marrow.Tasks.Vertebrae;

namespace Marrow.Tests.Tasks.Vertebrae;

public sealed class SpineEvidenceTests
{
    /// <summary>17 boxes of one size, each under the other.</summary>
    private static SpinePrediction Spine(double width, double height, Func<int, double> score) =>
        new()
        {
            Vertebrae =
            [
                .. Enumerable
                    .Range(0, Vertebra.Count)
                    .Select(n => new Vertebra(
                        new Point2D(100, 20 + n * height * 1.2),
                        new Point2D(100 + width, 20 + n * height * 1.2),
                        new Point2D(100, 20 + n * height * 1.2 + height),
                        new Point2D(100 + width, 20 + n * height * 1.2 + height))),
            ],
            Scores = [.. Enumerable.Range(0, Vertebra.Count).Select(score)],
            Filled = new bool[Vertebra.Count],
            Confidence = 0.7,
        };

    private static IReadOnlyList<string> Refusals(SpinePrediction spine) => Refusals(spine, AffineTransform.Identity);

    private static IReadOnlyList<string> Refusals(SpinePrediction spine, AffineTransform toInput) =>
        SpineEvidence.Of(spine, toInput, unfamiliarity: 0, new()).Refusals(new());

    [Fact]
    public void Vertebrae_of_a_usual_shape_that_are_well_seen_make_a_whole_spine() =>
        Assert.Empty(Refusals(Spine(50, 30, _ => 0.75)));

    [Fact]
    public void Seventeen_boxes_squeezed_onto_ten_vertebrae_are_too_flat()
    {
        var reason = Assert.Single(Refusals(Spine(50, 18, _ => 0.7)));

        Assert.Contains("2.8 times as wide as high", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_shape_is_that_on_the_film_whatever_the_input_stretches()
    {
        var input = Spine(50, 30, _ => 0.75); // square pixels there

        Assert.NotEmpty(Refusals(input, AffineTransform.Scale(0.5, 1))); // twice as wide on the film
        Assert.Empty(Refusals(Spine(25, 30, _ => 0.75), AffineTransform.Scale(0.5, 1)));
    }

    [Fact]
    public void Boxes_that_are_hardly_seen_are_no_spine() =>
        Assert.Contains(
            "the mean score of the 17 vertebrae is 0.40",
            Assert.Single(Refusals(Spine(50, 30, _ => 0.4))),
            StringComparison.Ordinal);

    [Fact]
    public void Four_neighbours_that_are_not_seen_are_named() =>
        Assert.Contains(
            "T3 to T6 score 0.20",
            Assert.Single(Refusals(Spine(50, 30, n => n is >= 2 and <= 5 ? 0.2 : 0.8))),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(0.0, 0.65, false)]  // nothing is known of what is familiar
    [InlineData(0.5, 0.65, false)]
    [InlineData(0.75, 0.75, false)] // as unfamiliar as a part of a spine is, but well seen
    [InlineData(0.75, 0.65, true)]
    public void A_film_that_is_a_little_unfamiliar_and_not_well_seen_is_no_whole_spine(
        double unfamiliarity, double score, bool isRefused)
    {
        var decoding = new WholeSpineDecoding { ScorePerLnUnfamiliarity = 0.4, ScoreAtLimit = 0.8 };

        var refusals = SpineEvidence.Of(Spine(50, 30, _ => score), AffineTransform.Identity, unfamiliarity, decoding)
            .Refusals(decoding);

        if (isRefused)
            Assert.Contains("T1 to T4 score 0.65 only", Assert.Single(refusals), StringComparison.Ordinal);
        else
            Assert.Empty(refusals);
    }

    [Fact]
    public void A_run_chooses_what_refuses_few_good_films_and_nearly_all_of_which_a_third_is_cut_off()
    {
        var random = new SeededRandom(3);
        var decoding = new WholeSpineDecoding().Suiting(
            [.. Enumerable.Range(0, 30).Select(i => ($"{i}", Good()))], rate: 0.005);

        Assert.InRange(Refused(Good), 0, 0.02);
        Assert.InRange(Refused(Cut), 0.9, 1);
        Assert.Equal(0.6 * 0.8, decoding.LeastMeanScore, 0.02);

        double Refused(Func<SpineEvidence> film) =>
            Enumerable.Range(0, 2000).Average(_ => film().Refusals(decoding).Count > 0 ? 1.0 : 0);

        // As the detector of recipes/spine.yaml sees films and their upper 70 %.
        SpineEvidence Good() => Seen(weakest: 0.73, mean: 0.8, flatness: 1.6, unfamiliarity: 0.6);

        SpineEvidence Cut() => Seen(weakest: 0.44, mean: 0.65, flatness: 1.9, unfamiliarity: 0.95);

        SpineEvidence Seen(double weakest, double mean, double flatness, double unfamiliarity) => new(
            weakest + 0.05 * random.NextGaussian(), 3, mean, flatness,
            unfamiliarity * Math.Exp(0.15 * random.NextGaussian()));
    }

    [Fact]
    public void A_spine_in_the_middle_of_a_film_is_told()
    {
        var spine = Spine(50, 30, _ => 0.8).Vertebrae; // from 35 to 611

        Assert.Null(SpineEvidence.Misplaced(spine, 700, new()));
        Assert.Contains("from 2 to 44 %", SpineEvidence.Misplaced(spine, 1400, new())!, StringComparison.Ordinal);
    }
}
