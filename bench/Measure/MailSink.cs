using System.Net;
using System.Net.Sockets;

namespace TicMate.Bench.Measure;

/// <summary>A mail server that takes every mail and keeps none.</summary>
public sealed class MailSink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    public MailSink()
    {
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
            try
            {
                _ = TalkAsync(await listener.AcceptTcpClientAsync(stop.Token));
            }
            catch (OperationCanceledException)
            {
                return;
            }
    }

    // RFC 5321, as far as one client needs it.
    private async Task TalkAsync(TcpClient client)
    {
        using (client)
        await using (var stream = client.GetStream())
        using (var reader = new StreamReader(stream))
        await using (var writer = new StreamWriter(stream) { NewLine = "\r\n", AutoFlush = true })
            try
            {
                await writer.WriteLineAsync("220 sink");
                while (await reader.ReadLineAsync(stop.Token) is { } line)
                {
                    var command = line.Split(' ', ':')[0].ToUpperInvariant();
                    await writer.WriteLineAsync(command switch { "EHLO" => "250-sink\r\n250 AUTH PLAIN", "AUTH" => "235 ok", "DATA" => "354 go on", "QUIT" => "221 bye", _ => "250 ok" });
                    if (command == "QUIT")
                        return;

                    if (command == "DATA")
                    {
                        while (await reader.ReadLineAsync(stop.Token) is { } text && text != ".")
                        {
                        }

                        await writer.WriteLineAsync("250 taken");
                    }
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
            {
                // It has gone, or we are going.
            }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await accepting;
        listener.Dispose();
        stop.Dispose();
    }
}
