using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using MimeKit;

namespace TicMate.Tests.Fakes;

/// <summary>Where in a conversation the server can misbehave. <c>Body</c> is after the closing dot.</summary>
public enum SmtpStage { Connect, Auth, Mail, Rcpt, Data, Body, Quit }

/// <summary>What the server does at a stage.</summary>
public abstract record SmtpReaction
{
    public static readonly SmtpReaction Accept = new Accepting();
    /// <summary>Cuts the connection. At <see cref="SmtpStage.Body"/> the mail is kept first: the client cannot know.</summary>
    public static readonly SmtpReaction Drop = new Dropping();
    /// <summary>Says nothing more, ever.</summary>
    public static readonly SmtpReaction Stall = new Stalling();
    public static SmtpReaction Refuse(int code, string text = "no") => new Refusing(code, text);

    public sealed record Accepting : SmtpReaction;
    public sealed record Dropping : SmtpReaction;
    public sealed record Stalling : SmtpReaction;
    public sealed record Refusing(int Code, string Text) : SmtpReaction;
}

/// <summary>A mail the server took.</summary>
/// <param name="Raw">The bytes of the message, dots unstuffed.</param>
public sealed record ReceivedMail(string From, IReadOnlyList<string> To, byte[] Raw, MimeMessage Message, string? User, string? Password);

