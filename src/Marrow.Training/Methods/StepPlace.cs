namespace Marrow.Training.Methods;

/// <summary>Where a step stands in its stage.</summary>
/// <param name="Step">From 0.</param>
internal readonly record struct StepPlace(int Step, int TotalSteps)
{
    /// <summary>The share of the stage that is done, 0 to 1.</summary>
    public double Share => TotalSteps == 0 ? 0 : (double)Step / TotalSteps;

    /// <summary>So many steps are a share of the stage.</summary>
    public int Steps(double share) => (int)Math.Round(share * TotalSteps);
}
