using System.Globalization;
using System.Text.Json.Serialization;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using TicMate.Tickets.Triage;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Lifecycle;

/// <summary>A whole ticket, as old clients send it back, or only what shall change.</summary>
/// <param name="Version">The version that the sender had before them. What equals the ticket at that version is not a change.</param>
public sealed record EditTicket(
    Field<string> Title, Field<string> Description, Field<string> Category, Field<string> Deadline, Field<string> Status, Field<string> Priority,
    Field<string[]> RelatedSkills, Field<string> HelpfulNotes, Field<Reference> AssignedTo, Number Version) : TicketRequest
{
    /// <summary>The request without what is no change, or not this person's to change.</summary>
    /// <param name="before">The ticket as the sender had it.</param>
    /// <param name="isOpen">Whether it is open now: an owner completes and reopens, and no more.</param>
    public EditTicket Against(Ticket before, bool isOpen, CurrentUser user) => this with
    {
        Title = Differs(Title, before.Title, Title.Value?.Trim()) ? Title : default,
        Description = Differs(Description, before.Description, Description.Value) ? Description : default,
        Category = Differs(Category, before.Category, Category.Value?.Trim()) ? Category : default,
        Deadline = IsAnotherDeadline(before.Deadline) ? Deadline : default,
        Status = Says(Status, before.Status) && (user.IsStaff || isOpen == (WantedStatus is Contracts.Status.Completed)) ? Status : default,
        Priority = user.IsStaff && Says(Priority, before.Priority) ? Priority : default,
        RelatedSkills = user.IsStaff && (RelatedSkills.IsMalformed || (RelatedSkills.IsGiven && !Skills.SequenceEqual(before.RelatedSkills))) ? RelatedSkills : default,
        HelpfulNotes = user.IsStaff && Differs(HelpfulNotes, before.HelpfulNotes, HelpfulNotes.Value) ? HelpfulNotes : default,
        AssignedTo = user.IsStaff && AssignedTo.IsGiven && AssigneeId != before.AssigneeId ? AssignedTo : default,
    };

    [JsonIgnore]
    public bool ChangesWords => Title.IsGiven || Description.IsGiven || Category.IsGiven || Deadline.IsGiven;

    [JsonIgnore]
    public Guid? AssigneeId => AssignedTo.Value is { Text.Length: > 0 } person ? person.Id : null;

    [JsonIgnore]
    public string WantedStatus => Contracts.Status.Of(Status.Value ?? "");

    [JsonIgnore]
    public string[] Skills => [.. (RelatedSkills.Value ?? []).Select(skill => skill?.Trim() ?? "").Distinct(StringComparer.OrdinalIgnoreCase)];

    private static bool Differs(Field<string> field, string before, string? value) => field.IsMalformed || (field.IsGiven && (value ?? "") != before);

    // The empty text does not say a word of the vocabulary.
    private static bool Says(Field<string> field, string before) =>
        field.IsMalformed || (field.Value is { Length: > 0 } word && Contracts.Status.Of(word) != before);

    // A date field shows less than the ticket knows: sent back, it changes nothing.
    private bool IsAnotherDeadline(DateTimeOffset? before) => Deadline.IsMalformed || (Deadline.IsGiven && (Deadline.Value is not { Length: > 0 } text
        ? before is not null
        : WireTime.Parse(text) is not { } time || (time != before && text != before?.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))));
}

/// <summary>What an edit comes to: the changes that are left of it, and who shall get the ticket, if that is to change.</summary>
public sealed record Edit(EditTicket Changes, Assignee Assignee)
{
    public static async Task<Edit?> OfAsync(EditTicket request, Ticket? ticket, CurrentUser user, IDocumentSession session, CancellationToken ct)
    {
        if (ticket is null)
            return null;

        var before = request.Version.Value is { } version && version > 0 && version < ticket.Version
            ? await session.Events.AggregateStreamAsync<Ticket>(ticket.Id, version, token: ct) : ticket;
        var changes = request.Against(before ?? ticket, ticket.IsOpen, user);
        return new Edit(changes, await Assignee.FindAsync(session, changes.AssigneeId, ct));
    }

    public ProblemDetails? Refusal(Ticket ticket, CurrentUser user, IfMatch match, DateTimeOffset now) =>
        Faults(ticket, now) ?? match.Stale(ticket.Version) ?? TicketGuard.Frozen(ticket)
        ?? (!user.IsStaff && Changes.ChangesWords && !ticket.IsOpen && Changes.WantedStatus is "" or Contracts.Status.Completed
            ? Refuse.With(409, "ticket-completed", "The ticket is completed; reopen it before you change it.") : null)
        ?? (Changes.Status.IsGiven ? ChangeStatusEndpoint.IllegalStep(ticket.Status, Changes.WantedStatus) : null);

