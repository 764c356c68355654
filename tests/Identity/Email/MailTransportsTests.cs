using MailKit.Security;
using Microsoft.Extensions.Configuration;
using TicMate.Identity.Email;

namespace TicMate.Tests.Identity.Email;

public sealed class MailTransportsTests
{
    private static readonly MailOptions Nothing = new();

    [Theory]
    [InlineData("re_key", "smtp.example.org", true, MailTransport.Resend)]
    [InlineData("re_key", null, false, MailTransport.Resend)]
    [InlineData(null, "smtp.example.org", true, MailTransport.Smtp)]
    [InlineData(" ", "smtp.example.org", false, MailTransport.Smtp)]
    [InlineData(null, null, true, MailTransport.Folder)]
    [InlineData("", "", true, MailTransport.Folder)]
    [InlineData(null, null, false, MailTransport.None)]
    public void The_first_that_is_set_carries_the_mail(string? key, string? host, bool development, MailTransport expected) =>
        MailTransports.InForce(With(host: host, key: key), development).ShouldBe(expected);

    [Fact]
    public void Resend_needs_only_its_key() =>
        MailTransports.Server(With(key: "re_key")).ShouldBe(
            new("smtp.resend.com", 465, "resend", "re_key", SecureSocketOptions.SslOnConnect, TimeSpan.FromSeconds(10)));

    [Theory]
    [InlineData("auto", "smtp.example.org", null, "u", 587, SecureSocketOptions.StartTls)]
    [InlineData("auto", "smtp.example.org", 465, "u", 465, SecureSocketOptions.SslOnConnect)]
    [InlineData("auto", "smtp.example.org", 25, null, 25, SecureSocketOptions.StartTlsWhenAvailable)]
    [InlineData("auto", "localhost", 1025, "u", 1025, SecureSocketOptions.StartTlsWhenAvailable)]
    [InlineData("TLS", "smtp.example.org", null, "u", 465, SecureSocketOptions.SslOnConnect)]
    [InlineData("starttls", "smtp.example.org", null, null, 587, SecureSocketOptions.StartTls)]
    [InlineData("none", "smtp.example.org", 25, null, 25, SecureSocketOptions.None)]
    public void A_password_goes_in_clear_only_within_this_machine(
        string security, string host, int? port, string? user, int expectedPort, SecureSocketOptions expected)
    {
        var server = MailTransports.Server(With(host: host, port: port, user: user, security: security));

        (server.Port, server.Security).ShouldBe((expectedPort, expected));
    }

    [Fact]
    public void A_server_in_a_log_tells_no_password() =>
        MailTransports.Server(With(key: "re_canary")).ToString().ShouldNotContain("canary");

    [Fact]
    public void Development_needs_no_settings() =>
        MailTransports.Problems(Nothing, development: true, allowLoopback: false).ShouldBeEmpty();

    [Fact]
    public void Elsewhere_nothing_to_carry_mail_is_named_with_its_settings()
    {
        var problem = MailTransports.Problems(Nothing, development: false, allowLoopback: false).ShouldHaveSingleItem();

        problem.ShouldContain("Mail:ResendApiKey");
        problem.ShouldContain("Smtp:Host");
    }

    [Fact]
    public void A_whole_set_of_settings_is_fine_everywhere()
    {
        var options = With(host: "smtp.example.org", port: 587, user: "u", password: "p");

        MailTransports.Problems(options, development: false, allowLoopback: false).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Smtp:Host", "no host", 25, null, null, "auto")]
    [InlineData("Smtp:Port", "smtp.example.org", 0, null, null, "auto")]
    [InlineData("Smtp:Port", "smtp.example.org", 65_536, null, null, "auto")]
    [InlineData("Smtp:Password", "smtp.example.org", 25, "canary", null, "auto")]
    [InlineData("Smtp:User", "smtp.example.org", 25, null, "canary", "auto")]
    [InlineData("Smtp:Security", "smtp.example.org", 25, null, null, "ssl")]
    [InlineData("Smtp:Security", "smtp.example.org", 25, "u", "canary", "none")]
    [InlineData("Outbound:AllowLoopback", "localhost", 25, null, null, "auto")]
    [InlineData("Outbound:AllowLoopback", "127.1.2.3", 25, null, null, "auto")]
    [InlineData("Outbound:AllowLoopback", "[::1]", 25, null, null, "auto")]
    public void A_problem_names_the_setting_and_not_its_value(
        string setting, string host, int port, string? user, string? password, string security)
    {
        var problem = MailTransports.Problems(With(host, port, user, password, security), development: false, allowLoopback: false)
            .ShouldHaveSingleItem();

        problem.ShouldContain(setting);
        problem.ShouldNotContain("canary");
    }

    [Fact]
    public void This_machine_may_be_allowed() =>
        MailTransports.Problems(With(host: "localhost", port: 1025), development: false, allowLoopback: true).ShouldBeEmpty();

    [Theory]
    [InlineData("nobody")]
    [InlineData("")]
    public void The_sender_must_be_an_address(string from) =>
        MailTransports.Problems(new() { From = from }, development: true, allowLoopback: false)
            .ShouldBe(["Mail:From is not an e-mail address."]);

    [Fact]
    public void Resend_does_not_send_for_localhost() =>
        MailTransports.Problems(With(key: "re_key"), development: true, allowLoopback: false)
            .ShouldHaveSingleItem().ShouldContain("Mail:From");

    [Fact]
    public void The_settings_are_read_by_their_names()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Mail:From"] = "Help <no-reply@example.org>", ["Mail:ResendApiKey"] = "k", ["Mail:Folder"] = "f",
            ["Smtp:Host"] = "h", ["Smtp:Port"] = "26", ["Smtp:User"] = "u", ["Smtp:Password"] = "p", ["Smtp:Security"] = "tls",
        }).Build();
        var options = new MailOptions();

        new ReadMailOptions(configuration).Configure(options);

        (options.From, options.ResendApiKey, options.Folder).ShouldBe(("Help <no-reply@example.org>", "k", "f"));
        var smtp = options.Smtp;
        (smtp.Host, smtp.Port, smtp.User, smtp.Password, smtp.Security).ShouldBe(("h", 26, "u", "p", "tls"));
    }

    private static MailOptions With(
        string? host = null, int? port = null, string? user = null, string? password = null, string security = "auto",
        string? key = null) =>
        new() { ResendApiKey = key, Smtp = new() { Host = host, Port = port, User = user, Password = password, Security = security } };
}
