using TicMate.Tickets.Triage;

namespace TicMate.Tests.Tickets.Triage;

public sealed class RedactionTests
{
    [Theory]
    [InlineData("mail mo.o'neil+x@mail.example.co.uk now", "mail [e-mail] now")]
    [InlineData("call +49 (0)30 1234-5678 now", "call [phone] now")]
    [InlineData("reach me 030 12345678.", "reach me [phone].")]
    [InlineData("number 555-123-4567", "number [phone]")]
    [InlineData("(555) 123-4567", "[phone]")]
    [InlineData("phone: 5551234", "phone: [phone]")]
    [InlineData("card 4111 1111 1111 1111 ok", "card [card] ok")]
    [InlineData("card 4111-1111-1111-1111", "card [card]")]
    [InlineData("amex 378282246310005", "amex [card]")]
    [InlineData("to DE89 3704 0044 0532 0130 00 then pay", "to [iban] then pay")]
    [InlineData("to DE89370400440532013000", "to [iban]")]
    [InlineData("gb29 nwbk 6016 1331 9268 19", "[iban]")]
    [InlineData("NO9386011117947", "[iban]")]
    [InlineData("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN x", "token [token] x")]
    [InlineData("key AKIAIOSFODNN7EXAMPLE", "key [key]")]
    [InlineData("AIzaSyA-1234567890abcdefghijklmnopqrstu", "[key]")]
    [InlineData("secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "secret: [key]")]
    [InlineData("Bearer abcdefghijklmnop1234", "Bearer [key]")]
    [InlineData("from 192.168.10.254:8080", "from [ip]:8080")]
    [InlineData("from 2001:db8::8a2e:370:7334.", "from [ip].")]
    [InlineData("fe80::1ff:fe23:4567:890a", "[ip]")]
    [InlineData("password: hunter2secret now", "password: [key] now")]
    [InlineData("pw=Tr0ub4dor&3xyz", "pw=[key]")]
    [InlineData("my password is hunter2.", "my password is [key]")]
    [InlineData("glpat-ABCDEFGHIJKLMNOPQRST", "[key]")]
    [InlineData("sk_live_51Habcdefghijk", "[key]")]
    [InlineData("npm_abcdefghijklmnop", "[key]")]
    [InlineData("https://host.example/path?token=abcdef1234567890abcdef", "https://host.example/path?token=[key]")]
    [InlineData("https://user:secretpw@host.example/x", "https://[key]@host.example/x")]
    public void What_a_provider_need_not_know_is_masked(string text, string masked) => Redaction.Mask(text).ShouldBe(masked);

    [Theory]
    [InlineData("Error 500 at 10:30:45 on 2026-01-15")]
    [InlineData("order 4111 1111 1111 1112")]
    [InlineData("on 01.02.2026 it broke")]
    [InlineData("std::vector and a::b")]
    [InlineData("version 3.2.1, build 20260115")]
    [InlineData("@media print and user@localhost")]
    [InlineData("DE00 3704 7044 1532 1130 00")]
    [InlineData("ticket 123456, 12 users, port 8080")]
    [InlineData("React console shows CORS error")]
    [InlineData("the password is wrong and the token is expired")]
    public void What_helps_to_solve_the_ticket_stays(string text) => Redaction.Mask(text).ShouldBe(text);

    [Fact]
    public void A_private_key_goes_as_a_whole() =>
        Redaction.Mask("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\nxyz\n-----END RSA PRIVATE KEY----- b").ShouldBe("a [key] b");

    [Fact]
    public void A_character_one_cannot_see_does_not_hide_an_address() => Redaction.ForProvider("m\u200Bo@exam\u00ADple.org").ShouldBe("[e-mail]");

    [Fact]
    public void At_most_8000_characters_are_sent_and_no_half_of_a_secret()
    {
        var text = new string('x', Redaction.MostSent - 8) + " mo@example.org";

        var sent = Redaction.ForProvider(text);

        sent.Length.ShouldBeLessThanOrEqualTo(8_000);
        sent.ShouldNotContain("mo@");
        Redaction.ForProvider(new string('y', 100_000)).Length.ShouldBe(8_000);
        Redaction.ForProvider(string.Concat(Enumerable.Repeat("😀", 9_000))).ShouldNotContain('\uFFFD');
    }

    [Theory]
    [InlineData("1 ")]
    [InlineData("0-")]
    [InlineData("a.")]
    [InlineData("a@")]
    [InlineData("::")]
    [InlineData("eyJ")]
    [InlineData("DE89 ")]
    [InlineData("-----BEGIN ")]
    public void No_text_keeps_it_from_an_end(string piece) =>
        Redaction.ForProvider(string.Concat(Enumerable.Repeat(piece, 10_000))).Length.ShouldBeLessThanOrEqualTo(8_000);
}
