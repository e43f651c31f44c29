using Marrow.Computing;
using Marrow.Tasks;

namespace Marrow.Training.Methods;

/// <summary>Labelled images alone.</summary>
internal sealed class Supervised(TaskModel task, Compute compute) : TrainingMethod(task, compute);
