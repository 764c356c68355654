using Microsoft.Extensions.Options;
using TicMate.Identity.Email;

namespace TicMate.Tests.Identity.Email;

public sealed class FolderMailboxTests : IDisposable
{
    private static readonly Mail Hello = new("anna@example.org", "Anna Müßig", "Grüße", "Hello Anna", "verify.17.1@ticmate.test");
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("ticmate-mail-");
    private readonly SettableClock clock = new();

    private string Folder => Path.Combine(root.FullName, "box");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task A_mail_can_be_read_back()
    {
        await Mailbox().SendAsync(Hello, Ct);

        var mail = Mailbox().List(0, 10).ShouldHaveSingleItem();
        (mail.Subject, mail.Text.TrimEnd(), mail.Date).ShouldBe(("Grüße", "Hello Anna", clock.Now));
        mail.To.ShouldContain("anna@example.org");
        mail.To.ShouldContain("Müßig");
        Mailbox().Find(mail.Id).ShouldBe(mail);
    }

    [Fact]
    public async Task The_same_mail_twice_is_one_file()
    {
        var mailbox = Mailbox();
        await mailbox.SendAsync(Hello, Ct);
        clock.Now += TimeSpan.FromHours(1);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => mailbox.SendAsync(Hello, Ct), Ct)));

        Directory.GetFiles(Folder).ShouldHaveSingleItem();
        await mailbox.SendAsync(Hello with { MessageId = "verify.17.2@ticmate.test" }, Ct);
        Directory.GetFiles(Folder).Length.ShouldBe(2);
    }

    [Fact]
    public async Task The_newest_comes_first_page_by_page()
    {
        var mailbox = Mailbox();
        foreach (var i in Enumerable.Range(1, 5))
        {
            await mailbox.SendAsync(Hello with { Subject = $"{i}", MessageId = $"a.{i}@b" }, Ct);
            clock.Now += TimeSpan.FromMilliseconds(1);
        }

        mailbox.List(0, 2).Select(m => m.Subject).ShouldBe(["5", "4"]);
        mailbox.List(4, 2).Select(m => m.Subject).ShouldBe(["1"]);
        mailbox.List(5, 2).ShouldBeEmpty();
    }

    [Fact]
    public async Task Only_the_newest_thousand_are_kept()
    {
        Directory.CreateDirectory(Folder);
        foreach (var i in Enumerable.Range(0, FolderMailbox.Capacity + 5))
        {
            var old = Path.Combine(Folder, $"20200101T{i:000000000}Z-{new string('a', 32)}.eml");
            await File.WriteAllTextAsync(old, "Subject: old\r\n\r\n", Ct);
        }

        await Mailbox().SendAsync(Hello, Ct);

        var kept = Directory.GetFiles(Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToList();
        kept.Count.ShouldBe(FolderMailbox.Capacity);
        kept[0].ShouldStartWith("20200101T000000006Z");
        Mailbox().List(0, 1).Single().Subject.ShouldBe("Grüße");
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../secret")]
    [InlineData("..\\secret")]
    [InlineData("%2e%2e%2fsecret")]
    [InlineData("secret")]
    [InlineData("")]
    [InlineData("../../../../../../../../../../../../../../etc/passwd")]
    [InlineData("20200101T000000000Z-aaaaaaaaaaaaaaaaaaaaaaaa/../../x")]
    [InlineData("20200101T000000000Z-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")]
    public async Task No_id_leads_out_of_the_folder(string id)
    {
        await Mailbox().SendAsync(Hello, Ct);
        await File.WriteAllTextAsync(Path.Combine(root.FullName, "secret.eml"), "Subject: secret\r\n\r\nsecret", Ct);
        await File.WriteAllTextAsync(Path.Combine(Folder, "secret.eml"), "Subject: secret\r\n\r\nsecret", Ct);

        Mailbox().Find(id).ShouldBeNull();
        Mailbox().Raw(id).ShouldBeNull();
        Mailbox().List(0, 10).ShouldHaveSingleItem().Subject.ShouldBe("Grüße");
    }

    [Fact]
    public void Before_the_first_mail_there_is_none()
    {
        Mailbox().List(0, 10).ShouldBeEmpty();
        Mailbox().Find($"20200101T000000000Z-{new string('a', 32)}").ShouldBeNull();
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_may_be_tried_again()
    {
        await File.WriteAllTextAsync(Folder, "a file where the folder should be", Ct);

        await Should.ThrowAsync<MailUnavailableException>(() => Mailbox().SendAsync(Hello, Ct));
    }

    [Fact]
    public async Task Nobody_else_on_the_machine_reads_the_links()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no Unix modes on Windows.");
        await Mailbox().SendAsync(Hello, Ct);

#pragma warning disable CA1416 // Skipped on Windows above.
        File.GetUnixFileMode(Folder).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
    }

    [Fact]
    public async Task What_is_to_be_forgotten_goes_and_nothing_else()
    {
        var box = Mailbox();
        await box.SendAsync(Hello, Ct);
        await box.SendAsync(Hello with { To = "bea@example.org", MessageId = "assigned.42.x@ticmate.test" }, Ct);
        await box.SendAsync(Hello with { To = "cleo@example.org", MessageId = "assigned.43.x@ticmate.test" }, Ct);

        box.Recipients().ShouldBe(["anna@example.org", "bea@example.org", "cleo@example.org"], ignoreOrder: true);
        box.RemoveMailTo(new HashSet<string> { "anna@example.org" });
        box.Remove(mail => mail.MessageId.Contains(".42.", StringComparison.Ordinal));

        box.Recipients().ShouldBe(["cleo@example.org"]);
    }

    private FolderMailbox Mailbox() =>
        new(Options.Create(new MailOptions { Folder = Folder, From = "TICMaTe <no-reply@ticmate.test>" }), clock);

    private sealed class SettableClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
