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

    // printf '%s' PASSWORD | argon2 'sixteen byte sal' -id -v 13 -k 19456 -t 2 -p 1 -l 32 -e, with Debian's argon2 (the reference
    // implementation); the second with the cost of the old backend's node-argon2: -k 65536 -t 3 -p 4.
    [Theory]
    [InlineData("P\u00e4sswort1!", "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlIHNhbA$WGwZVUArafloDHJZZ+1Y8wXQ9XOReJcvo0YHWwd51BU")]
    [InlineData("Moderator1234@", "$argon2id$v=19$m=65536,t=3,p=4$c2l4dGVlbiBieXRlIHNhbA$lWXQKmcDOh8eafunswGlXq24nljA/955MqDrjvooc8A")]
    public void Hashes_of_the_reference_implementation_fit(string password, string hash)
    {
        Argon2Hash.Matches(password, hash).ShouldBeTrue();
        Argon2Hash.Matches(password + " ", hash).ShouldBeFalse();
    }

    [Theory]
    [InlineData("\ud800"), InlineData("Aa1!Aa1!\ufffe")]
    public void A_text_that_is_not_sound_Unicode_fits_nothing_and_breaks_nothing(string text) =>
        Argon2Hash.Matches(text, Argon2Hash.Of("Secret123!", Cheap)).ShouldBeFalse();

    [Theory]
    [InlineData("Aaaaaaa1!"), InlineData("Abcdefg1!"), InlineData("Qwerty123!"), InlineData("Password1!"), InlineData("P@ssw0rd!"), InlineData("Dragon12!")]
    [InlineData("Aa1!Aa1!Aa1!"), InlineData("Zyxwvut9!"), InlineData("Asdfghjkl1!"), InlineData("AAAAbbbb1111!!!!"), InlineData("Ticmate-2031-xyz"), InlineData("T\uff49cmate-2031")]
    [InlineData("x9!Lovelace-77"), InlineData("x9!ADALOVELACE"), InlineData("Countess_1815x"), InlineData("9!Analytical-x")]
    public void What_is_easy_to_guess_is_refused(string password) =>
        new Faults().NewPassword("password", password, "Ada Lovelace", "countess@analytical.example.org").Problem.Status.ShouldBe(400);

    [Theory]
    [InlineData("Correct-horse-7-battery"), InlineData("x9!Lovelac-77"), InlineData("Savada+1abc"), InlineData("1a!A#5kqZ"), InlineData("org-Xample_77")]
    public void What_is_hard_to_guess_is_not(string password) =>
        new Faults().NewPassword("password", password, "Ada Lovelace", "countess@analytical.example.org").Problem.ShouldBe(WolverineContinue.NoProblems);

    [Fact]
    public void One_message_names_all_faults()
    {
        var problem = new Faults().NewPassword("password", "ticmate").Problem;
        ((Fault[])problem.Extensions["errors"]!).ShouldHaveSingleItem().Message.ShouldBe(
            "The password needs 8 to 128 characters, an upper-case letter, a digit, a symbol. " +
            "The password is too easy to guess: it has your name, your address or the name of this service in it.");
    }

    [Fact]
    public void The_list_of_common_passwords_is_whole()
    {
        CommonPasswords.Count.ShouldBe(10_000);
        foreach (var common in new[] { "123456", "password", "qwerty", "p@ssw0rd" })
            CommonPasswords.Contains(common).ShouldBeTrue(common);
        CommonPasswords.Contains("correct horse battery staple").ShouldBeFalse();
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
