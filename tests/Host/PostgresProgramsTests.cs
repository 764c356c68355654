using System.Globalization;
using TicMate.Host;

namespace TicMate.Tests.Host;

public sealed class PostgresProgramsTests
{
    [Fact]
    public void The_newest_in_the_usual_places_is_taken() => Choose([], ["/9.6", "/14", "/16", "/18", "/15"]).ShouldBe(18);

    [Fact]
    public void The_first_on_path_comes_before_a_newer_one() => Choose(["/bin", "/16", "/17"], ["/18"]).ShouldBe(16);

    [Fact]
    public void Too_old_is_passed_over() => Choose(["/14"], ["/15"]).ShouldBe(15);

    [Fact]
    public void Data_open_only_with_the_version_that_wrote_them()
    {
        Choose(["/17"], ["/15", "/16", "/18"], major: 16).ShouldBe(16);
        Choose(["/17"], ["/18"], major: 16).ShouldBeNull();
    }

    [Fact]
    public void Without_programs_there_is_none() => Choose(["/bin"], ["/14"]).ShouldBeNull();

    [Fact]
    public async Task Then_the_three_ways_out_are_named()
    {
        var failure = await Should.ThrowAsync<LocalPostgresException>(() => PostgresPrograms.FallBackAsync(null, Offline));

        failure.Message.ShouldContain("install PostgreSQL");
        failure.Message.ShouldContain("docker compose up");
        failure.Message.ShouldContain("ConnectionStrings:Database");
        failure.Message.ShouldContain("no network");
    }

    [Fact]
    public async Task Old_data_ask_for_their_own_version()
    {
        var failure = await Should.ThrowAsync<LocalPostgresException>(() => PostgresPrograms.FallBackAsync(15, Offline));
        failure.Message.ShouldContain("install PostgreSQL 15");
    }

    [Theory]
    [InlineData("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", 15)]
    [InlineData("postgres (PostgreSQL) 18beta1", 18)]
    [InlineData("something else", null)]
    public void Versions_are_read(string text, int? major) => PostgresPrograms.ParseMajor(text).ShouldBe(major);

    private static Task<PostgresPrograms> Offline(int major) => throw new HttpRequestException("no network");

    private static int? Choose(string[] path, string[] usual, int? major = null) =>
        PostgresPrograms.Choose(path, usual, major, folder =>
            decimal.TryParse(folder.TrimStart('/'), CultureInfo.InvariantCulture, out var version) ? (int)version : null)?.Major;
}
