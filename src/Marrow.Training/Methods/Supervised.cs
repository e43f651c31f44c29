using Marrow.Computing;
using Marrow.Tasks;

namespace Marrow.Training.Methods;

/// <summary>The method that learns from labelled images alone.</summary>
internal sealed class Supervised(TaskModel task, Compute compute) : TrainingMethod(task, compute);
