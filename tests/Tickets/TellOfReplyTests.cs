using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;
using Wolverine.Tracking;

namespace TicMate.Tests.Tickets;

public sealed class TellOfReplyTests(App app) : AppTest(app)
{
    private readonly List<ReceivedMail> mails = [];

    [Fact]
    public async Task Each_reply_is_mailed_to_the_other_side_once()
    {
        var skill = ASkill();
        var (author, moderator, colleague) = (await Someone(), await AModerator(skill), await AModerator());
        var ticket = await ATicket(author, $"{skill} fails");
        var (id, number) = ((Guid)ticket["id"]!, (int)ticket["number"]!);
        mails.Clear();

        await CallAndSettle(author, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = "It burns." });
        await CallAndSettle(moderator, "POST", $"/api/tickets/{id}/replies", new { message = "Water helps." });
        await CallAndSettle(colleague, "POST", $"/api/tickets/{id}/replies", new { message = "So does sand." });

        MailsTo(moderator).Select(TextOf).Single(text => text.Contains("wrote:")).ShouldContain("It burns.");
        var toOwner = MailsTo(author);
        toOwner.Length.ShouldBe(2);
        toOwner[0].Message.Subject.ShouldBe($"[#{number}] New reply: {skill} fails");
        TextOf(toOwner[0]).ShouldContain($"{moderator.Name} wrote:");
        TextOf(toOwner[0]).ShouldContain("Water helps.");
        TextOf(toOwner[0]).ShouldContain($"https://tickets.example.org/tickets/{id}");
        TextOf(toOwner[1]).ShouldContain("So does sand.");
        MailsTo(colleague).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_that_comes_twice_makes_the_same_mail()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        var reply = (await CallAndSettle(moderator, "POST", $"/api/tickets/{id}/replies", new { message = "Water helps." })).Id("reply");

        await Host.InvokeMessageAndWaitAsync(new TellOfReply(id, reply));

        MailsTo(author).Select(m => m.Message.MessageId).Distinct().ShouldBe([$"reply.{id:N}.{reply:N}.{author.Id:N}@ticmate"]);
    }

    [Fact]
    public async Task What_was_taken_back_is_not_mailed()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        var reply = Guid.CreateVersion7();
        await Append<Ticket>(id, new TicketReplied(id, reply, moderator.Id, "Oops."), new TicketReplyWithdrawn(id, reply, moderator.Id));

        await Host.InvokeMessageAndWaitAsync(new TellOfReply(id, reply));

        MailsTo(author).ShouldBeEmpty();
    }

    private static readonly Guid Owner = Guid.CreateVersion7(), Assignee = Guid.CreateVersion7(), Somebody = Guid.CreateVersion7();
    private static readonly Ticket Open = new() { Id = Guid.CreateVersion7(), AuthorId = Owner, AssigneeId = Assignee };

    [Fact]
    public void Staff_tell_the_owner_and_owners_tell_the_assignee()
    {
        Reader(Open, Owner, Roles.User).ShouldBe(Assignee);
        Reader(Open, Assignee, Roles.Moderator).ShouldBe(Owner);
        Reader(Open, Somebody, Roles.Admin).ShouldBe(Owner);
        Reader(Open, Somebody, Roles.User).ShouldBe(Assignee);
        Reader(Open with { AssigneeId = null }, Owner, Roles.User).ShouldBeNull();
        Reader(Open with { AssigneeId = Owner }, Owner, Roles.Moderator).ShouldBeNull();
        Reader(Open with { DeletedAt = DateTimeOffset.UtcNow }, Somebody, Roles.Admin).ShouldBeNull();
        Reader(Open with { AuthorId = ServiceAccounts.Importer }, Assignee, Roles.Moderator).ShouldBeNull();
    }

    private static Guid? Reader(Ticket ticket, Guid writer, string role) =>
        TellOfReplyHandler.Reader(ticket, new(Guid.CreateVersion7(), writer, "hello", DateTimeOffset.UtcNow), new User { Id = writer, Role = role });

    private ReceivedMail[] MailsTo(Caller person)
    {
        while (App.Smtp.TryNext() is { } mail)
            mails.Add(mail);

        return [.. mails.Where(m => m.To.Contains(person.Email))];
    }

    private static string TextOf(ReceivedMail mail) => mail.Message.TextBody ?? "";
}
