using Marrow.Checkpoints;
using Marrow.Hub;
using static Marrow.Tests.HostileRun;

namespace Marrow.Tests.Issues;

/// <summary>A checkpoint dated 2035 once stayed the newest of its name until 2035.</summary>
public sealed class NewestTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub;

    public NewestTests() => _hub = new(_folder["hub"]);

    public void Dispose() => _folder.Dispose();

    private CheckpointManifest Add(DateTimeOffset created)
    {
        (string, string)[] files = [("README.md", "card")];
        return FakeHub.Add(_hub.Folder, FakeHub.Manifest("a.one", files: files) with { Created = created }, files);
    }

    [Fact]
    public void One_that_is_dated_in_the_future_is_told_and_counts_as_the_oldest()
    {
        var future = Add(new(2135, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var old = Add(DateTimeOffset.UtcNow.AddYears(-1));
        var newest = Add(DateTimeOffset.UtcNow.AddHours(3)); // another machine's clock
        var notices = new List<string>();
        using (Notices.To(notices.Add))
        {
            Assert.Equal(newest.Digest, _hub.Find("a.one").Digest);
            Assert.Equal([newest.Digest, old.Digest, future.Digest], _hub.List().Select(e => e.Digest));
        }
        var notice = Assert.Single(notices);
        Assert.Contains("2135-01-01, in the future", notice, StringComparison.Ordinal);
        Assert.Contains($"a.one@sha256:{future.Digest.Short} ", notice, StringComparison.Ordinal);
        Assert.Equal(future.Digest, _hub.Find($"a.one@{future.Digest}").Digest);
    }

    [Fact]
    public void Where_all_are_dated_in_the_future_their_order_is_kept_and_it_is_told()
    {
        var first = Add(new(2135, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var second = Add(new(2136, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal([second.Digest, first.Digest], _hub.List().Select(e => e.Digest));
        var (code, output, error) = Call("hub", "list", "--hub", _hub.Folder, "--json");
        Assert.Equal(0, code);
        Assert.Equal(2, Json(output).GetProperty("checkpoints").GetArrayLength());
        Assert.Equal(3, error.Split("in the future").Length);
    }
}
