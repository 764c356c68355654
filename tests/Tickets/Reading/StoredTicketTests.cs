using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Marten;
using TicMate.Host;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Weasel.Core;

namespace TicMate.Tests.Tickets.Reading;

public sealed class StoredTicketTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Author = Guid.CreateVersion7(), Helper = Guid.CreateVersion7(), Gone = Guid.CreateVersion7();
    private static readonly Dictionary<Guid, string> Names = new() { [Author] = "Zoë \"Z\" O'Neil <z>", [Helper] = "Helper", [Gone] = "deleted user" };
    private static readonly Ticket Plain = new() { Id = Guid.CreateVersion7(), Version = 3, Number = 7, AuthorId = Author, Title = "Printer", Description = "It burns.", CreatedAt = Now.AddDays(-1), UpdatedAt = Now };

    public static TheoryData<string> Cases => [.. Tickets.Keys];

    private static Dictionary<string, Ticket> Tickets => new()
    {
        ["nothing but what must be"] = Plain,
        ["everything"] = Plain with
        {
            AssigneeId = Helper, Status = Status.Completed, Priority = Priority.High, Category = "Hardware & more", Deadline = Now.AddHours(-1), HelpfulNotes = "Line\n\n- `code` \"quoted\" \\ back", RelatedSkills = ["C#", "Ünïcode", "a\tb"],
            Agent = new(AgentState.Done, "asked \u2028 twice", "built-in", Now.AddTicks(1_234_560)), CompletedAt = Now, CompletedById = Gone, DeletedAt = Now.AddMinutes(1), MergedInto = Guid.CreateVersion7(), FollowUpOf = Guid.CreateVersion7(),
            FollowUpId = Guid.CreateVersion7(), Links = [new(Guid.CreateVersion7(), 12, "related"), new(Guid.CreateVersion7(), 13, "blocks")], ReplyCount = 2,
            Replies = [new(Guid.CreateVersion7(), Helper, "Have you tried 🔥?", Now.AddHours(-3)), new(Guid.CreateVersion7(), Gone, "", Now.AddHours(-2)) { CorrectedAt = Now }],
        },
        ["overdue"] = Plain with { Deadline = Now.AddSeconds(-1) },
        ["due in another zone"] = Plain with { Deadline = new DateTimeOffset(2026, 3, 1, 15, 0, 0, TimeSpan.FromHours(2)) },
        ["more replies than lists show"] = Plain with { ReplyCount = 9, Replies = [.. Enumerable.Range(1, 9).Select(nth => new Ticket.Reply(Guid.CreateVersion7(), nth % 2 == 0 ? Author : Helper, $"Reply {nth}", Now.AddMinutes(nth)))] },
        ["erased"] = Plain with { IsErased = true, Title = Ticket.Erased, Description = Ticket.Erased },
    };

    [Theory, MemberData(nameof(Cases))]
    public void It_says_what_the_view_says(string name)
    {
        var ticket = Tickets[name];
        foreach (var showNotes in new[] { true, false })
            foreach (var replies in new[] { 0, 3, Ticket.RepliesKept })
                foreach (var showLinks in new[] { true, false })
                {
                    var view = TicketView.Of(ticket, showNotes, Names, replies, Now) with { Links = showLinks ? [.. ticket.Links.Select(l => new LinkView(l.Id, l.Number, l.Kind))] : null };
                    var written = Written(ticket, showNotes, showLinks, replies);
                    JsonNode.DeepEquals(JsonNode.Parse(written), JsonSerializer.SerializeToNode(view, Json())).ShouldBeTrue($"{written}\nand\n{JsonSerializer.Serialize(view, Json())}");
                }
    }

    [Theory, MemberData(nameof(Cases))]
    public void What_lists_show_is_what_the_whole_ticket_says(string name)
    {
        var (ticket, replies) = (Tickets[name], TicketView.RepliesInLists);
        var listed = Written(new StoredTicket(Encoding.UTF8.GetBytes(ticket.Listed), ticket.Version), true, false, replies);
        JsonNode.DeepEquals(JsonNode.Parse(listed), JsonNode.Parse(Written(ticket, true, false, replies))).ShouldBeTrue(listed);
    }

    [Theory, MemberData(nameof(Cases))]
    public void It_asks_for_the_names_of_all_whom_it_shows(string name)
    {
        var (ticket, people) = (Tickets[name], new HashSet<Guid>());
        Stored(ticket).AddPeople(people, 3);
        people.ShouldBe(new[] { ticket.AuthorId, ticket.AssigneeId, ticket.CompletedById }.Concat(ticket.Replies.TakeLast(3).Select(r => (Guid?)r.AuthorId)).OfType<Guid>().Distinct(), ignoreOrder: true);
    }

    private static string Written(Ticket ticket, bool showNotes, bool showLinks, int replies) => Written(Stored(ticket), showNotes, showLinks, replies);

    private static string Written(StoredTicket ticket, bool showNotes, bool showLinks, int replies)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, new JsonWriterOptions { Encoder = Json().Encoder }))
            ticket.Write(writer, showNotes, showLinks, Names, replies, Now);

        return Encoding.UTF8.GetString(text.ToArray());
    }

    // As the database gives it back: with its own spaces, and shorter names first.
    private static StoredTicket Stored(Ticket ticket)
    {
        var options = new StoreOptions();
        options.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase);
        return new(Encoding.UTF8.GetBytes(Sorted(JsonNode.Parse(options.Serializer().ToJson(ticket)))!.ToJsonString(new JsonSerializerOptions { WriteIndented = true })), ticket.Version);
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(member => member.Key.Length).ThenBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static JsonSerializerOptions Json()
    {
        var json = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        json.UseHouseRules();
        return json;
    }
}
