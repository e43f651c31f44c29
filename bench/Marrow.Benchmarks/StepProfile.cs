using System.Diagnostics;
using System.Globalization;
using Marrow.Computing;
using Marrow.Training.Loop;
using Marrow.Training.Methods;
using Marrow.Training.Recipes;
using static TorchSharp.torch;

namespace Marrow.Benchmarks;

/// <summary>
/// Where a training step's time goes, bf16 and channels-last: each phase's wall time, processor time in the program and
/// in the kernel, and page faults (memory that was given back to the system and is fetched again).
/// </summary>
internal static class StepProfile
{
    public static void Run(int steps, TextWriter output)
    {
        KeptMemory.Ask();
        using var task = Subjects.Classifier();
        using var batch = Subjects.Batch(Subjects.ChestInput, 8);
        var compute = new Compute(true, true);
        compute.Arrange(task.Model);
        var freeze = new FreezePlan(task.Spec, new());
        using var optimizer = new Optimizer(OptimizerKind.AdamW, 0, freeze.Groups(task.Model));
        using var average = new MovingAverage(task.Model, 0.999);
        freeze.Apply(task.Model, 0);

        var phases = new Dictionary<string, List<Usage>>();
        for (var step = -1; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            Phase("zero gradients", optimizer.ZeroGradients);
            Tensor? images = null, loss = null;
            Phase("layout of the images", () => images = compute.Arrange(batch.Images));
            Phase("forward and loss", () => loss = task.Loss(images!, batch, compute)[0].Value);
            Phase("backward", () => loss!.backward());
            Phase("gradient norm", () => optimizer.ClipGradients(0));
            Phase("optimizer", () => optimizer.Step(1e-4));
            Phase("moving average", () => average.Update(1000));

            void Phase(string name, Action run)
            {
                var before = Usage.Now();
                run();
                if (step >= 0)
                    (phases.TryGetValue(name, out var list) ? list : phases[name] = []).Add(Usage.Now() - before);
            }
        }
        var medians = phases.ToDictionary(p => p.Key, p => Usage.Median(p.Value));
        var all = medians.Values.Sum(m => m.User + m.Kernel);
        output.WriteLine();
        output.WriteLine("profile: a training step of DenseNet-121, 224 x 224, batch 8, bf16 channels-last");
        output.WriteLine($"  {"",-24} {"wall",10} {"program",10} {"kernel",10} {"share",7} {"faults",9}");
        foreach (var (name, m) in medians)
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {name,-24} {m.Wall,7:F1} ms {m.User,7:F1} ms {m.Kernel,7:F1} ms "
                        + $"{(m.User + m.Kernel) / all,7:P1} {m.Faults,9:F0}"));
    }

    /// <summary>Times in ms.</summary>
    private readonly record struct Usage(double Wall, double User, double Kernel, double Faults)
    {
        public static Usage Now()
        {
            var cpu = Environment.CpuUsage;
            return new(
                Stopwatch.GetTimestamp() * 1000.0 / Stopwatch.Frequency,
                cpu.UserTime.TotalMilliseconds,
                cpu.PrivilegedTime.TotalMilliseconds,
                MinorFaults());
        }

        public static Usage operator -(Usage a, Usage b) =>
            new(a.Wall - b.Wall, a.User - b.User, a.Kernel - b.Kernel, a.Faults - b.Faults);

        public static Usage Median(IReadOnlyCollection<Usage> all) => new(
            Comparison.Median(all.Select(u => u.Wall)), Comparison.Median(all.Select(u => u.User)),
            Comparison.Median(all.Select(u => u.Kernel)), Comparison.Median(all.Select(u => u.Faults)));

        /// <summary>Field 10 of /proc/self/stat (proc(5)); 0 elsewhere than on Linux.</summary>
        private static double MinorFaults()
        {
            if (!OperatingSystem.IsLinux())
                return 0;
            var stat = File.ReadAllText("/proc/self/stat");
            return double.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[7], CultureInfo.InvariantCulture);
        }
    }
}
