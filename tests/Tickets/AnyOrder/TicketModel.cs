using System.Collections.Immutable;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Tickets.AnyOrder;

public enum Act { Create, Edit, Status, Reply, Delete, Restore, Assign, Claim, Release, Merge, Unmerge, Note }

/// <summary>Somebody does something with one of the tickets so far.</summary>
/// <param name="Word">Which of the values that the act can have.</param>
public sealed record Command(Act Act, int Who, int Which, int Word);

/// <summary>A ticket as far as the rules go.</summary>
public sealed record ModelTicket(int Owner)
{
    public string Title { get; init; } = "t";
    public string Status { get; init; } = TicMate.Tickets.Contracts.Status.Todo;
    public int? Assignee { get; init; }
    public bool IsDeleted { get; init; }
    public int? MergedInto { get; init; }
    public string? StatusBeforeMerge { get; init; }
    public ImmutableList<string> Replies { get; init; } = [];
    public int Notes { get; init; }

    public bool IsOpen => Status is not TicMate.Tickets.Contracts.Status.Completed;
}

/// <summary>The rules of tickets, told a second time and as plainly as possible: what answer a command gets, and what it leaves behind.</summary>
public sealed record TicketModel(ImmutableList<ModelTicket> Tickets)
{
    /// <summary>Two owners, two moderators, an admin.</summary>
    public static readonly string[] People = [Roles.User, Roles.User, Roles.Moderator, Roles.Moderator, Roles.Admin];

    public static readonly string[] Statuses = ["todo", "in_progress", "waiting", "completed", "resolved", "nonsense"];

    public static readonly TicketModel Empty = new([]);

    private static bool IsStaff(int who) => People[who] is not Roles.User;
    private static bool IsAdmin(int who) => People[who] is Roles.Admin;

    public int Which(Command command) => Tickets.Count == 0 ? -1 : command.Which % Tickets.Count;

    public static string Text(Command command) => $"text {command.Word}";

    /// <summary>The person that an assignment names: an owner, who cannot be given a ticket, or one of the staff.</summary>
    public static int Named(Command command) => command.Word % People.Length;

    public int Target(Command command) => command.Word % Tickets.Count;

    public (int Status, TicketModel After) Expect(Command command)
    {
        if (command.Act is Act.Create)
            return (201, new(Tickets.Add(new ModelTicket(command.Who) { Title = Text(command) })));

        var at = Which(command);
        if (at < 0)
            return (404, this);

        var (ticket, who) = (Tickets[at], command.Who);
        var isVisible = ticket.IsDeleted ? IsAdmin(who) : IsStaff(who) || ticket.Owner == who;
        if (!isVisible && !(command.Act is Act.Restore && ticket.Owner == who))
            return (404, this);

        return command.Act switch
        {
            Act.Edit when IsFrozen(ticket) || (!IsStaff(who) && !ticket.IsOpen && ticket.Title != Text(command)) => (409, this),
            Act.Edit => Becomes(at, ticket with { Title = Text(command) }),
            Act.Status => Expect(at, ticket, who, Statuses[command.Word % Statuses.Length]),
            Act.Reply => Reply(command, at, ticket, who),
            Act.Delete when !IsAdmin(who) && ticket.Owner != who => (403, this),
            Act.Delete when !ticket.IsDeleted && Tickets.Any(other => other.MergedInto == at) => (409, this),
            Act.Delete => Becomes(at, ticket with { IsDeleted = true }),
            Act.Restore when !IsAdmin(who) && ticket.Owner != who => (403, this),
            Act.Restore => Becomes(at, ticket with { IsDeleted = false }),
            _ when !IsStaff(who) => (403, this),
            Act.Note when IsFrozen(ticket) => (409, this),
            Act.Note => (201, With(at, ticket with { Notes = ticket.Notes + 1 })),
            Act.Assign when !IsStaff(Named(command)) => (400, this),
            Act.Release when ticket.Assignee is not null && ticket.Assignee != who && !IsAdmin(who) => (403, this),
            Act.Claim when !IsFrozen(ticket) && ticket.Assignee == who => Becomes(at, ticket),
            Act.Assign or Act.Claim or Act.Release when IsFrozen(ticket) => (409, this),
            Act.Assign => Becomes(at, ticket with { Assignee = Named(command) }),
            Act.Claim when !ticket.IsOpen || ticket.Assignee is not null => (409, this),
            Act.Claim => Becomes(at, ticket with { Assignee = who }),
            Act.Release => Becomes(at, ticket with { Assignee = null }),
            Act.Merge => Merge(command, at, ticket, who),
            Act.Unmerge => Unmerge(at, ticket),
            _ => throw new InvalidOperationException($"No rule for {command}."),
        };
    }

    private (int, TicketModel) Expect(int at, ModelTicket ticket, int who, string word)
    {
        var wanted = TicMate.Tickets.Contracts.Status.Of(word);
        if (wanted is "nonsense")
            return (400, this);
        if (!IsStaff(who) && wanted != ticket.Status && ticket.IsOpen == (wanted is Status.Waiting or Status.InProgress or Status.Todo))
            return (403, this);

        return IsFrozen(ticket) || (ticket.Status, wanted) is (Status.Completed, Status.Waiting) ? (409, this) : Becomes(at, ticket with { Status = wanted });
    }

    private (int, TicketModel) Reply(Command command, int source, ModelTicket said, int who)
    {
        var at = source;
        while (Tickets[at].MergedInto is { } into)
            at = into;

        var ticket = Tickets[at];
        if (said.IsDeleted || ticket.IsDeleted)
            return (409, this);

        var status = (ticket.Owner == who, ticket.Status) switch { (true, Status.Waiting) => Status.InProgress, (true, Status.Completed) => Status.Todo, _ => ticket.Status };
        return Becomes(at, ticket with { Status = status, Replies = ticket.Replies.Add(Text(command)) });
    }

    private (int, TicketModel) Merge(Command command, int at, ModelTicket ticket, int who)
    {
        var (to, target) = (Target(command), Tickets[Target(command)]);
        if (to == at || (target.IsDeleted && !IsAdmin(who)))
            return (400, this);
        if (!ticket.IsDeleted && ticket.MergedInto == to)
            return Becomes(at, ticket);

        return IsFrozen(ticket) || IsFrozen(target) ? (409, this)
            : Becomes(at, ticket with { MergedInto = to, StatusBeforeMerge = ticket.Status, Status = Status.Completed });
    }

    private (int, TicketModel) Unmerge(int at, ModelTicket ticket) => ticket switch
    {
        { IsDeleted: true } => (409, this),
        { MergedInto: null } => (409, this),
        _ => Becomes(at, ticket with { MergedInto = null, Status = ticket.StatusBeforeMerge!, StatusBeforeMerge = null }),
    };

    private static bool IsFrozen(ModelTicket ticket) => ticket.IsDeleted || ticket.MergedInto is not null;

    private (int, TicketModel) Becomes(int at, ModelTicket ticket) => (200, With(at, ticket));

    private TicketModel With(int at, ModelTicket ticket) => new(Tickets.SetItem(at, ticket));
}
