using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Import;

namespace TicMate.Tests.Tickets.Import;

public sealed class ImportRowTests
{
    private static readonly ImportColumns TextOnly = ImportColumns.Of(["text", "skill"], null);
    private static readonly ImportColumns Everything = ImportColumns.Of(["ID", " Title ", "description", "category", "priority", "skill"], "Skill");

    [Fact]
    public void A_text_gives_description_and_title()
    {
        var row = ImportRow.Read(TextOnly, 2, ["The  printer\n is on fire", "Hardware"]);

        (row.Fault, row.Title, row.Description, row.Skill).ShouldBe((null, "The printer is on fire", "The  printer\n is on fire", null));
    }

    [Fact]
    public void The_title_of_a_long_text_is_its_first_80_characters()
    {
        ImportRow.Read(TextOnly, 2, [new string('a', 5_000), ""]).Title.ShouldBe(new string('a', 80));
        ImportRow.Read(TextOnly, 2, [string.Concat(Enumerable.Repeat("🔥", 90)), ""]).Title.ShouldBe(string.Concat(Enumerable.Repeat("🔥", 80)));
    }

    [Fact]
    public void Columns_are_found_without_case()
    {
        var row = ImportRow.Read(Everything, 2, ["17", "Printer", "It burns", "Office", "urgent", "Hardware"]);

        row.ShouldBe(new ImportRow(2, null, "id:17", true, "Printer", "It burns", "Office", "urgent", "Hardware"));
    }

    [Theory]
    [InlineData("", "Hardware", "The row has no text.")]
    [InlineData("   ", "Hardware", "The row has no text.")]
    [InlineData("nul \0 inside", "", "Description must not contain control characters.")]
    [InlineData("caf\uFFFD", "", "The row holds bytes that are not UTF-8.")]
    public void A_text_that_cannot_be_a_ticket_is_rejected(string text, string skill, string reason) =>
        ImportRow.Read(TextOnly, 7, [text, skill]).ShouldBe(ImportRow.Rejected(7, reason));

    [Fact]
    public void A_row_with_more_fields_than_the_header_is_rejected() =>
        ImportRow.Read(TextOnly, 7, ["Hello", " world", "Access"]).Fault!.ShouldStartWith("The row has 3 fields, the header 2.");

    [Fact]
    public void A_row_with_fewer_fields_lacks_the_last_ones() => ImportRow.Read(TextOnly, 7, ["Hello"]).Fault.ShouldBeNull();

    [Fact]
    public void All_faults_of_a_row_are_told()
    {
        var fault = ImportRow.Read(Everything, 2, ["1", new string('t', 256), new string('d', 10_001), "Office", "soon", ""]).Fault!;

        fault.ShouldContain("Title must have at most 255 characters.");
        fault.ShouldContain("Description must have at most 10000 characters.");
        fault.ShouldContain("Priority must be one of high, low, medium, urgent.");
        fault.ShouldContain("Skill is required.");
    }

    [Fact]
    public void Equal_rows_without_an_id_are_different_tickets()
    {
        var (one, same, other) = (Key(0, "a", "b"), Key(0, "a", "b"), Key(0, "ab", ""));

        same.ShouldBe(one);
        other.ShouldNotBe(one);
        Key(1, "a", "b").ShouldNotBe(one);

        static string Key(int before, params string[] fields) => ImportRow.Read(TextOnly, 2, fields).KeyAfter(before);
    }

    [Fact]
    public void Rows_with_the_same_id_are_the_same_ticket() =>
        ImportRow.Read(Everything, 2, ["17", "A", "a", "", "", "X"]).KeyAfter(0).ShouldBe(ImportRow.Read(Everything, 3, [" 17 ", "B", "b", "", "", "Y"]).KeyAfter(1));

    [Fact]
    public void An_open_ticket_shows_its_label_to_nobody()
    {
        var id = Guid.CreateVersion7();

        ImportRow.Read(TextOnly, 2, ["Hello", "Hardware"]).Events(id, 5, "key", notify: false)
            .ShouldBe([new TicketCreated(id, 5, ServiceAccounts.Importer, "Hello", "Hello", ImportKey: "key", Silent: true)]);
    }

    [Fact]
    public void A_solved_ticket_is_completed_and_shows_who_knows_what()
    {
        var events = ImportRow.Read(Everything, 2, ["17", "Printer", "It burns", "", "low", "Hardware"]).Events(Guid.CreateVersion7(), 5, "key", notify: true);

        events.Length.ShouldBe(3);
        events[0].ShouldBeOfType<TicketCreated>().ShouldSatisfyAllConditions(e => e.Silent.ShouldBeFalse(), e => e.PriorityStands.ShouldBeTrue());
        events[1].ShouldBeOfType<TicketSkillsRecorded>().Skills.ShouldBe(["Hardware"]);
        events[2].ShouldBeOfType<TicketStatusChanged>().To.ShouldBe(Status.Completed);
    }

    [Fact]
    public void A_file_without_the_columns_is_unusable()
    {
        Should.Throw<UnusableFileException>(() => ImportColumns.Of([], null));
        Should.Throw<UnusableFileException>(() => ImportColumns.Of(["title"], null)).Message.ShouldContain("title");
        Should.Throw<UnusableFileException>(() => ImportColumns.Of(["text"], "skill")).Message.ShouldContain("skill");
        Should.Throw<UnusableFileException>(() => ImportColumns.Of(["text", "TEXT"], null));
        ImportColumns.Of(["description", "title"], null).Title.ShouldBe(1);
    }
}
