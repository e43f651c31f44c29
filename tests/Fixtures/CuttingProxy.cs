using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Marrow.Tests;

/// <summary>
/// Stands between Marrow and a registry: writes down each request's first line, and cuts the connection once after so
/// many bytes of either direction. Both are counted over all connections, so that every byte of a transfer can be the
/// last.
/// </summary>
internal sealed class CuttingProxy : IDisposable
{
    private readonly TcpListener _listener;
    private readonly int _port;
    private readonly Lock _turn = new();
    private readonly List<string> _requests = [];
    private long _up, _down;

    public CuttingProxy(int port, IPAddress? address = null)
    {
        _port = port;
        _listener = new(address ?? IPAddress.Loopback, 0);
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Host => _listener.LocalEndpoint.ToString()!;

    /// <summary>Bytes after which it cuts, once; -1 for never.</summary>
    public long CutUpAfter { get; set; } = -1;

    public long CutDownAfter { get; set; } = -1;

    public int Cuts { get; private set; }

    /// <summary>Slows answers down to some KiB at a time.</summary>
    public TimeSpan PauseDown { get; set; }

    public long Up => Interlocked.Read(ref _up);

    public long Down => Interlocked.Read(ref _down);

    /// <summary>"PUT /v2/...": so far.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_turn)
                return [.. _requests];
        }
    }

    public int Count(string method) => Requests.Count(r => r.StartsWith(method + " ", StringComparison.Ordinal));

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was disposed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                using var server = new TcpClient("127.0.0.1", _port) { NoDelay = true };
                client.NoDelay = true;
                var (near, far) = (client.GetStream(), server.GetStream());
                await Task.WhenAny(PumpAsync(near, far, up: true), PumpAsync(far, near, up: false));
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
            {
                // One side has gone: the other is told by the closing.
            }
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, bool up)
    {
        var buffer = new byte[4096];
        try
        {
            for (int count; (count = await from.ReadAsync(buffer)) > 0;)
            {
                if (
                    up
                    && Encoding.Latin1.GetString(buffer, 0, count) is var text
                    && text.IndexOf(" HTTP/1.1\r\n", StringComparison.Ordinal) is > 0 and var end)
                {
                    lock (_turn)
                        _requests.Add(text[(text.LastIndexOf('\n', end) + 1)..end]);
                }
                else if (!up && PauseDown > TimeSpan.Zero)
                {
                    await Task.Delay(PauseDown);
                }
                var passing = Passing(count, up);
                await to.WriteAsync(buffer.AsMemory(0, passing));
                if (passing < count)
                {
                    await to.FlushAsync();
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // One side has gone.
        }
    }

    /// <summary>How many of the bytes go through before the cut.</summary>
    private int Passing(int count, bool up)
    {
        lock (_turn)
        {
            var (cut, before) = (up ? CutUpAfter : CutDownAfter, up ? _up : _down);
            _ = up ? _up += count : _down += count;
            if (cut < 0 || before + count <= cut)
                return count;
            _ = up ? CutUpAfter = -1 : CutDownAfter = -1;
            Cuts++;
            return (int)Math.Max(0, cut - before);
        }
    }
}
