using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using Wolverine.Http;

namespace TicMate.Tests.Identity;

public sealed class PasswordTests
{
    private static readonly Argon2Cost Cheap = new(64, 1, 1);

    [Fact]
    public void A_hash_fits_its_password_and_no_other()
    {
        var hash = Argon2Hash.Of("Secret123!", Cheap);

        hash.ShouldStartWith("$argon2id$v=19$m=64,t=1,p=1$");
        Argon2Hash.Matches("Secret123!", hash).ShouldBeTrue();
        Argon2Hash.Matches("secret123!", hash).ShouldBeFalse();
        Argon2Hash.Of("Secret123!", Cheap).ShouldNotBe(hash);
    }

    [Fact]
    public void The_same_password_typed_on_another_keyboard_fits() =>
        Argon2Hash.Matches("Pa\u0301ssword1!", Argon2Hash.Of("P\u00e1ssword1!", Cheap)).ShouldBeTrue();

    [Fact]
    public void The_whole_password_counts() =>
        Argon2Hash.Matches(new string('x', 128) + "a", Argon2Hash.Of(new string('x', 128) + "b", Cheap)).ShouldBeFalse();

    [Theory]
    [InlineData(""), InlineData("$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=9999999,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"), InlineData("$argon2id$v=19$m=64,t=999,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_bearable_hash_fits_nothing(string hash) => Argon2Hash.Matches("x", hash).ShouldBeFalse();

    [Fact]
    public void Another_cost_than_todays_is_outdated()
    {
        Argon2Hash.IsOutdated(Argon2Hash.Of("x", Cheap), Cheap).ShouldBeFalse();
        Argon2Hash.IsOutdated(Argon2Hash.Of("x", Cheap), Cheap with { Iterations = 2 }).ShouldBeTrue();
    }

    [Theory]
    [InlineData("Secret123!", true), InlineData("Pässwort1 ", true), InlineData("ÄÖÜäöü1€", true)]
    [InlineData("Short1!", false), InlineData("nouppercase1!", false), InlineData("NOLOWERCASE1!", false), InlineData("NoDigits!!", false), InlineData("NoSymbol12", false)]
    [InlineData("With\nbreak1!", false), InlineData("", false)]
    public void A_new_password_has_some_of_everything(string password, bool good) =>
        (new Faults().NewPassword("password", password).Problem == WolverineContinue.NoProblems).ShouldBe(good);

    [Fact]
    public void Lengths_count_characters_not_bytes()
    {
        new Faults().NewPassword("password", "Aa1!" + string.Concat(Enumerable.Repeat("😀", 124))).Problem.ShouldBe(WolverineContinue.NoProblems);
        new Faults().NewPassword("password", "Aa1!" + string.Concat(Enumerable.Repeat("😀", 125))).Problem.Status.ShouldBe(400);
    }
}
