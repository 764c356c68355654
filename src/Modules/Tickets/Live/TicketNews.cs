using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Live;

/// <summary>What a stream says of an event: that it happened. What it changed, the ticket says.</summary>
/// <param name="Version">The ticket's version from then on; left out for what does not change the ticket.</param>
/// <param name="ActorId">The person who did it, if one did.</param>
public sealed record TicketEventView(
    Guid TicketId, int Number, string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Version, DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? ActorId);

/// <summary>An event of a ticket, and the ticket's facts that decide who may hear of it.</summary>
/// <param name="Alias">The event's name in the log.</param>
/// <param name="IsDeleted">Whether the ticket is deleted by now.</param>
public sealed record TicketNews(
    long Sequence, string Alias, Guid TicketId, int Number, long? Version, DateTimeOffset At, Guid? ActorId, Guid OwnerId, bool IsDeleted)
{
    // Who hears of what. An event that is in neither list reaches nobody.
    private static readonly Type[] ForOwnerToo =
    [
        typeof(TicketCreated), typeof(TicketTriaged), typeof(TicketTriageUndone), typeof(TicketProposalAccepted), typeof(TicketProposalRejected), typeof(TicketEdited), typeof(TicketDeadlineMoved), typeof(TicketPrioritised),
        typeof(TicketSkillsRecorded), typeof(TicketAssigned), typeof(TicketUnassigned), typeof(TicketStatusChanged), typeof(TicketReplied),
        typeof(TicketReplyCorrected), typeof(TicketReplyWithdrawn), typeof(TicketFollowedUp), typeof(TicketMerged), typeof(TicketUnmerged),
        typeof(TicketDeleted), typeof(TicketRestored), typeof(TicketWritingErased), typeof(TicketErased),
    ];

    // Notes, drafts, reminders, how the agent gets on, and that somebody else had the same trouble.
    private static readonly Type[] ForStaff =
    [
        typeof(TicketDeadlineNeared), typeof(TicketDeadlinePassed), typeof(TicketNotesRewritten), typeof(TicketLeftUnassigned),
        typeof(TicketAbsorbed), typeof(TicketSeparated), typeof(TicketTriageFailed), typeof(TicketTriageRequested),
        typeof(TicketLinked), typeof(TicketUnlinked),
        typeof(NoteWritten), typeof(NoteCorrected), typeof(NoteWithdrawn), typeof(NoteErased), typeof(ReplyDrafted), typeof(ReplyDraftUsed),
    ];

    private static readonly FrozenSet<string> OwnersAliases = [.. ForOwnerToo.Select(AliasOf)], StaffAliases = [.. OwnersAliases, .. ForStaff.Select(AliasOf)];
    private static readonly string Deletion = AliasOf(typeof(TicketDeleted));

    /// <summary>Everything that anybody may hear of.</summary>
    public static readonly string[] Aliases = [.. StaffAliases];

    /// <summary>As the log names an event.</summary>
    public static string AliasOf(Type type) => JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Name);

    /// <summary>As streams name it: <c>ticket-replied</c>.</summary>
    public string Name => Alias.Replace('_', '-');

    public TicketEventView View => new(TicketId, Number, Name, Version, At, ActorId);

    /// <summary>
    /// Staff hear of every ticket, owners of theirs; of a deleted one its deletion is the last that anyone but admins hears. What happened
    /// before it is no longer told either, to those who come back later.
    /// </summary>
    public bool MaySee(CurrentUser user)
    {
        if (IsDeleted && Alias != Deletion && user.Role is not Roles.Admin)
            return false;

        return user.IsStaff ? StaffAliases.Contains(Alias) : user.Id == OwnerId && OwnersAliases.Contains(Alias);
    }
}
