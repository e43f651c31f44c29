using Marrow.Soak;

namespace Marrow.Tests.Hub;

public class ProcessSoakTests
{
    [Fact]
    public void Processes_at_once_on_one_hub_and_one_registry_lose_nothing()
    {
        Assert.SkipWhen(DockerRegistry.Missing is not null, DockerRegistry.Missing ?? "");
        var report = ProcessSoak.Run(processes: 4, rounds: 24, seed: 3, _ => { });
        Assert.Empty(report.Faults);
        foreach (var what in new[] { "saved", "pushed", "pulled", "verified", "removed", "refused to remove" })
            Assert.True(report.Counts.GetValueOrDefault(what) > 0, $"nothing was {what}");
    }
}
