using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Assignment;

/// <summary>Somebody may take more tickets than before: offer them what waits for a skill of theirs, the oldest first.</summary>
public sealed record HandOutTickets(Guid UserId);

/// <summary>Give one waiting ticket to whoever fits best, then go on with the next one that this person could take.</summary>
/// <param name="UserId">For whose sake; null when it is about this ticket alone.</param>
/// <param name="Number">The ticket's number: the next one has a greater one.</param>
public sealed record HandOutTicket(Guid TicketId, Guid? UserId = null, int Number = 0)
{
    /// <summary>Asks the agent to look for somebody else when the assignee took the ticket off themselves.</summary>
    public static OutgoingMessages GivenBack(Ticket before, Guid byId) =>
        before.IsOpen && before.AssigneeId == byId ? [new HandOutTicket(before.Id)] : [];
}

/// <summary>The oldest ticket that waits for one of somebody's skills and that they did not give back.</summary>
public sealed record WaitingTicket(Guid? Id, int Number)
{
    public static readonly WaitingTicket None = new(null, 0);

    public static async Task<WaitingTicket> NextAsync(IQuerySession session, User? person, int afterNumber, CancellationToken ct)
    {
        if (person is not { MayWork: true, Skills.Length: > 0 })
            return None;

        string[] skills = [.. person.Skills.Select(s => s.ToUpperInvariant())];
        var found = await session.AdvancedSql.QueryAsync<Guid, int>(
            $"""
            select row(id), row(number) from {session.DocumentStore.Options.DatabaseSchemaName}.mt_doc_ticket
            where {Waits} and number > ? and waiting_for && cast(? as varchar[]) and not jsonb_exists(data -> 'releasedBy', ?) order by number limit 1
            """, ct, afterNumber, skills, person.Id.ToString());
        return found is [var (id, number)] ? new WaitingTicket(id, number) : None;
    }

    /// <summary>The predicate of the indexes behind it: said in other words, they would not be used.</summary>
    public const string Waits = "cardinality(waiting_for) > 0";
}

public static class HandOutTicketsHandler
{
    public static async Task<WaitingTicket> LoadAsync(HandOutTickets command, IQuerySession session, CancellationToken ct) =>
        await WaitingTicket.NextAsync(session, await session.LoadAsync<User>(command.UserId, ct), 0, ct);

    public static (Offered, HandOutTicket?) Handle(HandOutTickets command, WaitingTicket first) =>
        (new Offered(command.UserId), first.Id is { } id ? new HandOutTicket(id, command.UserId, first.Number) : null);
}

/// <summary>
/// One ticket, one transaction, and only then the next: so the oldest goes first, however many messages are handled at once, and it ends
/// where the person has no room left.
/// </summary>
public static class HandOutTicketHandler
{
    public static async Task<(Candidate[], WaitingTicket)> LoadAsync(HandOutTicket command, IDocumentSession session, CancellationToken ct)
    {
        session.LastModifiedBy = "system:hand-out";
        var staff = await Candidates.HoldAsync(session, ct);
        var person = staff.FirstOrDefault(c => c.Person.Id == command.UserId && SkillMatch.MayBeGivenWork(c, staff))?.Person;
        return (staff, await WaitingTicket.NextAsync(session, person, command.Number, ct));
    }

    public static (TicketAssigned?, TurnedAway, OutgoingMessages) Handle(
        HandOutTicket command, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, Candidate[] staff, WaitingTicket next)
    {
        var choice = ticket is { WaitingFor.Length: > 0 } ? SkillMatch.Choose(staff, ticket.RelatedSkills, ticket.ReleasedBy) : new Choice(null, [], "");
        var messages = choice.Assignee is { } chosen ? TellAssignee.Of(ticket!, chosen) : [];
        var goesOn = staff.Any(c => c.Person.Id == command.UserId
            && (choice.Assignee == command.UserId ? c with { OpenTickets = c.OpenTickets + 1 } : c).HasRoom);
        if (goesOn && next.Id is { } id)
            messages.Add(command with { TicketId = id, Number = next.Number });

        return (
            choice.Assignee is { } assignee ? new TicketAssigned(ticket!.Id, assignee, null, choice.Matched, choice.Reason) : null,
            new TurnedAway(
                [.. choice.Assignee is null ? choice.Full : [], .. !goesOn && next.Id is not null && command.UserId is { } full ? new[] { full } : []]),
            messages);
    }
}
