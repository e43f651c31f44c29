using CsCheck;
using Marrow.Spine;

namespace Marrow.Tests.Spine;

public class TurningPointsTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("3", "")]
    [InlineData("0 4 0 4", "")] // never far enough
    [InlineData("0 5", "0 1")]
    [InlineData("0 2 9 7 8 1 3 0", "0 2 7")] // small turns on the way end nothing
    [InlineData("1 0 9", "1 2")] // what lies before the first turn and is less than one
    [InlineData("5 0 9 4", "0 1 2 3")]
    public void Small_turns_are_passed_over(string values, string expected) =>
        Assert.Equal(Numbers(expected), TurningPoints.Of([.. Numbers(values).Select(v => (double)v)], 5));

    [Fact]
    public void Extremes_alternate_and_nothing_between_two_of_them_lies_beyond_either() =>
        Gen.Int[-30, 30].Array[0, 25].Sample(values =>
        {
            var points = TurningPoints.Of([.. values.Select(v => (double)v)], 8);
            if (points.Count == 0)
            {
                Assert.True(values.Length == 0 || values.Max() - values.Min() < 8);
                return;
            }
            foreach (var (from, to) in points.Zip(points.Skip(1)))
            {
                Assert.True(from < to && Math.Abs(values[to] - values[from]) >= 8);
                Assert.All(values[from..(to + 1)], v => Assert.InRange(
                    v,
                    Math.Min(values[from], values[to]),
                    Math.Max(values[from], values[to])));
            }
            foreach (var ((first, second), third) in points.Zip(points.Skip(1)).Zip(points.Skip(2)))
                Assert.True(values[second] > values[first] == values[second] > values[third]);
        });

    private static int[] Numbers(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
}
