using System.Text.Json.Nodes;
using Marten;
using TicMate.Admin.Operations;
using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Admin.Operations;

public sealed class DeadLetterTests(OperationsApp app) : OperationsScenarios(app)
{
    private const string Mail = "TicMate.Identity.Links.SendAccountMail";

    [Fact]
    public async Task Mails_that_died_with_the_mail_server_are_sent_once_each_when_it_is_mended_and_they_are_replayed()
    {
        var (admin, people) = (await Someone(Roles.Admin), Enumerable.Range(0, 3).Select(n => $"dead{n}-{Guid.NewGuid():N}@example.org").ToArray());
        var before = (await List(admin)).Length;

        App.Smtp.At(SmtpStage.Mail, SmtpReaction.Refuse(451, "not now, anna@example.org"));
        try
        {
            foreach (var email in people)
                (await Call(admin, "POST", "/api/admin/users", new { name = "Dee", email })).Status.ShouldBe(201);
            await Until(async () => (await List(admin)).Length == before + 3, "the mails are given up");
        }
        finally
        {
            App.Smtp.Behave();
        }

        // What an admin sees of them tells nothing about anybody.
        var letter = (await List(admin))[0]!;
        ((string)letter["messageType"]!, (string)letter["exceptionType"]!).ShouldBe((Mail, "TicMate.Identity.Email.MailUnavailableException"));
        var read = await Call(admin, "GET", $"/api/admin/dead-letters/{letter["id"]}");
        ((string)read.Body["body"]!["kind"]!).ShouldBe("invitation");
        read.Body.ToJsonString().ShouldNotContain("@");
        var operations = (await Call(admin, "GET", "/api/admin/operations")).Body;
        operations["mail"]!["lastFailure"].ShouldNotBeNull();
        ((int)operations["deadLetters"]!.AsArray().Single(d => (string)d!["messageType"]! == Mail)!["count"]!).ShouldBeGreaterThanOrEqualTo(3);

        ((int)(await Call(admin, "POST", "/api/admin/dead-letters/replay", new { messageType = "Other" })).Body["replayed"]!).ShouldBe(0);
        ((int)(await Call(admin, "POST", "/api/admin/dead-letters/replay", new { messageType = Mail })).Body["replayed"]!).ShouldBe(3);
        ((int)(await Call(admin, "POST", "/api/admin/dead-letters/replay", new { messageType = Mail })).Body["replayed"]!).ShouldBe(0);

        await Until(async () => (await List(admin)).Length == before, "they are dead letters no longer");
        await Until(() => Sql<bool>("select not exists (select from wolverine.wolverine_incoming_envelopes where status <> 'Handled' and message_type = $1)", Mail), "none of them waits");
        List<ReceivedMail> mails = [];
        while (App.Smtp.TryNext() is { } mail)
            mails.AddRange(mail.To.Intersect(people).Select(_ => mail));
        mails.SelectMany(mail => mail.To).ShouldBe(people, ignoreOrder: true);
        mails.Select(mail => mail.Message.MessageId).Distinct().Count().ShouldBe(3);

        (await Facts<DeadLetterReplayed>(admin)).Select(fact => fact.MessageType).ShouldBe([Mail, Mail, Mail]);
    }

    [Fact]
    public async Task A_dead_letter_is_thrown_away_once_and_the_fact_stays()
    {
        var admin = await Someone(Roles.Admin);
        var ids = new[] { Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid() };
        foreach (var (id, n) in ids.Select((id, n) => (id, n)))
            await Sql<int>("with d as (insert into wolverine.wolverine_dead_letters (id, body, message_type, exception_type, exception_message, sent_at, failed_at, replayable) values ($1, '\\x00', 'Lost', 'Oops', 'no ''Anna''', now(), '2020-01-01Z'::timestamptz + $2 * interval '1 hour', false) returning 1) select count(*)::int from d", id, n);

        // Page by page, the last one first.
        var first = await Call(admin, "GET", "/api/admin/dead-letters?messageType=Lost&exceptionType=Oops&limit=2");
        var second = await Call(admin, "GET", $"/api/admin/dead-letters?messageType=Lost&limit=2&cursor={first.Body["next"]}");
        first.Body["deadLetters"]!.AsArray().Concat(second.Body["deadLetters"]!.AsArray()).Select(d => (Guid)d!["id"]!).ShouldBe(ids.Reverse());
        second.Body["next"].ShouldBeNull();
        ((string)first.Body["deadLetters"]![0]!["exceptionMessage"]!).ShouldBe("no […]");
        (await Call(admin, "GET", "/api/admin/dead-letters?from=2020-01-01T00:30:00Z&to=2020-01-01T01:30:00Z")).Body["deadLetters"]!.AsArray().Select(d => (Guid)d!["id"]!).ShouldBe([ids[1]]);
        (await Call(admin, "GET", "/api/admin/dead-letters?from=2020-01-01&limit=0&cursor=y&messageType=&exceptionType=%00&more=1"))
            .ShouldFault("from", "limit", "cursor", "messageType", "exceptionType", "more");
        (await Call(admin, "POST", "/api/admin/dead-letters/replay", new { messageType = "", exceptionType = "a\u0001", from = "2020-01-01", to = "" })).ShouldFault("messageType", "exceptionType", "from", "to");

        ((int)(await Call(admin, "POST", $"/api/admin/dead-letters/{ids[0]}/discard")).Body["discarded"]!).ShouldBe(1);
        (await Call(admin, "POST", $"/api/admin/dead-letters/{ids[0]}/discard")).ShouldRefuse(404, "dead-letter-not-found");
        (await Call(admin, "GET", $"/api/admin/dead-letters/{ids[0]}")).ShouldRefuse(404, "dead-letter-not-found");
        (await Facts<DeadLetterDiscarded>(admin)).ShouldBe([new(ids[0], "Lost")]);
        var told = (await Call(admin, "GET", $"/api/admin/audit?action=dead-letter-discarded&actor={admin.Id}")).Body["entries"]!.AsArray().ShouldHaveSingleItem()!;
        told["changes"]!.AsArray().Select(c => $"{c!["field"]} {c["before"]}").ShouldBe([$"message {ids[0]}", "messageType Lost"]);

        foreach (var id in ids[1..])
            (await Call(admin, "POST", $"/api/admin/dead-letters/{id}/discard")).Status.ShouldBe(200);
    }

    private async Task<JsonNode?[]> List(Caller admin) => [.. (await Call(admin, "GET", $"/api/admin/dead-letters?limit=100&messageType={Mail}")).Body["deadLetters"]!.AsArray()];

    private async Task<T[]> Facts<T>(Caller by) where T : class
    {
        await using var session = Store.QuerySession();
        return [.. (await session.Events.QueryAllRawEvents().Where(e => e.UserName == by.Id.ToString()).ToListAsync(Ct)).Select(e => e.Data).OfType<T>()];
    }
}
