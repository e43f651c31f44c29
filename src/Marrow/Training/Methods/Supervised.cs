namespace Marrow.Training.Methods;

/// <summary>Labelled images alone.</summary>
internal sealed class Supervised(TrainingTask task, Compute compute) : TrainingMethod(task, compute);