    private ProblemDetails? Faults(Ticket ticket, DateTimeOffset now)
    {
        var faults = Changes.FaultsFor(ticket).When(
            Changes.Version.IsMalformed || Changes.Version.Value is { } version && (version < 1 || version > ticket.Version), "version",
            $"Version must be one of the ticket's versions, 1 to {ticket.Version}.");
        if (Changes.Title.IsGiven)
            faults.Line("title", Changes.Title, 255);
        if (Changes.Description.IsGiven)
            faults.Text("description", Changes.Description, 10_000);
        if (Changes.HelpfulNotes.Value is { Length: > 0 } || Changes.HelpfulNotes.IsMalformed)
            faults.Text("helpfulNotes", Changes.HelpfulNotes, 10_000);

        return faults.OptionalLine("category", Changes.Category, 255).Time("deadline", Changes.Deadline, now)
            .OneOf("status", Changes.Status, Contracts.Status.WordsAndAliases).OneOf("priority", Changes.Priority, Contracts.Priority.Words)
            .Names("relatedSkills", Changes.RelatedSkills, 20, 50)
            .When(!Assignee.MayHaveTickets, "assignedTo", Assignee.Refusal)
            .Refusal;
    }

    /// <summary>One event for each kind of fact that is new.</summary>
    public IEnumerable<object> Events(Ticket ticket, CurrentUser user)
    {
        var (title, description, category) = (New(Changes.Title, ticket.Title, trim: true), New(Changes.Description, ticket.Description), New(Changes.Category, ticket.Category, trim: true));
        if (title is not null || description is not null || category is not null)
            yield return new TicketEdited(ticket.Id, user.Id, title, description, category);

        if (Changes.Deadline.IsGiven && WireTime.Parse(Changes.Deadline.Value) is var deadline && deadline != ticket.Deadline)
            yield return new TicketDeadlineMoved(ticket.Id, user.Id, deadline);

        if (New(Changes.Priority, ticket.Priority) is { } priority)
            yield return new TicketPrioritised(ticket.Id, user.Id, priority);

        if (Changes.RelatedSkills.IsGiven && !Changes.Skills.SequenceEqual(ticket.RelatedSkills))
            yield return new TicketSkillsRecorded(ticket.Id, Changes.Skills, user.Id);

        if (Changes.HelpfulNotes.IsGiven && Notes.Clean(Changes.HelpfulNotes.Value ?? "", $"{ticket.Title}\n{ticket.Description}") is var notes && notes != ticket.HelpfulNotes)
            yield return new TicketNotesRewritten(ticket.Id, user.Id, notes);

        if (Reassigns(ticket))
            yield return Assignee.Person is not { } person
                ? new TicketUnassigned(ticket.Id, ticket.AssigneeId!.Value, "Taken off by a person.", user.Id, ticket.IsOpen)
                : new TicketAssigned(ticket.Id, person.Id, user.Id, SkillMatch.Matched(person.Skills, ticket.RelatedSkills), "Chosen by a person.", ticket.AssigneeId, ticket.IsOpen);

        if (Changes.Status.IsGiven && Changes.WantedStatus != ticket.Status)
            yield return new TicketStatusChanged(ticket.Id, user.Id, ticket.Status, Changes.WantedStatus, Reassigns(ticket) ? Assignee.Id : ticket.AssigneeId);
    }

    public bool Reassigns(Ticket ticket) => Changes.AssignedTo.IsGiven && Changes.AssigneeId != ticket.AssigneeId;

    private static string? New(Field<string> field, string now, bool trim = false)
    {
        var value = trim ? field.Value?.Trim() ?? "" : field.Value ?? "";
        return field.IsGiven && value != now ? value : null;
    }

    public (TicketChanged, Wolverine.Marten.Events, OutgoingMessages) Decide(Ticket ticket, CurrentUser user)
    {
        Wolverine.Marten.Events events = [.. Events(ticket, user)];
        OutgoingMessages messages = Reassigns(ticket)
            ? Assignee.Id is { } assignee ? TellAssignee.Of(ticket, assignee, user.Id) : HandOutTicket.GivenBack(ticket, user.Id)
            : ticket.AssigneeId is null && events.OfType<TicketSkillsRecorded>().Any() ? [new HandOutTicket(ticket.Id)] : [];
        return (new TicketChanged(ticket.Id, events.Count == 0 ? "Nothing has changed." : "The ticket is changed."), events, messages);
    }
}

public static class EditTicketEndpoint
{
    public static Task<Edit?> LoadAsync(EditTicket request, Ticket? ticket, CurrentUser user, IDocumentSession session, CancellationToken ct) =>
        Edit.OfAsync(request, ticket, user, session, ct);

    public static ProblemDetails Validate(Ticket? ticket, Edit? edit, CurrentUser user, IfMatch match, DateTimeOffset now) =>
        TicketGuard.Unseen(ticket, user) ?? edit!.Refusal(ticket!, user, match, now) ?? WolverineContinue.NoProblems;

    /// <summary>The original API's way, with the id in the body.</summary>
    [WolverinePut("/api/tickets/edit-ticket")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, Wolverine.Marten.Events, OutgoingMessages) Put(
        EditTicket request, [WriteModel(nameof(EditTicket.TicketId), LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, Edit? edit, CurrentUser user) =>
        edit!.Decide(ticket!, user);

    [WolverinePatch("/api/tickets/{ticketId}")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, Wolverine.Marten.Events, OutgoingMessages) Patch(
        EditTicket request, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, Edit? edit, CurrentUser user) =>
        edit!.Decide(ticket!, user);
}
