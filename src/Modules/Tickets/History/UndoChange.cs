using System.Text.Json.Serialization;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Lifecycle;
using TicMate.Tickets.Reading;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.History;

/// <param name="Version">The version that the change to undo led to, as the history shows it.</param>
public sealed record UndoChange(Number Version) : TicketRequest;

/// <summary>A change that shall be undone, and what happened after it.</summary>
/// <param name="Assignee">Whose work the ticket was before it, when the change was about that.</param>
public sealed record Undoing(Moment Moment, IReadOnlyList<Moment> Later, User? Assignee);

public static class UndoChangeEndpoint
{
    /// <summary>Reads the events once the stream is held, so that of two undos at once one sees the other.</summary>
    public static async Task<Undoing?> LoadAsync(UndoChange request, Ticket? ticket, CurrentUser user, IDocumentSession session, CancellationToken ct)
    {
        if (ticket is null || (!ticket.IsVisibleTo(user) && user.Id != ticket.AuthorId)
            || request.Version.Value is not { } version || version < 1 || version > ticket.Version)
            return null;

        var moments = Moment.Of(await session.Events.FetchStreamAsync(ticket.Id, token: ct));
        var undone = moments[(int)version - 1];
        session.CausationId = undone.Event.Id.ToString();

        var assignee = undone is { Event.Data: TicketAssigned or TicketUnassigned, Before.Ticket.AssigneeId: { } id }
            ? await session.LoadAsync<User>(id, ct) : null;
        return new Undoing(undone, [.. moments.Skip((int)version)], assignee);
    }

    public static ProblemDetails Validate(UndoChange request, Ticket? ticket, Undoing? undoing, CurrentUser user, IfMatch match, DateTimeOffset now) =>
        (IsOwnDeletion(ticket, undoing, user) ? null : TicketGuard.Unseen(ticket, user))
        ?? (undoing is null ? null : NotTheirs(undoing.Moment, ticket!, user))
        ?? request.FaultsFor(ticket!).When(undoing is null, "version", $"Version must be one of the ticket's versions, 1 to {ticket!.Version}.")
            .Refusal
        ?? match.Stale(ticket!.Version) ?? Impossible(undoing!, ticket, user, now) ?? WolverineContinue.NoProblems;

    [WolverinePost("/api/tickets/{ticketId}/undo")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    [ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, Wolverine.Marten.Events, OutgoingMessages) Post(
        UndoChange request, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, Undoing? undoing, CurrentUser user)
    {
        Wolverine.Marten.Events events = [.. Compensation.Of(undoing!.Moment, ticket!, user, undoing.Assignee)];
        return (new TicketChanged(ticket!.Id, $"What version {undoing.Moment.Version} changed is undone."), events, [.. events.SelectMany(e => News(e, ticket, user))]);
    }

    // Whoever gets the ticket hears of it, and whoever got it back with a restored ticket may have stopped working meanwhile.
    private static IEnumerable<object> News(object change, Ticket before, CurrentUser user) => change switch
    {
        TicketAssigned e => TellAssignee.Of(before, e.AssigneeId, user.Id),
        TicketRestored { TakenUpId: { } assignee } e => [new HandOnTicket(e.TicketId, assignee)],
        _ => Array.Empty<object>(),
    };

    // A deleted ticket is gone for its owner too, except to bring it back.
    private static bool IsOwnDeletion(Ticket? ticket, Undoing? undoing, CurrentUser user) =>
        ticket?.AuthorId == user.Id && undoing?.Moment.Event.Data is TicketDeleted;

    /// <summary>Who could do it by hand may undo it.</summary>
    private static ProblemDetails? NotTheirs(Moment undone, Ticket ticket, CurrentUser user) => (undone.Event.Data, user) switch
    {
        (TicketDeleted or TicketRestored, _) => user.Role is Roles.Admin || user.Id == ticket.AuthorId ? null
            : Refuse.Forbidden("A ticket is deleted and restored by its owner or by an admin."),
        (_, { IsStaff: true }) or (TicketEdited or TicketDeadlineMoved, _) => null,
        (TicketStatusChanged, _) => ChangeStatusEndpoint.NotTheirs(undone.Before!.Ticket.Status, ticket, user),
        _ => Compensation.FieldsOf(undone.Event.Data) is [] ? null : Refuse.Forbidden("This change is for staff to undo."),
    };

    private static ProblemDetails? Impossible(Undoing undoing, Ticket ticket, CurrentUser user, DateTimeOffset now)
    {
        var (undone, data) = (undoing.Moment, undoing.Moment.Event.Data);
        if (!Compensation.CanUndo(undone))
            return Refuse.With(409, "cannot-be-undone", user.IsStaff && data is TicketMerged or TicketAbsorbed
                ? "A merge is taken back by unmerging." : $"Version {undone.Version} did nothing that can be undone.");

        if (Compensation.Conflict(undone, undoing.Later) is var (field, version))
        {
            var problem = Refuse.With(409, "undo-conflict", $"Version {version} has changed {field} since; undo that first.");
            problem.Extensions["conflict"] = new { field, version };
            return problem;
        }

        return (data is TicketDeleted ? RestoreTicketEndpoint.TooLate(ticket, now) : TicketGuard.Frozen(ticket))
            ?? (data is TicketRestored ? DeleteTicketEndpoint.GoesOnForOthers(ticket) : null)
            ?? (data is TicketStatusChanged ? ChangeStatusEndpoint.IllegalStep(ticket.Status, undone.Before!.Ticket.Status) : null)
            ?? (data is TicketEdited or TicketDeadlineMoved && !user.IsStaff && !ticket.IsOpen
                ? Refuse.With(409, "ticket-completed", "The ticket is completed; reopen it before you change it.") : null)
            ?? (data is TicketAssigned or TicketUnassigned && undone.Before!.Ticket.AssigneeId is not null && undoing.Assignee is not { MayWork: true }
                ? Refuse.With(409, "assignee-unavailable", "Who had the ticket before does not work on tickets any more.") : null);
    }
}
