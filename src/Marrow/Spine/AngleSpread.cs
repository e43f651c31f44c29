using System.Text.Json.Serialization;

namespace Marrow.Spine;

/// <summary>
/// How unsure one angle of one film is, as far as it can be told without knowing the truth: by what the looks at the
/// film differ by, and by how much the angle depends on details. None of them is an error, since what all looks get
/// wrong does not show; an error is expected to be the larger, the larger they are.
/// </summary>
/// <param name="LooksDegrees">The standard deviation of the angle over the views of the last look.</param>
/// <param name="MovedDegrees">How far the last look moved the angle from where the look before it had it.</param>
/// <param name="JumpDegrees">
/// The standard deviation of the angle over spines whose vertebrae err at random (<see cref="CobbExpectation"/>). It is
/// large where two curves are nearly equal, so that a detail decides between which vertebrae the angle is measured.
/// </param>
internal readonly record struct AngleSpread(
    [property: JsonRequired] double LooksDegrees,
    [property: JsonRequired] double MovedDegrees,
    [property: JsonRequired] double JumpDegrees)
{
    /// <summary>Returns the spread of each angle of a spine.</summary>
    /// <param name="looks">Where the looks saw the vertebrae that the corners are made of.</param>
    /// <param name="first">The number of the first look of the stage that made the corners.</param>
    /// <param name="corners">The vertebrae that are measured, in the film's pixels, as the looks are.</param>
    /// <param name="jumpDegrees">For each angle its <see cref="JumpDegrees"/>.</param>
    public static IReadOnlyList<AngleSpread> Of(
        SpineLooks looks, int first, IReadOnlyList<Vertebra> corners, double imageHeight,
        IReadOnlyList<double> jumpDegrees)
    {
        var views = looks.Count > first ? Measure(looks.Spines(looks.Count - 1, corners), imageHeight) : [];
        var before = looks.Count > first + 1 ? Measure(looks.Spines(looks.Count - 2, corners), imageHeight) : [];
        return
        [
            .. jumpDegrees.Select((jump, angle) => new AngleSpread(
                Deviation([.. views.Select(degrees => degrees[angle])]),
                views.Count == 0 || before.Count == 0
                    ? 0
                    : Math.Abs(views.Average(degrees => degrees[angle]) - before.Average(degrees => degrees[angle])),
                jump)),
        ];
    }

    private static List<IReadOnlyList<double>> Measure(
        IEnumerable<IReadOnlyList<Vertebra>> spines, double imageHeight) =>
        [.. spines.Select(spine => CobbAngles.Measure(spine, imageHeight).Degrees)];

    private static double Deviation(double[] values)
    {
        if (values.Length < 2)
            return 0;
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1));
    }
}
