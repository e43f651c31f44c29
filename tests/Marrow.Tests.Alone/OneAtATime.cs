// Torch's generator is one for the process, and so is its memory: tests that count on what the generator gives, or that
// bound what the process takes, run one after the other, in a process of their own beside that of the other tests.

[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
