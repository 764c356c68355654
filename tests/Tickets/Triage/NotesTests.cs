using System.Net;
using System.Text.RegularExpressions;
using TicMate.Tickets.Triage;

namespace TicMate.Tests.Tickets.Triage;

public sealed partial class NotesTests
{
    private const string Ticket = "Our portal https://portal.example.org/a?b=c does not open, nor does wiki.example.com";

    private static string Clean(string notes) => Notes.Clean(notes, Ticket);

    [Theory]
    [InlineData("**Bold** and `code`\n\n1. one\n2. two\n- *three*", "**Bold** and `code`\n\n1. one\n2. two\n- *three*")]
    [InlineData("```sql\nselect 1\n```", "```sql\nselect 1\n```")]
    [InlineData("a < b & c > d", "a &lt; b &amp; c &gt; d")]
    [InlineData("JavaScript: TypeError, data: none", "JavaScript: TypeError, data: none")]
    [InlineData("- [ ] check", "- &#91; &#93; check")]
    [InlineData("C:\\temp", "C:&#92;temp")]
    public void Ordinary_notes_stay_readable(string notes, string clean) => Clean(notes).ShouldBe(clean);

    [Theory]
    [InlineData("<b>x</b>", "x")]
    [InlineData("<script>alert(1)</script>x", "x")]
    [InlineData("<scr<b>ipt>alert(1)</scr</b>ipt>x", "x")]
    [InlineData("<img src=x onerror=alert(1)", "&lt;img src=x onerror=alert(1)")]
    [InlineData("a<!-- b -->c", "ac")]
    [InlineData("<\u200Bscript>x</script>y", "y")]
    [InlineData("<svg/onload=alert(1)>x", "x")]
    public void Tags_are_dropped_and_what_is_left_encoded(string notes, string clean) => Clean(notes).ShouldBe(clean);

    [Theory]
    [InlineData("[a](https://portal.example.org/x?y=1&z=2)", "[a](https://portal.example.org/x?y=1&amp;z=2)")]
    [InlineData("[a](https://WIKI.example.com \"title\")", "[a](https://WIKI.example.com)")]
    [InlineData("https://portal.example.org/x.", "https://portal.example.org/x.")]
    [InlineData("![a](https://portal.example.org/x.png)", "[a](https://portal.example.org/x.png)")]
    [InlineData("![[a](https://portal.example.org/x)", "!&#91;[a](https://portal.example.org/x)")]
    [InlineData("!\u200B[a](https://portal.example.org/x)", "[a](https://portal.example.org/x)")]
    public void Links_to_hosts_the_ticket_named_stay_and_images_become_links(string notes, string clean) => Clean(notes).ShouldBe(clean);

    [Theory]
    [InlineData("[a](https://evil.example/x)", "a (`evil.example/x`)")]
    [InlineData("![a](https://evil.example/x.png)", "a (`evil.example/x.png`)")]
    [InlineData("see https://evil.example/x.", "see `evil.example/x`.")]
    [InlineData("**https://evil.example**", "**`evil.example`**")]
    [InlineData("www.evil.example", "`www.evil.example`")]
    [InlineData("<https://evil.example>", "`evil.example`")]
    [InlineData("mo@evil.example", "`mo@evil.example`")]
    [InlineData("[a][b]\n\n[b]: https://evil.example", "a\n\n&#91;b&#93;: `evil.example`")]
    [InlineData("[https://portal.example.org](https://evil.example)", "https://portal.example.org (`evil.example`)")]
    [InlineData("[a](https://portal.example.org@evil.example/)", "a")]
    [InlineData("[a](https://portal.example.org.evil.example)", "a (`portal.example.org.evil.example`)")]
    [InlineData("portal.example.org/?to=https://evil.example", "`portal.example.org/?to=evil.example`")]
    [InlineData("http[s](x)://localhost/x", "`localhost/x`")]
    [InlineData("https` `://localhost/x", "https ://localhost/x")]
    [InlineData("[a[b](https://evil.example/1)](https://evil.example/2)", "ab (`evil.example/1`) (`evil.example/2`)")]
    [InlineData("[a](//evil.example)", "a")]
    [InlineData("[a](javascript:alert(1))", "a")]
    [InlineData("[a](JaVaScRiPt:alert`1`)", "a")]
    [InlineData("[a](data:text/html;base64,PHNjcmlwdD4=)", "a")]
    [InlineData("[a](java&#10;script:alert)", "a")]
    [InlineData("[a](ftp://portal.example.org/x)", "a")]
    [InlineData("javajavascript:script:alert(1)", "alert(1)")]
    [InlineData("`https://evil.example`", "`evil.example`")]
    [InlineData("```\n[a](https://evil.example)\n```", "```\n[a] (evil.example)\n```")]
    [InlineData("`[a](javascript:alert)`", "`[a] (alert)`")]
    public void Links_elsewhere_become_text(string notes, string clean) => Clean(notes).ShouldBe(clean);