/// <summary>A real SMTP server on loopback that takes everything, keeps it and can be told to misbehave.</summary>
public sealed class SmtpListener : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly CancellationTokenSource stop = new();
    private readonly Channel<ReceivedMail> mails = Channel.CreateUnbounded<ReceivedMail>();
    private readonly Lock gate = new();
    private readonly List<Task> sessions = [];
    private readonly Task accepting;
    private volatile Func<SmtpStage, SmtpReaction> react = _ => SmtpReaction.Accept;

    private SmtpListener(int port)
    {
        listener = new(IPAddress.Loopback, port);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Asked at every stage of every connection; from many threads.</summary>
    public Func<SmtpStage, SmtpReaction> React { get => react; set => react = value; }

    /// <summary>On a free port unless told.</summary>
    public static SmtpListener Start(int port = 0) => new(port);

    /// <summary>Misbehave at one stage, from now on.</summary>
    public void At(SmtpStage stage, SmtpReaction reaction) => React = asked => asked == stage ? reaction : SmtpReaction.Accept;

    /// <summary>Take everything again.</summary>
    public void Behave() => React = _ => SmtpReaction.Accept;

    /// <summary>The next mail taken, in order of arrival. Fails after half a minute.</summary>
    public async Task<ReceivedMail> NextAsync(CancellationToken ct) =>
        await mails.Reader.ReadAsync(ct).AsTask().InTime("another mail is taken");

    /// <summary>The next mail if one is here already, else null.</summary>
    public ReceivedMail? TryNext() => mails.Reader.TryRead(out var mail) ? mail : null;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        Task[] open;
        lock (gate)
            open = [.. sessions];
        await Task.WhenAll(open);
        listener.Dispose();
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await listener.AcceptTcpClientAsync(stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            lock (gate)
            {
                sessions.RemoveAll(session => session.IsCompleted);
                sessions.Add(Task.Run(() => ServeAsync(client)));
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await new Session(this, client.GetStream()).RunAsync(stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or FormatException)
            {
            }
        }
    }

    /// <summary>One connection.</summary>
    private sealed class Session(SmtpListener server, NetworkStream stream)
    {
        private const int MaxMail = 10 * 1024 * 1024;
        private readonly BufferedStream input = new(stream);
        private string? user;
        private string? password;
        private string? from;
        private List<string> to = [];

        public async Task RunAsync(CancellationToken ct)
        {
            if (!await AskAsync(SmtpStage.Connect, "220 fake ESMTP", ct))
                return;

            while (await ReadLineAsync(ct) is { } bytes)
            {
                var line = Encoding.UTF8.GetString(bytes);
                var verb = line.Split(' ', ':')[0].ToUpperInvariant();
                if (!await ServeAsync(verb, line, ct))
                    return;
            }
        }

        private async Task<bool> ServeAsync(string verb, string line, CancellationToken ct)
        {
            switch (verb)
            {
                case "EHLO":
                    return await SayAsync("250-fake\r\n250-8BITMIME\r\n250-SIZE 10485760\r\n250 AUTH PLAIN LOGIN", ct);
                case "HELO" or "NOOP":
                    return await SayAsync("250 ok", ct);
                case "AUTH":
                    return await AuthAsync(line, ct);
                case "MAIL":
                    (from, to) = (Path(line), []);
                    return await AskAsync(SmtpStage.Mail, "250 ok", ct, refused: () => from = null);
                case "RCPT" when from is not null:
                    to.Add(Path(line));
                    return await AskAsync(SmtpStage.Rcpt, "250 ok", ct, refused: () => to.RemoveAt(to.Count - 1));
                case "DATA" when to.Count > 0:
                    var go = true;
                    return await AskAsync(SmtpStage.Data, "354 go on", ct, refused: () => go = false) && (!go || await DataAsync(ct));
                case "RSET":
                    (from, to) = (null, []);
                    return await SayAsync("250 ok", ct);
                case "QUIT":
                    await AskAsync(SmtpStage.Quit, "221 bye", ct);
                    return false;
                case "RCPT" or "DATA":
                    return await SayAsync("503 bad sequence", ct);
                default:
                    return await SayAsync("502 unknown", ct);
            }
        }

        private async Task<bool> AuthAsync(string line, CancellationToken ct)
        {
            var words = line.Split(' ');
            if (words is [_, "PLAIN", ..])
            {
                var plain = Decode(words.Length > 2 ? words[2] : await PromptAsync("", ct)).Split('\0');
                (user, password) = (plain.ElementAtOrDefault(1), plain.ElementAtOrDefault(2));
            }
            else if (words is [_, "LOGIN", ..])
            {
                user = Decode(words.Length > 2 ? words[2] : await PromptAsync("Username:", ct));
                password = Decode(await PromptAsync("Password:", ct));
            }
            else
            {
                return await SayAsync("504 unknown mechanism", ct);
            }

            return await AskAsync(SmtpStage.Auth, "235 welcome", ct, refused: () => (user, password) = (null, null));
        }

        private async Task<bool> DataAsync(CancellationToken ct)
        {
            using var data = new MemoryStream();
            while (true)
            {
                if (await ReadLineAsync(ct) is not { } line)
                    return false;
                if (line is [(byte)'.'])
                    break;

                data.Write(line is [(byte)'.', .. var unstuffed] ? unstuffed : line);
                data.Write("\r\n"u8);
                if (data.Length > MaxMail)
                    return false;
            }

            var reaction = server.React(SmtpStage.Body);
            if (reaction is SmtpReaction.Accepting or SmtpReaction.Dropping)
            {
                data.Position = 0;
                server.mails.Writer.TryWrite(new(from!, to, data.ToArray(), await MimeMessage.LoadAsync(data, ct), user, password));
            }

            (from, to) = (null, []);
            return await AnswerAsync(reaction, "250 taken", ct);
        }

        /// <summary>False: the connection is over.</summary>
        private Task<bool> AskAsync(SmtpStage stage, string reply, CancellationToken ct, Action? refused = null) =>
            AnswerAsync(server.React(stage), reply, ct, refused);

        private async Task<bool> AnswerAsync(SmtpReaction reaction, string reply, CancellationToken ct, Action? refused = null)
        {
            switch (reaction)
            {
                case SmtpReaction.Dropping:
                    return false;
                case SmtpReaction.Stalling:
                    await new TaskCompletionSource().Task.WaitAsync(ct);
                    return false;
                case SmtpReaction.Refusing(var code, var text):
                    refused?.Invoke();
                    return await SayAsync($"{code} {text}", ct);
                default:
                    return await SayAsync(reply, ct);
            }
        }

        private async Task<string> PromptAsync(string prompt, CancellationToken ct)
        {
            await SayAsync("334 " + Convert.ToBase64String(Encoding.UTF8.GetBytes(prompt)), ct);
            return Encoding.ASCII.GetString(await ReadLineAsync(ct) ?? []);
        }

        private async Task<bool> SayAsync(string reply, CancellationToken ct)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(reply + "\r\n"), ct);
            return true;
        }

        // Only CR LF ends a line: a server that also takes a bare LF can be made to see two mails in one.
        private async Task<byte[]?> ReadLineAsync(CancellationToken ct)
        {
            using var line = new MemoryStream();
            var next = new byte[1];
            var last = 0;
            while (line.Length <= MaxMail && await input.ReadAsync(next, ct) == 1)
            {
                if (last == '\r' && next[0] == '\n')
                    return line.ToArray()[..^1];

                line.WriteByte(next[0]);
                last = next[0];
            }

            return null;
        }

        private static string Path(string line) => line.Split('<', 2).ElementAtOrDefault(1)?.Split('>')[0] ?? "";

        private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
    }
}
