namespace TicMate.Identity.Email;

/// <summary>Hands one mail to whatever carries mail here. Returns once it is taken over, which is not yet delivered.</summary>
public interface IMailer
{
    /// <exception cref="MailRefusedException">Final: sending it again is pointless.</exception>
    /// <exception cref="MailUnavailableException">Send the same mail again later, with the same <see cref="Mail.MessageId"/>.</exception>
    Task SendAsync(Mail mail, CancellationToken ct);
}

/// <summary>A plain text mail to one person.</summary>
/// <param name="To">The bare address, as it stands in the account.</param>
/// <param name="ToName">The name shown beside it; may be empty.</param>
/// <param name="Subject">One line; control characters in it become spaces.</param>
/// <param name="Text">The whole body.</param>
/// <param name="MessageId">
/// <c>kind.entity.version@host</c>, derived from what caused the mail and never random: it is how a mail sent twice is known as one.
/// </param>
public sealed record Mail(string To, string ToName, string Subject, string Text, string MessageId)
{
    /// <summary>What the mail is about, in a word of the code.</summary>
    public string Kind => MessageId.Split('.')[0];

    // The rest is personal or holds a one-time link, and records end up in logs.
    public override string ToString() => $"Mail {MessageId}";
}

/// <summary>
/// The mail itself was refused for good: 5xx, or an address nobody could have. Carries no inner exception: servers quote addresses.
/// </summary>
public sealed class MailRefusedException(string message, int? status = null) : Exception(message)
{
    /// <summary>What the server answered, if it was the server that refused.</summary>
    public int? Status { get; } = status;
}

/// <summary>
/// The mail could not be handed over now: 4xx, network, timeout, login. Carries no inner exception: servers quote addresses.
/// </summary>
public sealed class MailUnavailableException(string message, int? status = null) : Exception(message)
{
    /// <summary>What the server answered, if it answered.</summary>
    public int? Status { get; } = status;
}
