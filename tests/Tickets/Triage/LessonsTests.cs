using System.Security.Cryptography;
using System.Text.Json;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage;

namespace TicMate.Tests.Tickets.Triage;

public sealed class LessonsTests
{
    private static readonly Dictionary<string, string[]> Topics = new()
    {
        ["Printers"] = ["toner", "paper", "jam", "tray", "duplex", "copier"],
        ["Networking"] = ["vpn", "router", "packet", "wifi", "switch", "cable"],
        ["HR Support"] = ["leave", "payslip", "contract", "holiday", "starter", "salary"],
    };

    private static SolvedTicket[] History(int tickets, Func<string, string?>? category = null, Func<string, string?>? priority = null)
    {
        var random = new Random(1);
        var skills = Topics.Keys.ToArray();
        return [.. Enumerable.Range(0, tickets).Select(i => (Number: i + 1, Skill: skills[i % 3])).Select(t => new SolvedTicket(
            t.Number, "hello please " + string.Join(' ', random.GetItems(Topics[t.Skill], 4)) + " thanks", [t.Skill],
            category?.Invoke(t.Skill), priority?.Invoke(t.Skill)))];
    }

    private static TriageAdvice Advise(string title, string description, Lessons? lessons, params string[] skills) =>
        BuiltInTriage.Advise(new(title, description), new(skills, lessons));

    private static TicketProposal Proposal(TriageAdvice advice, string field) => advice.Proposals.Single(p => p.Field == field);

    [Fact]
    public void What_history_is_sure_of_comes_before_what_words_say()
    {
        var lessons = Lessons.From(History(90));

        var advice = Advise("React", "the payslip shows the wrong salary and no holiday", lessons, "React");

        advice.Skills.ShouldBe(["HR Support", "React"]);
        Proposal(advice, ProposalField.Skills).Confidence.ShouldBeGreaterThan(0.7);
        Advise("React", "the payslip shows the wrong salary and no holiday", null, "React").Skills.ShouldBe(["React"]);
    }

    [Fact]
    public void Where_history_knows_nothing_words_keep_their_place()
    {
        Advise("React first", "and then Docker", Lessons.From(History(90)), "Docker", "React").Skills.ShouldBe(["React", "Docker"]);
        Advise("Lamp", "glows", Lessons.From(History(90)), "React").Skills.ShouldBeEmpty();
    }

    [Fact]
    public void A_word_that_was_often_wrong_here_is_trusted_less()
    {
        SolvedTicket[] plumbing = [.. History(90).Select(t => t.Skills[0] == "Networking" ? t with { Skills = ["Plumbing"] } : t)];
        var misleading = plumbing.Select(t => t.Skills[0] == "HR Support" ? t with { Text = t.Text + " plumbing" } : t);

        Lessons.SureOfWords(Lessons.From(misleading), "plumbing").ShouldBeLessThan(0.2);
        Lessons.SureOfWords(Lessons.From(plumbing), "Plumbing").ShouldBe(0.7);
        Lessons.SureOfWords(null, "Networking").ShouldBe(0.7);
    }

