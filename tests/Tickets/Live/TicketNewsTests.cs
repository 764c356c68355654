using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Live;

namespace TicMate.Tests.Tickets.Live;

public sealed class TicketNewsTests
{
    private static readonly CurrentUser Owner = new(Guid.CreateVersion7(), Roles.User, Guid.Empty), Stranger = new(Guid.CreateVersion7(), Roles.User, Guid.Empty);
    private static readonly CurrentUser Moderator = new(Guid.CreateVersion7(), Roles.Moderator, Guid.Empty), Admin = new(Guid.CreateVersion7(), Roles.Admin, Guid.Empty);

    private static TicketNews News(Type type, bool isDeleted = false) =>
        new(1, TicketNews.AliasOf(type), Guid.CreateVersion7(), 7, 1, DateTimeOffset.UnixEpoch, null, Owner.Id, isDeleted);

    private static string Audience(TicketNews news) =>
        string.Join(" ", new[] { (nameof(Owner), Owner), (nameof(Stranger), Stranger), (nameof(Moderator), Moderator), (nameof(Admin), Admin) }
            .Where(who => news.MaySee(who.Item2)).Select(who => who.Item1));

    [Theory]
    [InlineData(typeof(TicketReplied), "Owner Moderator Admin"), InlineData(typeof(TicketAssigned), "Owner Moderator Admin")]
    [InlineData(typeof(TicketNotesRewritten), "Moderator Admin"), InlineData(typeof(TicketAbsorbed), "Moderator Admin")]
    [InlineData(typeof(UserRegistered), "")]
    public void Everybody_hears_what_is_theirs_to_hear(Type type, string audience) => Audience(News(type)).ShouldBe(audience);

    [Fact]
    public void Of_a_deleted_ticket_its_deletion_is_the_last_that_is_heard()
    {
        Audience(News(typeof(TicketDeleted), isDeleted: true)).ShouldBe("Owner Moderator Admin");
        Audience(News(typeof(TicketReplied), isDeleted: true)).ShouldBe("Admin");
        Audience(News(typeof(TicketErased), isDeleted: true)).ShouldBe("Admin");
        Audience(News(typeof(TicketRestored))).ShouldBe("Owner Moderator Admin");
    }

    [Fact]
    public void Of_every_event_of_a_ticket_it_is_decided_who_hears_of_it() =>
        typeof(TicketCreated).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(TicketCreated).Namespace && type.GetProperty("TicketId") is not null)
            .Select(TicketNews.AliasOf).ShouldBe(TicketNews.Aliases, ignoreOrder: true);

    [Fact]
    public void An_event_has_a_name_of_words() => News(typeof(TicketStatusChanged)).Name.ShouldBe("ticket-status-changed");

    [Theory]
    [InlineData("7", 7L), InlineData("0", 0L), InlineData("", null), InlineData(null, null)]
    public void A_stream_goes_on_after_the_last_event_that_was_received(string? header, long? after) =>
        StreamTicketEventsEndpoint.ReadLastEventId([header]).ShouldBe((after, true));

    [Fact]
    public void Anything_else_is_no_event()
    {
        foreach (var header in new string?[][] { ["x"], ["-1"], ["+1"], [" 1"], ["1.0"], ["٣"], ["99999999999999999999"], ["1", "1"] })
            StreamTicketEventsEndpoint.ReadLastEventId(header).IsReadable.ShouldBeFalse();
    }
}
