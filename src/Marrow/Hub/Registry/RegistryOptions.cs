namespace Marrow.Hub.Registry;

/// <summary>How a registry is spoken to. The defaults fit a laboratory's network; tests shorten the times.</summary>
internal sealed record RegistryOptions
{
    /// <summary>
    /// Speak plain HTTP to this registry though it is not on this machine: whoever is between can read and change what
    /// goes by.
    /// </summary>
    public bool PlainHttp { get; init; }

    /// <summary>The number of files that are transferred at once, 1 to 32.</summary>
    public int Parallel { get; init; } = CheckpointRegistry.DefaultParallel;

    /// <summary>The longest time that opening a connection may take, including TLS.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Until the first byte of an answer, once the request has gone out; for small answers until the last.
    /// </summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// In each such stretch at least <see cref="StallBytes"/> must travel, or the connection is given up.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public int StallBytes { get; init; } = 16 << 10;

    /// <summary>
    /// Attempts without progress before a transfer is given up; in all, with progress between, twenty times as many.
    /// </summary>
    public int Attempts { get; init; } = 3;

    /// <summary>The pause before the second attempt. It doubles with each further attempt.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause between attempts, whatever the registry asks for with Retry-After.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The number of bytes that one request of an upload carries.</summary>
    public int ChunkBytes { get; init; } = 16 << 20;

    /// <summary>The largest size of a checkpoint that is downloaded, in bytes.</summary>
    public long MaxCheckpointBytes { get; init; } = 256L << 30;

    /// <summary>The Docker credential file; null: $DOCKER_CONFIG/config.json, else ~/.docker/config.json.</summary>
    public string? CredentialFile { get; init; }

    /// <summary>
    /// Told in a line when a registry is silent or another attempt is made; null when nobody is to be told.
    /// </summary>
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