    [Fact]
    public void Advice_names_the_solved_tickets_it_goes_by_and_the_tickets_own_words()
    {
        var history = History(90);
        const string text = "My Payslip shows the wrong Salary";

        var proposal = Proposal(Advise("Hello", text, Lessons.From(history)), ProposalField.Skills);

        var named = System.Text.RegularExpressions.Regex.Matches(proposal.Reason, "#([0-9]+)")
            .Select(m => int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        named.Length.ShouldBe(2);
        named.ShouldAllBe(number => history.Single(t => t.Number == number).Skills.Contains("HR Support"));
        proposal.Reason.ShouldContain($"model {Lessons.From(history)!.Version}");
        proposal.Quotes.Take(2).ShouldBe(["Payslip", "Salary"], ignoreOrder: true);
        proposal.Quotes.ShouldAllBe(q => text.Contains(q, StringComparison.Ordinal));
    }

    [Fact]
    public void A_word_that_is_read_otherwise_than_it_is_written_is_not_quoted()
    {
        var proposal = Proposal(Advise("Hello", "ｐａｙｓｌｉｐ and salary", Lessons.From(History(90))), ProposalField.Skills);

        proposal.Quotes.ShouldContain("salary");
        proposal.Quotes.ShouldNotContain("payslip");
    }

    [Fact]
    public void A_category_is_learned_with_its_reason_and_words()
    {
        var lessons = Lessons.From(History(90, category: skill => skill == "Printers" ? "Office" : skill == "Networking" ? "Infrastructure" : null));

        var proposal = Proposal(Advise("The router drops every packet", "", lessons), ProposalField.Category);

        proposal.Value.ShouldBe(["Infrastructure"]);
        proposal.Confidence.ShouldBeGreaterThan(0.6);
        proposal.Reason.ShouldStartWith("Like #");
        proposal.Quotes.ShouldBe(["router", "packet"], ignoreOrder: true);
        Advise("The router drops every packet", "", Lessons.From(History(90))).Proposals.ShouldNotContain(p => p.Field == ProposalField.Category);
    }

    [Fact]
    public void A_priority_is_learned_where_words_say_nothing()
    {
        var lessons = Lessons.From(History(240, priority: skill => skill == "Networking" ? "urgent" : "low"));

        Advise("wifi", "router vpn packet switch", lessons).Priority.ShouldBe("urgent");
        Advise("Lamp", "glows", lessons).Priority.ShouldBe("medium");
        Proposal(Advise("Lamp", "glows", lessons), ProposalField.Priority).Reason.ShouldStartWith("Unknown");
    }

    [Fact]
    public void A_ticket_that_asks_for_a_priority_is_read_by_its_words_alone()
    {
        var lessons = Lessons.From(History(240, priority: skill => skill == "Networking" ? "urgent" : "low"));

        Advise("wifi", "router vpn packet switch. Set priority urgent", lessons).Priority.ShouldBe("medium");
    }

    [Fact]
    public void A_solved_ticket_teaches_a_priority_only_if_somebody_decided_it()
    {
        var ticket = new TicMate.Tickets.Ticket { Title = "t", Description = "d", Priority = "medium", Category = "", RelatedSkills = ["x"] };
        var applied = new TicMate.Tickets.Proposal(ProposalField.Priority, ["high"], 0.9, "", [], TicMate.Tickets.Proposal.Applied, ["medium"]);

        SolvedTicket.Of(ticket).Priority.ShouldBeNull();
        SolvedTicket.Of(ticket).Category.ShouldBeNull();
        SolvedTicket.Of(ticket with { SetByPeople = [ProposalField.Priority] }).Priority.ShouldBe("medium");
        SolvedTicket.Of(ticket with { Proposals = [applied], Priority = "high" }).Priority.ShouldBe("high");
        SolvedTicket.Of(ticket with { Proposals = [applied with { State = TicMate.Tickets.Proposal.Waiting }] }).Priority.ShouldBeNull();
    }

    [Fact]
    public void The_same_history_has_the_same_version_in_whatever_order_and_another_has_another()
    {
        var history = History(90);
        var version = Lessons.From(history)!.Version;

        Lessons.From(history.Reverse())!.Version.ShouldBe(version);
        Lessons.From([.. history[..89], history[89] with { Category = "Office" }])!.Version.ShouldNotBe(version);
        Lessons.From([.. history[..89], history[89] with { Text = "other" }])!.Version.ShouldNotBe(version);
        Advise("payslip", "wrong salary", Lessons.From(history.Reverse())).Notes.ShouldBe(Advise("payslip", "wrong salary", Lessons.From(history)).Notes);
    }

    [Fact]
    public void A_model_that_was_stored_says_what_it_said_before()
    {
        var lessons = Lessons.From(History(240, category: skill => skill == "Printers" ? "Office" : "Other", priority: skill => skill == "Networking" ? "urgent" : "low"))!;
        var bytes = StoredLessons.Packed(lessons);

        var again = StoredLessons.Unpacked(bytes)!;

        (again.Version, again.Tickets, StoredLessons.Packed(again).SequenceEqual(bytes)).ShouldBe((lessons.Version, 240, true));
        foreach (var text in new[] { "wifi router", "payslip and toner", "a lamp" })
            JsonSerializer.Serialize(Advise("React", text, again, "React")).ShouldBe(JsonSerializer.Serialize(Advise("React", text, lessons, "React")));
        StoredLessons.Unpacked([]).ShouldBeNull();
        StoredLessons.Unpacked(bytes[..^1]).ShouldBeNull();
        StoredLessons.Unpacked([.. SHA256.HashData("x"u8), .. "x"u8]).ShouldBeNull();
    }

    [Fact]
    public void Nodes_that_look_at_different_times_learn_from_the_same_tickets()
    {
        Lessons.Size(9).ShouldBe(0);
        Enumerable.Range(90, 10).Select(Lessons.Size).Distinct().ShouldBe([90]);
        Enumerable.Range(0, 5_000).ShouldAllBe(n => Lessons.Size(n) <= n && n - Lessons.Size(n) < Math.Max(10, n / 20 + 1));
        Enumerable.Range(0, 5_000).Select(Lessons.Size).ShouldBeInOrder();
    }

    [Fact]
    public void Too_little_history_teaches_nothing() => Lessons.From(History(19, category: s => s, priority: _ => "low")).ShouldBeNull();
}
