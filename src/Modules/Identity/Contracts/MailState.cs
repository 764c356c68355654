namespace TicMate.Identity.Contracts;

/// <summary>A message whose handling sends one mail.</summary>
public interface ISendsMail
{
    /// <summary>The messages of all modules that do.</summary>
    static Type[] All { get; } =
        [.. AppDomain.CurrentDomain.GetAssemblies().Where(a => a.GetName().Name?.StartsWith("TicMate.", StringComparison.Ordinal) is true)
            .SelectMany(a => a.GetTypes()).Where(t => t.IsAssignableTo(typeof(ISendsMail)) && !t.IsInterface)];
}

/// <summary>How mailing goes, as this node has seen it since it started.</summary>
/// <param name="Transport">resend, smtp, folder or none.</param>
/// <param name="LastFailureStatus">What the server answered at the last failure, if it answered.</param>
public sealed record MailState(string Transport, DateTimeOffset? LastSuccess, DateTimeOffset? LastFailure, int? LastFailureStatus);

/// <summary>Tells how mailing goes.</summary>
public interface IMailState
{
    MailState Now { get; }
}
