using TicMate.Admin.Operations.DeadLetters;

namespace TicMate.Tests.Admin.Operations;

public sealed class RedactedTests
{
    private enum Kind { PasswordReset }

    private sealed record Inner(string Priority, string Text);

    private sealed record Message(Guid Id, int Round, Kind Kind, string Status, DateTimeOffset At, string Name, string[] Words, Inner Inner, Dictionary<string, string> Named);

    [Fact]
    public void Of_a_message_the_ids_and_the_words_of_the_vocabulary_stay_and_no_other_text()
    {
        var id = Guid.NewGuid();
        Redacted.Body(new Message(id, 3, Kind.PasswordReset, "in_progress", DateTimeOffset.UnixEpoch, "Anna", ["high", "secret"], new("low", "my card is 4711"), new() { ["anna"] = "b" }))!
            .ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })
            .ShouldBe($$$"""{"id":"{{{id}}}","round":3,"kind":"password-reset","status":"in_progress","at":"1970-01-01T00:00:00+00:00","name":"[…]","words":["high","[…]"],"inner":{"priority":"low","text":"[…]"},"named":{"[…]":"[…]"}}""");
    }

    [Theory]
    [InlineData("The server said 550 to anna@example.org now", "The server said 550 to […] now")]
    [InlineData("No such user 'Anna Smith'.", "No such user […].")]
    [InlineData("Key (email)=(anna) already exists", "Key […] already exists")]
    [InlineData("GET https://x.example/?token=abc failed", "GET […] failed")]
    [InlineData("Bad token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 given", "Bad token […] given")]
    [InlineData(null, "")]
    public void Of_an_error_nothing_it_quotes_stays(string? text, string shown) => Redacted.Text(text).ShouldBe(shown);

    [Fact]
    public void A_cursor_is_read_back_and_nothing_else_is_one()
    {
        var end = new DeadLetterPage.Position(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), Guid.NewGuid());
        DeadLetterPage.Position.Parse(end.Cursor).ShouldBe(end);
        new[] { "", "x", "-", "zz-" + Guid.NewGuid().ToString("N"), "ffffffffffffffff-" + Guid.NewGuid().ToString("N") }.ShouldAllBe(text => DeadLetterPage.Position.Parse(text) == null);
    }
}
