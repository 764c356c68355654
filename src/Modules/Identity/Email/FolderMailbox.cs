using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using MimeKit;

namespace TicMate.Identity.Email;

/// <summary>A mail in the folder.</summary>
public sealed record MailboxEntry(string Id, string MessageId, string To, string Subject, DateTimeOffset Date, string Text);

/// <summary>
/// Development's post: each mail is an .eml file, named by time and by what its Message-ID hashes to. The same mail twice is one file,
/// as long as one process writes there. Keeps the newest 1,000.
/// </summary>
public sealed class FolderMailbox(IOptions<MailOptions> options, TimeProvider clock) : IMailer
{
    /// <summary>How many mails are kept.</summary>
    public const int Capacity = 1_000;

    private const string Suffix = ".eml";
    private readonly Lock writing = new();

    private string Folder => Path.GetFullPath(options.Value.Folder);

    public Task SendAsync(Mail mail, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        using var message = MailMessages.Compose(mail, MailboxAddress.Parse(options.Value.From), clock.GetUtcNow(), resend: false);
        message.Prepare(EncodingConstraint.EightBit);
        try
        {
            lock (writing)
                Write(message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MailUnavailableException($"Mail:Folder cannot be written ({e.GetType().Name}).");
        }

        return Task.CompletedTask;
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<MailboxEntry> List(int skip, int take) => [.. Ids().Skip(skip).Take(take).Select(Find).OfType<MailboxEntry>()];

    /// <summary>One mail, or null when there is none or the id is not one of ours.</summary>
    public MailboxEntry? Find(string id)
    {
        if (Raw(id) is not { } file)
            return null;

        using (file)
        using (var message = MimeMessage.Load(file))
            return new(id, message.MessageId ?? "", message.To.ToString(), message.Subject ?? "", message.Date, message.TextBody ?? "");
    }

    /// <summary>The file itself, or null when there is none or the id is not one of ours.</summary>
    public Stream? Raw(string id)
    {
        try
        {
            return IsId(id) ? File.OpenRead(PathOf(id)) : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Everybody who has mail here.</summary>
    public IReadOnlySet<string> Recipients() => Ids().Select(Find).OfType<MailboxEntry>().SelectMany(Addresses).ToHashSet();

    /// <summary>Removes the mails to these addresses.</summary>
    public void RemoveMailTo(IReadOnlySet<string> addresses) => Remove(mail => Addresses(mail).Any(addresses.Contains));

    /// <summary>Removes some of the mails.</summary>
    public void Remove(Func<MailboxEntry, bool> which)
    {
        foreach (var mail in Ids().Select(Find).OfType<MailboxEntry>().Where(which).ToArray())
            File.Delete(PathOf(mail.Id));
    }

    private static IEnumerable<string> Addresses(MailboxEntry mail) => InternetAddressList.Parse(mail.To).Mailboxes.Select(m => m.Address);

    private void Write(MimeMessage message)
    {
        CreateFolder();
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(message.MessageId!)))[..32];
        if (Directory.EnumerateFiles(Folder, $"*-{hash}{Suffix}").Any())
            return;

        var time = message.Date.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        var unfinished = Path.Combine(Folder, $".{hash}.tmp");
        using (var file = File.Create(unfinished))
            message.WriteTo(file);

        // A reader sees the whole mail or none.
        File.Move(unfinished, PathOf($"{time}-{hash}"), overwrite: true);
        foreach (var old in Ids().Skip(Capacity))
            File.Delete(PathOf(old));
    }

    // The mails hold live one-time links.
    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(Folder);
        else
            Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private IEnumerable<string> Ids() =>
        !Directory.Exists(Folder) ? [] : Directory.EnumerateFiles(Folder, $"*{Suffix}")
            .Select(path => Path.GetFileNameWithoutExtension(path)).Where(IsId).OrderDescending(StringComparer.Ordinal);

    private string PathOf(string id) => Path.Combine(Folder, id + Suffix);

    // Time, a dash, hash: no dot and no separator, so no id leaves the folder.
    private static bool IsId(string id) =>
        id.Length == 52 && id[19] == '-'
        && id[..19].All(c => char.IsAsciiDigit(c) || c is 'T' or 'Z') && id[20..].All(char.IsAsciiHexDigitLower);
}
