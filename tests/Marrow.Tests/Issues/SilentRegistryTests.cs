using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Marrow.Hub;
using Marrow.Hub.Registry;

namespace Marrow.Tests.Issues;

/// <summary>A registry that takes connections and says nothing is given up soon, and one is told meanwhile.</summary>
public sealed class SilentRegistryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public SilentRegistryTests() => _listener.Start();

    public void Dispose()
    {
        _listener.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_silent_registry_is_given_up_with_words_on_the_way()
    {
        var notes = new ConcurrentQueue<string>();
        var options = new RegistryOptions
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(100),
            ResponseTimeout = TimeSpan.FromMilliseconds(200),
            FirstPause = TimeSpan.FromMilliseconds(1),
            WordAfter = TimeSpan.FromMilliseconds(80),
            Note = notes.Enqueue,
        };
        var watch = Stopwatch.StartNew();
        var source = OciReference.Parse($"oci://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/spine/cobb:v1");
        var e = await Assert.ThrowsAsync<MarrowException>(() =>
            new CheckpointRegistry(options).PullAsync(
                new LocalHub(_folder["hub"]),
                source,
                cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("no answer within", e.Message);
        Assert.Contains("3 times", e.Message);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 10);
        Assert.Contains(notes, note => note.Contains("no answer for", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.Contains("attempt 2 of 3", StringComparison.Ordinal));
    }

    [Fact]
    public void By_default_no_wait_is_over_half_a_minute_and_all_of_them_under_two()
    {
        var options = new RegistryOptions();
        var once = options.ConnectTimeout + options.ResponseTimeout;
        Assert.InRange(once.TotalSeconds, 1, 30);
        Assert.InRange(options.StallTimeout.TotalSeconds, 1, 30);
        Assert.InRange((once * options.Attempts).TotalSeconds, 1, 120);
        Assert.InRange(options.WordAfter.TotalSeconds, 1, 10);
    }
}
