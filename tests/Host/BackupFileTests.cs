using System.IO.Compression;
using System.Text;
using Npgsql;
using TicMate.Host;

namespace TicMate.Tests.Host;

public sealed class BackupFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ticmate-backup-").FullName;
    private static readonly Contents Some = new(10, 12, 4, 2, 1, 3, 0, "7 abc");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => PostgresFiles.Delete(folder);

    [Fact]
    public void A_copy_is_compared_number_by_number()
    {
        Some.Differences(Some with { }).ShouldBeEmpty();
        Some.Differences(Some with { Events = 9, ChainHead = null }).ShouldBe(["events: 9 instead of 10", "head of the audit chain: none instead of 7 abc"]);
        (Some with { ChainHead = null }).Differences(Some with { ChainHead = null }).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_written_is_read_and_only_the_owner_may_read_it()
    {
        var file = Path.Combine(folder, "a.backup");
        var written = await Write(file, "the dump");

        using var backup = await BackupFile.OpenAsync(file, Ct);
        backup.Manifest.ShouldBe(written);
        backup.Manifest.Contents.ShouldBe(Some);
        await using var dump = await backup.OpenDumpAsync(Ct);
        (await new StreamReader(dump).ReadToEndAsync(Ct)).ShouldBe("the dump");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(folder).ShouldBe([file]);
    }

    [Fact]
    public async Task A_backup_that_fails_leaves_the_last_one_alone_and_nothing_half_done()
    {
        var file = Path.Combine(folder, "a.backup");
        await Write(file, "the dump");

        await Should.ThrowAsync<CommandException>(() => BackupFile.WriteAsync(file, async stream =>
        {
            await stream.WriteAsync("half"u8.ToArray(), Ct);
            throw new CommandException(CommandException.Unavailable, "pg_dump failed");
        }, Ct));

        using var backup = await BackupFile.OpenAsync(file, Ct);
        Directory.GetFiles(folder).ShouldBe([file]);
    }

    [Theory]
    [InlineData("dump"), InlineData("end"), InlineData("entry"), InlineData("text"), InlineData("manifest")]
    public async Task A_damaged_file_is_refused(string damage)
    {
        var file = Path.Combine(folder, "a.backup");
        await Write(file, "the dump, quite long so that there is something to damage");
        var bytes = await File.ReadAllBytesAsync(file, Ct);
        switch (damage)
        {
            case "dump":
                bytes[bytes.AsSpan().IndexOf("damage"u8)] ^= 1;
                await File.WriteAllBytesAsync(file, bytes, Ct);
                break;
            case "end":
                await File.WriteAllBytesAsync(file, bytes[..^40], Ct);
                break;
            case "text":
                await File.WriteAllTextAsync(file, "no zip", Ct);
                break;
            default:
                await using (var zip = await ZipFile.OpenAsync(file, ZipArchiveMode.Update, Ct))
                {
                    zip.GetEntry(damage == "entry" ? "database.dump" : "manifest.json")!.Delete();
                    if (damage == "manifest")
                        await (await zip.CreateEntry("manifest.json").OpenAsync(Ct)).DisposeAsync();
                }

                break;
        }

        (await Should.ThrowAsync<CommandException>(() => BackupFile.OpenAsync(file, Ct))).ExitCode.ShouldBe(CommandException.BadData);
    }

    [Fact]
    public async Task Another_dump_under_the_same_manifest_is_refused()
    {
        var file = Path.Combine(folder, "a.backup");
        await Write(file, "the dump");
        await using (var zip = await ZipFile.OpenAsync(file, ZipArchiveMode.Update, Ct))
        {
            zip.GetEntry("database.dump")!.Delete();
            await using var other = await zip.CreateEntry("database.dump").OpenAsync(Ct);
            await other.WriteAsync("another"u8.ToArray(), Ct);
        }

        (await Should.ThrowAsync<CommandException>(() => BackupFile.OpenAsync(file, Ct))).Message.ShouldContain("damaged");
    }

    [Fact]
    public async Task Files_that_cannot_be_written_or_read_are_said_so()
    {
        (await Should.ThrowAsync<CommandException>(() => Write(Path.Combine(folder, "nowhere", "a.backup"), "x"))).ExitCode.ShouldBe(CommandException.CannotWrite);
        (await Should.ThrowAsync<CommandException>(() => BackupFile.OpenAsync(Path.Combine(folder, "none"), Ct))).ExitCode.ShouldBe(CommandException.NoInput);
    }

    [Fact]
    public void Of_several_programs_the_servers_own_is_taken_else_the_next_newer()
    {
        (string, int)[] all = [("a", 17), ("b", 15), ("c", 16)];
        PostgresClients.Choose(all, 15).ShouldBe(("b", 15));
        PostgresClients.Choose(all[..1], 15).ShouldBe(("a", 17));
        PostgresClients.Choose(all, 18).ShouldBeNull();
    }

    [Fact]
    public void The_password_goes_by_environment()
    {
        var settings = PostgresClients.Libpq(new NpgsqlConnectionStringBuilder("Host=db;Username=jo;Password=s@fe;Database=tickets;SSL Mode=VerifyFull"));
        (settings["PGHOST"], settings["PGPORT"], settings["PGUSER"], settings["PGPASSWORD"], settings["PGDATABASE"], settings["PGSSLMODE"])
            .ShouldBe(("db", "5432", "jo", "s@fe", "tickets", "verify-full"));
        settings.ShouldNotContainKey("PGPASSFILE");
    }

    [Fact]
    public void Of_what_a_program_complains_about_no_row_is_repeated() =>
        PostgresClients.FirstError("pg_restore: while\npg_restore: error: COPY failed for table \"a\"\nDETAIL: Key (email)=(jo@example.org)\n").ShouldBe("pg_restore: error: COPY failed for table \"a\"");

    [Fact]
    public async Task Ledgers_are_joined_and_a_cut_line_spoils_nothing()
    {
        var (one, two) = (Path.Combine(folder, "deep", "one"), Path.Combine(folder, "two"));
        var (user, ticket) = (new Erasure(Erasure.User, Guid.CreateVersion7(), DateTimeOffset.UnixEpoch), new Erasure(Erasure.Ticket, Guid.CreateVersion7(), DateTimeOffset.UnixEpoch));
        await ErasureLedger.AppendAsync(one, user, Ct);
        await File.AppendAllTextAsync(one, """{"kind":"us""", Ct);
        await Task.WhenAll(Enumerable.Repeat(0, 5).Select(_ => ErasureLedger.AppendAsync(one, ticket, Ct)));
        await ErasureLedger.AppendAsync(two, user, Ct);

        ErasureLedger.Read([one, two, one]).ShouldBe([user, ticket]);
        (await File.ReadAllTextAsync(one, Encoding.UTF8, Ct)).Split('\n').Count(line => line.Contains(ticket.Id.ToString(), StringComparison.Ordinal)).ShouldBe(5);
        Should.Throw<CommandException>(() => ErasureLedger.Read([Path.Combine(folder, "none")])).ExitCode.ShouldBe(CommandException.NoInput);
    }

    private static Task<Manifest> Write(string file, string dump) => BackupFile.WriteAsync(file, async stream =>
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes(dump), Ct);
        return new Manifest(BackupFile.Format, "1", 15, 15, DateTimeOffset.UnixEpoch, "", Some);
    }, Ct);
}
