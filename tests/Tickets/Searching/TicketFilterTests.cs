using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Primitives;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Searching;
using Wolverine.Http;

namespace TicMate.Tests.Tickets.Searching;

public sealed class TicketFilterTests
{
    private static readonly CurrentUser Moderator = new(Guid.NewGuid(), Roles.Moderator, Guid.NewGuid());
    private static readonly CurrentUser Admin = Moderator with { Role = Roles.Admin };
    private static readonly CurrentUser Owner = Moderator with { Role = Roles.User };

    [Theory]
    [InlineData("status", "open"), InlineData("status", "todo,"), InlineData("status", ""), InlineData("priority", "Urgent"), InlineData("category", ""), InlineData("category", "a\0b")]
    [InlineData("skill", " "), InlineData("assignedTo", "you"), InlineData("assignedTo", "00000000-0000-0000-0000-000000000000"), InlineData("createdBy", "me")]
    [InlineData("createdBy", "0192F0C4-0000-7000-8000-000000000000"), InlineData("createdAfter", "2026-01-01T00:00:00"), InlineData("createdAfter", "yesterday"), InlineData("createdBefore", "2026-13-01"), InlineData("createdBefore", "9999-12-31"), InlineData("createdAfter", "9999-12-31T23:59:59.9999999Z")]
    [InlineData("number", "0"), InlineData("number", "01"), InlineData("number", "-1"), InlineData("number", "99999999999"), InlineData("deleted", "yes"), InlineData("overdue", "TRUE")]
    [InlineData("q", ""), InlineData("q", " "), InlineData("q", "a\0b"), InlineData("q", "a\nb"), InlineData("sort", "rank"), InlineData("sort", "-rank"), InlineData("scope", "mine"), InlineData("title", "x")]
    public void A_value_that_is_not_understood_is_a_fault_of_its_parameter(string name, string value)
    {
        var (_, problem) = Read(TicketList.Mine, Admin, (name, value));

        problem.Status.ShouldBe(400);
        ((IEnumerable<Fault>)problem.Extensions["errors"]!).Select(f => f.Field).ShouldBe([name]);
    }

    [Fact]
    public void A_search_may_have_200_characters_and_no_more()
    {
        Read(TicketList.Mine, Owner, ("q", string.Concat(Enumerable.Repeat("\U0001F5A8", 200)))).Item2.ShouldBe(WolverineContinue.NoProblems);
        Read(TicketList.Mine, Owner, ("q", new string('a', 201))).Item2.Status.ShouldBe(400);
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var (_, problem) = Read(TicketList.Mine, Owner, ("limit", "x"), ("status", "gone"), ("deleted", "true"));

        ((IEnumerable<Fault>)problem.Extensions["errors"]!).Select(f => f.Field).ShouldBe(["limit", "status", "deleted"], ignoreOrder: true);
    }

    [Fact]
    public void A_comma_means_or()
    {
        var someone = Guid.CreateVersion7();
        var (filter, problem) = Read(TicketList.Every, Moderator, ("status", "todo,waiting"), ("priority", "urgent,low"), ("skill", "c#,SQL,Sql"), ("assignedTo", $"me,none,{someone}"), ("number", "7,8"));

        problem.ShouldBe(WolverineContinue.NoProblems);
        filter.Statuses.ShouldBe(["todo", "waiting"]);
        filter.Priorities.ShouldBe(["urgent", "low"]);
        filter.Skills.ShouldBe(["C#", "SQL"]);
        (filter.Unassigned, filter.AssignedTo.Length).ShouldBe((true, 2));
        filter.AssignedTo.ShouldBe([Moderator.Id, someone]);
        filter.Numbers.ShouldBe([7, 8]);
    }

