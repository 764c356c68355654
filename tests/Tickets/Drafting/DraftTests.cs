using System.Text.Json;
using TicMate.Tickets;
using TicMate.Tickets.Drafting;
using TicMate.Tickets.Similar;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Tickets.Drafting;

public sealed class SurvivalTests
{
    [Theory]
    [InlineData("Delete the cache folder.", "Delete the cache folder.", 1)]
    [InlineData("Delete the cache folder.", "Hello! Please DELETE the whole cache folder, now.", 1)]
    [InlineData("Delete the cache folder.", "folder cache the Delete", 0.25)]
    [InlineData("Delete the cache folder.", "Delete the disk.", 0.5)]
    [InlineData("Delete the cache folder.", "No idea!", 0)]
    [InlineData("", "anything", 0)]
    [InlineData("...", "...", 0)]
    public void What_is_left_of_a_draft_are_its_words_in_their_order(string draft, string sent, double survived) => Survival.Of(draft, sent).ShouldBe(survived);

    [Fact]
    public void The_longest_texts_are_compared_by_their_beginnings() => Survival.Of(string.Join(' ', Enumerable.Range(0, 5_000)), string.Join(' ', Enumerable.Range(0, 5_000))).ShouldBe(1);
}

public sealed class DraftReplyTests
{
    private static readonly Guid Owner = Guid.NewGuid(), Staff = Guid.NewGuid(), Other = Guid.NewGuid();

    private static readonly Ticket Asked = new()
    {
        Id = Guid.NewGuid(), Number = 1, AuthorId = Owner, Title = "It crashes", Description = "Mail me: ada@example.org. See https://known.example/x",
        HelpfulNotes = "secret note", Replies = [new(Guid.NewGuid(), Owner, "Call me at +49 170 1234567", default)],
    };

    private static SimilarTicket Solved(double score, string? solution = "Delete the cache folder. Or ask bob@example.org.", int number = 212) => new(
        new Ticket
        {
            Id = Guid.NewGuid(), Number = number, AuthorId = Other, Title = "Crashed", Status = Status.Completed, CompletedAt = DateTimeOffset.UnixEpoch,
            Replies = solution is null ? [] : [new(Guid.NewGuid(), Staff, solution, DateTimeOffset.UnixEpoch)],
        }, score, [], []);

    [Fact]
    public void The_built_in_draft_offers_what_solved_a_ticket_much_like_it_and_names_nobody()
    {
        var draft = DraftReply.BuiltIn(Asked, [Solved(0.9, null), Solved(0.8)]);

        (draft.Kind, draft.Confidence, draft.BasedOn.Single().Ticket.Number).ShouldBe((DraftReply.Answer, 0.8, 212));
        draft.Text.ShouldContain("Delete the cache folder.");
        draft.Text.ShouldNotContain("bob@");
        draft.Text.ShouldNotContain("212");
    }

    [Fact]
    public void Without_support_it_asks_once_and_then_says_that_it_does_not_know()
    {
        var asks = DraftReply.BuiltIn(Asked, [Solved(0.3)]);
        var asked = Asked with { Replies = [new(Guid.NewGuid(), Staff, "What did you do?", default)] };
        var knowsNothing = DraftReply.BuiltIn(asked, []);

        (asks.Kind, asks.Confidence, asks.BasedOn.Count).ShouldBe((DraftReply.Question, null, 0));
        (knowsNothing.Kind, knowsNothing.Confidence).ShouldBe((DraftReply.Unknown, null));
        DraftReply.BuiltIn(Asked with { Description = string.Join(' ', Enumerable.Repeat("word", 30)) }, []).Kind.ShouldBe(DraftReply.Unknown);
    }

    [Fact]
    public void A_model_is_told_what_was_said_publicly_and_who_nobody_is()
    {
        var sent = string.Join('\n', DraftReply.Asked(Asked, [Solved(0.8), Solved(0.7, null, 213)]).Messages.Select(m => m.Text));

        sent.ShouldContain("It crashes");
        sent.ShouldContain("Delete the cache folder");
        foreach (var secret in new[] { "ada@", "bob@", "1234567", "secret note", Owner.ToString(), Staff.ToString(), "213" })
            sent.ShouldNotContain(secret);
    }

