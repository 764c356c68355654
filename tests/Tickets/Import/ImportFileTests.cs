using System.Text;
using TicMate.Tickets.Import;

namespace TicMate.Tests.Tickets.Import;

public sealed class ImportFileTests
{
    [Fact]
    public void Rows_know_the_line_on_which_they_begin()
    {
        var rows = Rows("text,skill\n\"two\nlines\",A\n\n\"quoted, comma\",B\r\nlast,C");

        rows.Select(r => (r.Line, r.Description)).ShouldBe([(2, "two\nlines"), (5, "quoted, comma"), (6, "last")]);
    }

    [Fact]
    public void A_row_with_bad_quotes_does_not_stop_the_others()
    {
        var rows = Rows("text,skill\ngood,A\nsize 5\" disk,B\n\"closed\" early,C\nalso good,D\n");

        rows.Select(r => (r.Line, r.Fault is null)).ShouldBe([(2, true), (3, false), (4, false), (5, true)]);
    }

    [Fact]
    public void A_quote_that_is_never_closed_takes_the_rest_with_it()
    {
        var rows = Rows("text\ngood\n\"never closed\nlost\n");

        rows.Length.ShouldBe(2);
        (rows[1].Line, rows[1].Fault).ShouldBe((3, "A quote is never closed: the rest of the file belongs to this row."));
    }

    [Fact]
    public void A_row_too_long_for_memory_ends_the_reading()
    {
        using var file = File($"text\ngood\n\"{new string('x', 5_000_000)}\"\nlost\n");
        var rows = file.Rows().ToArray();

        rows.Select(r => (r.Line, r.Fault is null)).ShouldBe([(2, true), (3, false)]);
        file.IsCutShort.ShouldBeTrue();
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_header() => Rows("\uFEFFtext\ngood\n").ShouldHaveSingleItem().Title.ShouldBe("good");

    [Fact]
    public void Bytes_that_are_not_utf8_reject_their_row_only()
    {
        using var file = new ImportFile(new MemoryStream([.. "text\ncaf"u8, 0xE9, .. "\ngood\n"u8]), null);

        file.Rows().Select(r => r.Fault is null).ShouldBe([false, true]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("subject,body\nhello,world\n")]
    public void A_file_without_a_fitting_header_is_unusable(string content) => Should.Throw<UnusableFileException>(() => File(content));

    [Fact]
    public void What_is_no_file_is_unusable()
    {
        Should.Throw<UnusableFileException>(() => ImportFile.Open(Path.GetTempPath(), null)).Message.ShouldContain("folder");
        Should.Throw<UnusableFileException>(() => ImportFile.Open(Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.csv"), null));
    }

    private static ImportRow[] Rows(string content)
    {
        using var file = File(content);
        return [.. file.Rows()];
    }

    private static ImportFile File(string content) => new(new MemoryStream(Encoding.UTF8.GetBytes(content)), null);
}