    [Fact]
    public void A_date_means_the_end_of_that_day()
    {
        var (filter, _) = Read(TicketList.Mine, Owner, ("createdAfter", "2026-01-31"), ("createdBefore", "2026-02-28"));

        (filter.From, filter.Until).ShouldBe((new DateTimeOffset(2026, 2, 1, 0, 0, 0, default), new DateTimeOffset(2026, 3, 1, 0, 0, 0, default)));
        Read(TicketList.Mine, Owner, ("createdBefore", "2026-02-28T12:00:00+02:00")).Item1.Until.ShouldBe(new DateTimeOffset(2026, 2, 28, 10, 0, 0, default));
    }

    [Fact]
    public void Everybodys_tickets_are_for_staff_and_deleted_ones_for_admins()
    {
        Read(TicketList.Mine, Owner, ("scope", "all")).Item2.Status.ShouldBe(403);
        Read(TicketList.Mine, Moderator, ("scope", "all")).Item2.ShouldBe(WolverineContinue.NoProblems);
        Read(TicketList.Mine, Moderator, ("deleted", "true")).Item2.Status.ShouldBe(400);
        Read(TicketList.Mine, Admin, ("deleted", "true")).Item1.Deleted.ShouldBe(true);
    }

    [Fact]
    public void A_cursor_goes_with_the_order_it_was_made_in()
    {
        var cursor = new TicketCursor("-createdAt", new DateTime(2026, 11, 22, 1, 2, 3, DateTimeKind.Utc).AddTicks(1_234_560).Ticks / 10, 42);
        TicketCursor.Parse(cursor.ToString(), TicketSort.Newest).ShouldBe(cursor);

        foreach (var other in TicketSort.All.Except([TicketSort.Newest]))
            TicketCursor.Parse(cursor.ToString(), other).ShouldBeNull(other.Name);
        Read(TicketList.Mine, Owner, ("cursor", cursor.ToString()), ("sort", "createdAt")).Item2.Status.ShouldBe(400);
    }

    [Fact]
    public void Nothing_but_a_cursor_is_one()
    {
        foreach (var text in new[] { "", "!", "MTIz", "LTEuLTE", new string('A', 65), "OTk5OTk5OTk5OTk5OTk5OTk5OS4x", Made("-createdAt.-1.1"), Made("-createdAt.1.-1"), Made("-createdAt.9223372036854775807.1"), Made("-createdAt.1") })
            TicketCursor.Parse(text, TicketSort.Newest).ShouldBeNull(text);
        TicketCursor.Parse(Made($"-rank.{BitConverter.SingleToInt32Bits(float.NaN)}.1"), TicketSort.BestMatch).ShouldBeNull();

        static string Made(string text) => System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.ASCII.GetBytes(text));
    }

    [Theory]
    [InlineData("=1+1"), InlineData("+1"), InlineData("-1"), InlineData("@SUM(A1)"), InlineData("\tx"), InlineData("\rx"), InlineData("\uFF1D1"), InlineData("\uFF0B1"), InlineData("\uFF0D1"), InlineData("\uFF20x"), InlineData("\uFEFF=1"), InlineData("\u200B=1")]
    public void A_cell_that_a_spreadsheet_would_run_is_made_text(string cell) => Spreadsheet.Harmless(cell).ShouldBe($"'{cell}");

    [Fact]
    public void Other_cells_are_left_alone() => new[] { "", "a=b", "5", "'x", "Ä" }.Select(Spreadsheet.Harmless).ShouldBe(["", "a=b", "5", "'x", "Ä"]);

    [Fact]
    public void The_last_thirty_days_begin_at_midnight_and_end_today() =>
        SummarizeTicketsEndpoint.Begin(new DateTimeOffset(2026, 3, 30, 23, 59, 0, TimeSpan.FromHours(-2))).ShouldBe(new DateTimeOffset(2026, 3, 2, 0, 0, 0, default));

    private static (TicketFilter, ProblemDetails) Read(TicketList list, CurrentUser user, params (string Name, string Value)[] query) =>
        TicketFilter.Read(list, new QueryCollection(query.ToDictionary(p => p.Name, p => new StringValues(p.Value))), user);
}