    [Theory]
    [InlineData("""{"text":"Delete it.","kind":"answer","basedOn":[212]}""", true)]
    [InlineData("""{"text":"Delete it.","kind":"answer","basedOn":[]}""", false)]
    [InlineData("""{"text":"Delete it.","kind":"answer","basedOn":[999]}""", false)]
    [InlineData("""{"text":"Delete it.","kind":"order","basedOn":[212]}""", false)]
    [InlineData("""{"text":"","kind":"unknown","basedOn":[]}""", false)]
    [InlineData("""{"text":7,"kind":"unknown","basedOn":[]}""", false)]
    [InlineData("""{"text":"\ud800","kind":"unknown","basedOn":[]}""", false)]
    [InlineData("""{"text":"Which version?","kind":"question","basedOn":[212,"x",{},1e99]}""", true)]
    [InlineData("""{"text":"x","kind":"unknown","basedOn":"212"}""", false)]
    [InlineData("""{"kind":"unknown","basedOn":[]}""", false)]
    public void Only_an_answer_that_keeps_the_rules_is_taken(string answer, bool taken)
    {
        using var json = JsonDocument.Parse(answer);
        (DraftReply.Read(json.RootElement, "m", Asked, [Solved(0.8)]) is not null).ShouldBe(taken);
    }

    [Theory]
    [InlineData("<b>Bold</b> <script>alert(1)</script>", "Bold alert(1)")]
    [InlineData("<<b>script>x", "x")]
    [InlineData("See https://known.example/y.", "See https://known.example/y.")]
    [InlineData("See https://evil.example/y or www.evil.example", "See [link removed] or [link removed]")]
    [InlineData("[click](https://evil.example) ![](https://evil.example/x.png)", "click [link removed]  [link removed]")]
    [InlineData("javascript:alert(1) https://known.example@evil.example/", "[link removed] [link removed]")]
    [InlineData("a < b and\u202Egnp.exe", "a < b andgnp.exe")]
    public void What_a_model_wrote_is_sent_as_plain_text(string written, string clean) => PlainText.Clean(written, "see https://known.example/x").ShouldBe(clean);
}

public sealed class DigestTests
{
    [Fact]
    public void Without_a_model_a_summary_is_made_of_the_conversations_own_sentences()
    {
        var (owner, staff) = (Guid.NewGuid(), Guid.NewGuid());
        Ticket.Reply Says(Guid who, string what) => new(Guid.NewGuid(), who, what, default);
        var ticket = new Ticket
        {
            AuthorId = owner, Title = "It crashes", Description = "At start, every time. Nobody can work.",
            Replies = [Says(staff, "We restarted it. Does it still crash?"), Says(owner, "Yes."), Says(staff, "We look at the logs. Which version is it? And which system?")],
        };

        var digest = Digest.BuiltIn(ticket);

        digest.Problem.ShouldBe("It crashes: At start, every time.");
        digest.Tried.ShouldBe(["We restarted it."]);
        digest.OpenQuestions.ShouldBe(["Which version is it?", "And which system?"]);
        digest.NextStep.ShouldBe("Find somebody to take the ticket. Then: set the ticket to waiting until the owner answers: Which version is it?");
        Digest.BuiltIn(new Ticket { Title = "t", Description = "d" }).ShouldBeEquivalentTo(new Digest("t: d", [], [], "Find somebody to take the ticket. Then: send the owner a first reply.", "built-in"));
    }
}

public sealed class WhatNextTests
{
    [Theory]
    [InlineData("completed", LastWord.Owner, false, "Why?", "")]
    [InlineData("todo", LastWord.Nobody, true, null, "Send the owner a first reply.")]
    [InlineData("todo", LastWord.Nobody, false, null, "Find somebody to take the ticket. Then: send the owner a first reply.")]
    [InlineData("waiting", LastWord.Owner, true, "Why?", "Answer the owner: Why?")]
    [InlineData("in_progress", LastWord.Owner, false, "Why?", "Find somebody to take the ticket. Then: answer the owner: Why?")]
    [InlineData("in_progress", LastWord.Owner, true, null, "Go on with what the owner said last, and reply.")]
    [InlineData("waiting", LastWord.Team, true, "Why?", "Wait for the owner's answer: Why?")]
    [InlineData("in_progress", LastWord.Team, true, "Why?", "Set the ticket to waiting until the owner answers: Why?")]
    [InlineData("waiting", LastWord.Team, true, null, "Ask the owner whether it is solved.")]
    [InlineData("in_progress", LastWord.Team, true, null, "Do what was announced last, and tell the owner what came of it.")]
    public void The_next_step_follows_from_the_status_the_last_word_and_what_is_open(string status, LastWord last, bool isAssigned, string? question, string step) =>
        WhatNext.Of(status, last, isAssigned, question).ShouldBe(step);
}
