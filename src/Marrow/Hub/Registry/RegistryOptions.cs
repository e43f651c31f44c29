namespace Marrow.Hub.Registry;

/// <summary>
/// The settings for connections to a registry. The defaults suit a laboratory's network; tests use shorter times.
/// </summary>
internal sealed record RegistryOptions
{
    /// <summary>
    /// True to use plain HTTP with a registry on another machine. Anybody on the network path can then read and change
    /// what is transferred.
    /// </summary>
    public bool PlainHttp { get; init; }

    /// <summary>The number of files that are transferred at once, 1 to 32.</summary>
    public int Parallel { get; init; } = CheckpointRegistry.DefaultParallel;

    /// <summary>The longest time that opening a connection may take, including TLS.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The longest time from the end of a request to the first byte of its answer; for small answers, to the last byte.
    /// </summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// The time within which at least <see cref="StallBytes"/> must be transferred. Otherwise the connection is closed.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public int StallBytes { get; init; } = 16 << 10;

    /// <summary>
    /// The number of attempts without progress after which a transfer fails. With progress in between, twenty times as
    /// many are allowed.
    /// </summary>
    public int Attempts { get; init; } = 3;

    /// <summary>The pause before the second attempt. It doubles with each further attempt.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause between attempts, even when the registry asks for more with Retry-After.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The number of bytes that one request of an upload carries.</summary>
    public int ChunkBytes { get; init; } = 16 << 20;

    /// <summary>The largest size of a checkpoint that is downloaded, in bytes.</summary>
    public long MaxCheckpointBytes { get; init; } = 256L << 30;

    /// <summary>
    /// The path of the Docker credential file; null for $DOCKER_CONFIG/config.json or, when that is not set,
    /// ~/.docker/config.json.
    /// </summary>
    public string? CredentialFile { get; init; }

    /// <summary>Called with a line of text when a registry is silent or a request is repeated; may be null.</summary>
    public Action<string>? Note { get; init; }

    /// <summary>The length of silence after which a note is given, and between further notes.</summary>
    public TimeSpan WordAfter { get; init; } = TimeSpan.FromSeconds(5);

    public void Validate()
    {
        if (Parallel is < 1 or > 32)
            throw MarrowException.Bad(
                "registry options",
                "1 to 32 files at once",
                $"{Parallel}",
                "Choose another number.");
        if (Attempts < 1 || ChunkBytes < 1 || StallBytes < 1 || MaxCheckpointBytes < 1)
            throw MarrowException.Bad(
                "registry options",
                "positive numbers of attempts and bytes",
                "others",
                "Correct them.");
    }
}
