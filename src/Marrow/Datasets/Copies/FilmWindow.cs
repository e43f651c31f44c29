namespace Marrow.Datasets.Copies;

/// <summary>A rectangle of a film, in shares of its sides, 0 to 1.</summary>
internal readonly record struct FilmWindow(double Left, double Top, double Right, double Bottom)
{
    /// <summary>
    /// The middle of a film, which is left of it when each side loses a fifth. It is looked for in other films.
    /// </summary>
    public static FilmWindow Middle { get; } = new(0.2, 0.2, 0.8, 0.8);

    public double Width => Right - Left;

    public double Height => Bottom - Top;

    /// <summary>
    /// The windows of a film in which another film's middle is looked for: at all places, and at all widths and heights
    /// separately, since a copy may also be squeezed. They lie so densely that one of them differs from the true place
    /// by half a cell of a <see cref="WindowShape"/> at most.
    /// </summary>
    /// <param name="least">The least side of a window, a share.</param>
    /// <param name="most">The largest side of a window, a share.</param>
    /// <param name="reach">How far a window's centre may lie from the film's, a share.</param>
    public static FilmWindow[] Grid(double least, double most, double reach)
    {
        var spans = new List<(double First, double Last)>();
        var count = (int)Math.Ceiling(Math.Log(most / least) / Math.Log(1 + SideStep) - 0.5) + 1;
        for (var k = 0; k < count; k++)
        {
            var side = Math.Min(most, least * Math.Pow(1 + SideStep, k));
            var free = Math.Min(reach, (1 - side) / 2);
            var cell = side / WindowShape.Side;
            var steps = (int)Math.Ceiling(free / cell - 0.25); // A quarter of a cell is near enough.
            for (var i = -steps; i <= steps; i++)
            {
                var centre = 0.5 + (steps == 0 ? 0 : free * i / steps);
                spans.Add((centre - side / 2, centre + side / 2));
            }
        }
        return
        [
            .. from x in spans
            from y in spans
            select new FilmWindow(x.First, y.First, x.Last, y.Last),
        ];
    }

    // Both ends then lie within half a cell of the true ones.
    private const double SideStep = 1.2 / WindowShape.Side;
}
