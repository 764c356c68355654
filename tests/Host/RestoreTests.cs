using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TicMate.Host;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage;
using Wolverine;

namespace TicMate.Tests.Host;

/// <summary>A service on a database that the test has made, with a mail server and a model of its own.</summary>
public sealed class CopyApp(string database) : App
{
    public FakeModel Model { get; private set; } = null!;

    protected override IEnumerable<(string, string)> Settings =>
        [("ConnectionStrings:Database", database), ("Ai:ApiKey", "a-key"), ("Ai:BaseUrl", Model.BaseUrl.ToString()), ("Ai:Model", "gemini-test")];

    public override async ValueTask InitializeAsync()
    {
        Model = await FakeModel.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Model.DisposeAsync();
    }
}

public sealed class RestoreTests(App app) : AppTest(app), IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ticmate-restore-").FullName;

    private string Original => Host.Services.GetRequiredService<IConfiguration>().GetConnectionString("Database")!;

    public void Dispose() => PostgresFiles.Delete(folder);

    [Fact]
    public async Task A_restored_copy_holds_its_mails_and_questions_until_it_may_and_forgets_again_who_was_erased()
    {
        var (skill, file) = (ASkill(), Path.Combine(folder, "a.backup"));
        var (author, moderator, leaver) = (await Someone(), await AModerator(skill), await Someone());
        var ticket = (Guid)(await ATicket(author, $"{skill} fails"))["id"]!;
        var untriaged = await AnUntriagedTicket(author);
        var gone = (Guid)(await ATicket(leaver, "canary-restored-title", "canary-restored-words"))["id"]!;
        var deleted = (Guid)(await ATicket(author, "canary-restored-deleted"))["id"]!;

        // What waits in the backup: due later, so that the original does not send it while we look.
        var bus = Host.MessageBus();
        await bus.ScheduleAsync(new TellAssignee(ticket, moderator.Id, 1), TimeSpan.FromHours(5));
        await bus.ScheduleAsync(SendAccountMail.Notice(author.Id, AccountMailKind.PasswordChanged), TimeSpan.FromHours(5));
        await bus.ScheduleAsync(new TriageTicket(untriaged), TimeSpan.FromHours(5));

        var manifest = await BackupCommand.WriteAsync(Original, file, Ct);
        await ExecuteAsync(Original, "delete from wolverine.wolverine_incoming_envelopes where execution_time > now() + interval '4 hours'");
        (await CallAndSettle(await Someone(Roles.Admin), "DELETE", "/api/admin/delete-user", new { userId = leaver.Id })).Status.ShouldBe(200);
        var ledger = ErasureLedger.Read([Host.Services.GetRequiredService<IConfiguration>()[ErasureLedger.Key]!]);
        ledger.ShouldContain(e => e.Kind == Erasure.User && e.Id == leaver.Id);
        var exported = Path.Combine(folder, "ledger");
        (await ErasuresCommand.ExportAsync(Original, exported, Ct)).ShouldBeGreaterThan(0);
        (await ErasuresCommand.ExportAsync(Original, exported, Ct)).ShouldBe(0);
        ErasureLedger.Read([exported]).Select(e => e.Id).ShouldContain(leaver.Id);

        var copy = await AnEmptyDatabase();
        (await RestoreCommand.RestoreAsync(copy, file, force: false, Ct)).ShouldBe(manifest);
        manifest.Contents.MessagesWaiting.ShouldBeGreaterThanOrEqualTo(3);
        (await Should.ThrowAsync<SettingException>(() => Restoring.RefuseAsync(copy, Ct))).Message.ShouldContain("--force");
        (await Should.ThrowAsync<CommandException>(() => RestoreCommand.RestoreAsync(copy, file, force: false, Ct))).ExitCode.ShouldBe(CommandException.Refused);
        await Restoring.EndAsync(copy, Ct);
        await ExecuteAsync(copy, "update wolverine.wolverine_incoming_envelopes set execution_time = now() where execution_time > now() + interval '4 hours'");

        await using var restored = new CopyApp(copy);
        await restored.InitializeAsync();
        var there = new There(restored);

        // Held: every message has been tried, and nothing has left the house.
        await there.Until("select count(*) = 3 from wolverine.wolverine_incoming_envelopes where status = 'Scheduled' and attempts > 0 and execution_time > now() and message_type = any (array["
            + $"'{typeof(TellAssignee).FullName}', '{typeof(SendAccountMail).FullName}', '{typeof(TriageTicket).FullName}'])");
        (await restored.Host.Services.GetRequiredService<Held>().SinceAsync(Ct)).ShouldNotBeNull();
        restored.Smtp.TryNext().ShouldBeNull();
        restored.Model.Requests.ShouldBeEmpty();

        (await RepeatErasures.RunAsync(restored.Host.Services, [.. ledger.Where(e => e.Id == leaver.Id), new(Erasure.Ticket, deleted, DateTimeOffset.UtcNow)], Ct)).ShouldBe(2);
        (await there.Text()).ShouldNotContain("canary-restored");
        (await there.Text()).ShouldNotContain(leaver.Email);
        (await there.Loaded<Ticket>(deleted))!.ShouldSatisfyAllConditions(t => t.IsErased.ShouldBeTrue(), t => t.DeletedAt.ShouldNotBeNull());
        (await there.Loaded<User>(leaver.Id))!.IsErased.ShouldBeTrue();
        (await there.Loaded<Ticket>(gone))!.Title.ShouldBe(Ticket.Erased);
        (await RepeatErasures.RunAsync(restored.Host.Services, ledger, Ct)).ShouldBe(0, "each is done once");

        // Released, beside the running service: each once.
        (await ResumeCommand.ResumeAsync(copy, discard: false, Ct)).ShouldNotBeNull().Released.ShouldBeGreaterThanOrEqualTo(3);
        var sent = new[] { (await restored.Smtp.NextAsync(Ct)).To.Single(), (await restored.Smtp.NextAsync(Ct)).To.Single() };
        sent.ShouldBe([moderator.Email, author.Email], ignoreOrder: true);
        await there.Until($"select count(*) = 1 from ticmate.mt_events where stream_id = '{untriaged}' and type = 'ticket_triaged'");
        restored.Model.Requests.Count.ShouldBe(1);
        restored.Smtp.TryNext().ShouldBeNull();
        (await ResumeCommand.ResumeAsync(copy, discard: false, Ct)).ShouldBeNull();
    }

    [Fact]
    public async Task A_copy_that_is_not_what_the_manifest_tells_of_is_marked_and_no_service_starts_on_it()
    {
        var file = Path.Combine(folder, "a.backup");
        await BackupCommand.WriteAsync(Original, file, Ct);
        using (var zip = System.IO.Compression.ZipFile.Open(file, System.IO.Compression.ZipArchiveMode.Update))
        {
            var entry = zip.GetEntry("manifest.json")!;
            string text;
            using (var reader = new StreamReader(entry.Open()))
                text = await reader.ReadToEndAsync(Ct);
            entry.Delete();
            await using var writer = new StreamWriter(zip.CreateEntry("manifest.json").Open());
            await writer.WriteAsync(System.Text.RegularExpressions.Regex.Replace(text, "\"users\": \\d+", "\"users\": 7000000"));
        }

        var copy = await AnEmptyDatabase();
        var refused = await Should.ThrowAsync<CommandException>(() => RestoreCommand.RestoreAsync(copy, file, force: false, Ct));
        (refused.ExitCode, refused.Message.Contains("users", StringComparison.Ordinal)).ShouldBe((CommandException.BadData, true));
        await Should.ThrowAsync<SettingException>(() => Restoring.RefuseAsync(copy, Ct));
    }

    [Fact]
    public async Task A_database_in_use_is_left_alone()
    {
        var file = Path.Combine(folder, "a.backup");
        await BackupCommand.WriteAsync(Original, file, Ct);

        (await Should.ThrowAsync<CommandException>(() => RestoreCommand.RestoreAsync(Original, file, force: false, Ct))).Message.ShouldContain("--force");
        await using var service = new NpgsqlConnection(Commands.NameSessions(Original, []));
        await service.OpenAsync(Ct);
        (await Should.ThrowAsync<CommandException>(() => RestoreCommand.RestoreAsync(Original, file, force: true, Ct))).Message.ShouldContain("service runs");
        await Restoring.RefuseAsync(Original, Ct);
    }

    [Fact]
    public void Every_message_whose_handler_sends_mail_is_known_to_resume()
    {
        var senders = new[] { typeof(User).Assembly, typeof(Ticket).Assembly }.SelectMany(a => a.GetTypes()).Where(t => t.Name.EndsWith("Handler", StringComparison.Ordinal))
            .SelectMany(t => t.GetMethods()).Where(m => m.Name is "HandleAsync" or "Handle" && m.GetParameters().Any(p => p.ParameterType == typeof(IPostOffice) || p.ParameterType == typeof(AccountMails)))
            .Select(m => m.GetParameters()[0].ParameterType);

        senders.ShouldBe(ISendsMail.All, ignoreOrder: true);
    }

    // As it stands before the agent has read it; appended in silence, so that nothing follows.
    private async Task<Guid> AnUntriagedTicket(Caller author)
    {
        var id = Guid.CreateVersion7();
        var triaged = (await EventsOf((Guid)(await ATicket(author))["id"]!)).OfType<TicketCreated>().Single();
        await using var session = Store.LightweightSession();
        session.Events.StartStream<Ticket>(id, triaged with { TicketId = id, Number = triaged.Number + 5_000_000 });
        await session.SaveChangesAsync(Ct);
        return id;
    }

    private async Task<string> AnEmptyDatabase()
    {
        var name = $"copy_{Guid.NewGuid():N}";
        await ExecuteAsync(Original, $"create database {name}");
        return new NpgsqlConnectionStringBuilder(Original) { Database = name, ApplicationName = "a command" }.ConnectionString;
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = await Restoring.OpenAsync(database, Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }

    /// <summary>Looks at the restored copy.</summary>
    private sealed class There(App app) : Scenarios(app)
    {
        public Task<string> Text() => TextOfTheWholeDatabase();

        public Task<T?> Loaded<T>(Guid id) where T : class => Load<T>(id);

        public async Task Until(string question)
        {
            await using var session = Store.QuerySession();
            await Until(async () => (await session.QueryAsync<bool>(question, Ct)).Single(), question);
        }
    }
}
