using System.Collections.Frozen;
using System.Text.Json;
using TicMate.Admin.Operations;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Admin.Audit;

/// <summary>Every kind of event there is, under the names that the log and the wire have for it.</summary>
public static class AuditEvents
{
    // Events are the records of the contracts whose name is a fact about somebody or something, and those of this module.
    public static readonly Type[] Types =
    [
        .. typeof(IAccountEvent).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IAccountEvent))),
        typeof(RefreshTokenReused), typeof(SessionEnded), typeof(SignInFailed),
        .. typeof(TicketCreated).Assembly.GetTypes().Where(type => type.Namespace == typeof(TicketCreated).Namespace && IsFact(type)),
        typeof(PersonalDataRead), typeof(DeadLetterReplayed), typeof(DeadLetterDiscarded), typeof(RebuildStarted), typeof(RebuildEnded),
    ];

    /// <summary>The kinds as the wire has them: <c>ticket-assigned</c>.</summary>
    public static readonly FrozenSet<string> Actions = [.. Types.Select(type => ActionOf(AliasOf(type)))];

    /// <summary>As the log names an event.</summary>
    public static string AliasOf(Type type) => JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Name);

    public static string ActionOf(string alias) => alias.Replace('_', '-');

    public static string AliasOf(string action) => action.Replace('-', '_');

    // What happens to a ticket, a note or a draft names it first.
    private static bool IsFact(Type type) => type is { IsClass: true, IsAbstract: false }
        && type.GetConstructors().Any(made => made.GetParameters() is [{ Name: "TicketId" or "NoteId" or "DraftId" }, ..]);
}
