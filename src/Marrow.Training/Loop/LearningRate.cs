using Marrow.Training.Recipes;

namespace Marrow.Training.Loop;

/// <summary>The learning rate over a run: a linear warm-up, then cosine to zero, steps, or constant.</summary>
internal static class LearningRate
{
    /// <param name="step">The step, from 0.</param>
    /// <param name="stepsPerEpoch">The number of steps in an epoch, which is the unit of the step schedule.</param>
    /// <returns>The factor of the base rate, 0 to 1.</returns>
    public static double Factor(TrainOptions options, int step, int totalSteps, int stepsPerEpoch)
    {
        var warmupSteps = (int)Math.Round(options.Warmup * totalSteps);
        if (step < warmupSteps)
            return (step + 1.0) / warmupSteps;
        return options.Schedule switch
        {
            ScheduleKind.Cosine => 0.5
                * (1 + Math.Cos(Math.PI * (step - warmupSteps) / Math.Max(1, totalSteps - warmupSteps))),
            ScheduleKind.Step => Math.Pow(options.StepFactor, step / Math.Max(1, options.StepEpochs * stepsPerEpoch)),
            _ => 1,
        };
    }
}