    [Theory]
    [InlineData("a < b && c > d, C:\\temp, [x], {y}, ~~z~~, `List<int>` & more")]
    [InlineData("[a](https://portal.example.org/x?y=1&z=2) ![b](https://evil.example/y?a=1&b=2), https://portal.example.org/~mo?a=1&b=2.")]
    [InlineData("<b>x</b> [a][b] mo@evil.example\n\n```sh\ncurl https://evil.example/x?a=1&b=2\n```\n[b]: https://evil.example")]
    public void Cleaning_notes_again_changes_nothing(string notes) => Clean(Clean(notes)).ShouldBe(Clean(notes));

    [Fact]
    public void Notes_end_at_4000_characters_with_nothing_cut_in_half()
    {
        foreach (var piece in (string[])["word ", "&", "<", "[a](https://portal.example.org/x) ", "`code` ", "https://evil.example ", "😀", "\n"])
        {
            var clean = Clean("x" + string.Concat(Enumerable.Repeat(piece, 5_000)));
            clean.Length.ShouldBeLessThanOrEqualTo(4_000);
            Judge(clean);
        }

        Clean("```\n" + new string('x', 3_000) + "\n" + new string('y', 3_000)).ShouldEndWith("\n```");
    }

    [Fact]
    public void Whatever_goes_in_what_comes_out_is_harmless_and_stays_so_when_cleaned_again()
    {
        string[] pieces =
        [
            "<", ">", "&", "&lt;", "&#60;", "script", "<script>", "</script>", "<img src=x onerror=alert(1)>", "[", "]", "(", ")", "](", "]:", "][", "!",
            "![", "`", "```", "\n```\n", "\n```js\n", "~~~", "\n", "\\", "\"", "'", " ", "\t", "https://", "http:/", "https:\\\\", "//", "www.",
            "evil.example", "portal.example.org", "https://evil.example/x", "https://portal.example.org/x", "javascript:", "data:text/html,", "vbscript:", ":", "@",
            "alert(1)", "a", "<!--", "-->", "<style>", "\0", "\u202E", "\u200B", "\u2028", "😀", "\uD800", "{{", "}}", "*", "_", "|", "- ", "> ", "    ", "x](", "localhost", "s", "http", "&amp;", "[a](https://portal.example.org/x?a=1&b=2)", "?a=1&l=2",
        ];
        var random = new Random(42);
        for (var round = 0; round < 20_000; round++)
        {
            var hostile = string.Concat(random.GetItems(pieces, random.Next(1, 25)));
            var clean = Clean(hostile);
            Judge(clean, hostile);
            Judge(Clean(clean), hostile);
        }
    }

    [Theory]
    [InlineData("[")]
    [InlineData("![")]
    [InlineData("<a ")]
    [InlineData("<!--")]
    [InlineData("`")]
    [InlineData("a.")]
    [InlineData("a@")]
    [InlineData("<script")]
    [InlineData("[a](")]
    [InlineData("data:")]
    public void No_notes_keep_it_from_an_end(string piece) => Clean(string.Concat(Enumerable.Repeat(piece, 20_000))).ShouldNotContain('<');

    /// <summary>What must hold of any notes, judged by other means than those that made them.</summary>
    private static void Judge(string clean, string? from = null)
    {
        clean.ShouldNotContain('<', from);
        clean.ShouldNotContain('>', from);
        clean.Any(c => c != '\n' && c != '\t' && char.IsControl(c)).ShouldBeFalse(from);
        Ampersand.Count(clean).ShouldBe(clean.Count(c => c == '&'), from);
        foreach (Match link in LinkSyntax.Matches(clean))
            link.Value.ShouldMatch(@"^\[[^\[\]]*\]\(https?://(portal\.example\.org|wiki\.example\.com)([/?#:][^()\s]*)?\)$", from);
        ImageSyntax.IsMatch(clean).ShouldBeFalse(from);
        clean.ShouldNotContain("]:", customMessage: from);
        clean.ShouldNotContain("][", customMessage: from);
        foreach (Match address in AnyScheme.Matches(clean))
            address.Value.ShouldMatch(@"^(?i)[a-z0-9+.\-]*https?://(portal\.example\.org|wiki\.example\.com)", from);
        WebUtility.HtmlDecode(clean.Replace("&lt;", "", StringComparison.Ordinal)).ShouldNotContain("<script", customMessage: from);
    }

    [GeneratedRegex(@"&(amp|lt|gt|#33|#91|#92|#93|#96|#123|#125|#126);")]
    private static partial Regex Ampersand { get; }

    [GeneratedRegex(@"(\[[^\[\]]*)?\]\([^)\n]*\)?")]
    private static partial Regex LinkSyntax { get; }

    [GeneratedRegex(@"!\[[^\[\]]*\]\(")]
    private static partial Regex ImageSyntax { get; }

    [GeneratedRegex(@"[a-zA-Z][a-zA-Z0-9+.\-]*:/[^\s`)]*|javascript:[a-z(]", RegexOptions.IgnoreCase)]
    private static partial Regex AnyScheme { get; }
}
