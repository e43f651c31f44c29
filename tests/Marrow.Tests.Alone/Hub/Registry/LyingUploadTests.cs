namespace Marrow.Tests.Hub.Registry;

/// <summary>A registry that is pushed to and forgets, changes or sends elsewhere what it gets.</summary>
public sealed class LyingUploadTests : LyingRegistry
{
    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task A_push_goes_on_when_the_registry_misses_a_file_that_it_had_and_ends_when_it_always_does(int times)
    {
        var left = times;
        Registry.Lie = request =>
        {
            if (
                request.Method != "PUT"
                || !request.Target.Contains("/manifests/", StringComparison.Ordinal)
                || --left < 0)
                return null;
            Registry.Blobs.TryRemove(Weights, out _);
            return new(
                400,
                """{"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown to registry"}]}"""
            );
        };
        if (times > 1)
        {
            var error = await Assert.ThrowsAsync<MarrowException>(() => Bench.PushAsync(Saved, Registry.Host));
            Assert.Contains("2 times in a row", error.Message, StringComparison.Ordinal);
            return;
        }
        var pushed = (await Bench.PushAsync(Saved, Registry.Host))[^1];
        Assert.Equal(1, pushed.FilesSent);
        Assert.Equal(new FileInfo(Path.Combine(Saved.Path, "model.safetensors")).Length, pushed.BytesSent);
        Assert.Contains(Weights, Registry.Blobs.Keys);
    }

    [Theory]
    [InlineData("http://192.0.2.1/v2/lab/one/blobs/uploads/1")]
    [InlineData("https://192.0.2.1/upload")]
    [InlineData("file:///var/upload")]
    public async Task Weights_are_sent_to_nobody_else(string location)
    {
        Registry.Blobs.Clear();
        Registry.Lie = r => r.Method == "POST" ? new(202, "", ("Location", location)) : null;
        Assert.Contains(
            "Nothing was sent there",
            (await Assert.ThrowsAsync<MarrowException>(() => Bench.PushAsync(Saved, Registry.Host))).Message,
            StringComparison.Ordinal);
        Registry.Lie = r => r.Method == "POST" ? new(202, "", ("Location", $"http://{Elsewhere.Host}/upload")) : null;
        await Assert.ThrowsAsync<MarrowException>(() => Bench.PushAsync(Saved, Registry.Host));
        Registry.Lie = r => r.Method == "POST" ? Redirect($"http://{Elsewhere.Host}/upload") : null;
        Assert.Contains(
            "no redirect of what is written",
            (await Assert.ThrowsAsync<MarrowException>(() => Bench.PushAsync(Saved, Registry.Host))).Message,
            StringComparison.Ordinal);
        Assert.Empty(Elsewhere.Requests);
    }

    [Fact]
    public async Task A_registry_that_keeps_something_else_is_found_out()
    {
        Registry.Lie = r =>
            r.Method == "PUT" && r.Target.Contains("/manifests/", StringComparison.Ordinal)
                ? new(201, "", ("Docker-Content-Digest", $"sha256:{new string('0', 64)}"))
                : null;
        Assert.Contains(
            "changes manifests",
            (await Assert.ThrowsAsync<MarrowException>(() => Bench.PushAsync(Saved, Registry.Host))).Message,
            StringComparison.Ordinal);
        Registry.Lie = r =>
            r.Method == "HEAD" && r.Target.EndsWith(Weights, StringComparison.Ordinal) ? new(200, "short") : null;
        Assert.Contains(
            "holds a damaged blob",
            (await Assert.ThrowsAsync<MarrowException>(() => Bench.PushAsync(Saved, Registry.Host))).Message,
            StringComparison.Ordinal);
    }
}
