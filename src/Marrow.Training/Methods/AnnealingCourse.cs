using Marrow.Training.Recipes;

namespace Marrow.Training.Methods;

/// <summary>How the threshold of <see cref="Marrow.Tasks.SignalAnnealing"/> rises over a stage.</summary>
internal static class AnnealingCourse
{
    private const double Steepness = 5; // the paper's

    /// <summary>How far the threshold has risen, 0 to 1.</summary>
    /// <param name="done">Share of the stage that is done.</param>
    public static double Share(Annealing annealing, double done) => annealing switch
    {
        Annealing.Linear => done,
        Annealing.Exp => Math.Exp(Steepness * (done - 1)),
        Annealing.Log => 1 - Math.Exp(-Steepness * done),
        _ => 1,
    };
}
