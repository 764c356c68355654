using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.Extensions.Options;
using TicMate.Host;
using TicMate.Identity;
using TicMate.Identity.Sessions;

namespace TicMate.Tests.Host;

public sealed class KeysTests
{
    [Fact]
    public void The_first_key_of_the_list_is_the_one_that_signs_and_the_old_one_stays_in_it()
    {
        var (old, young) = (KeysCommand.NewSecret(), KeysCommand.NewSecret());
        var before = KeysCommand.Ids(new SignInOptions { Secret = old }).ToArray();
        var after = KeysCommand.Ids(new SignInOptions { Secret = young, PreviousSecrets = [old] }).ToArray();

        after.Length.ShouldBe(2);
        after[1].ShouldBe(before.Single());
        var token = new AccessTokens(new Keys(Options.Create(new SignInOptions { Secret = young, PreviousSecrets = [old] })), TimeProvider.System).Issue(Guid.CreateVersion7(), Guid.CreateVersion7(), "user");
        new JsonWebToken(token).Kid.ShouldBe(after[0]);
    }

    [Fact]
    public void A_new_secret_is_one_that_Production_takes_and_never_the_same()
    {
        KeysCommand.NewSecret().Length.ShouldBe(64);
        KeysCommand.NewSecret().ShouldNotBe(KeysCommand.NewSecret());
        KeysCommand.Steps("THE-NEW").ShouldStartWith("THE-NEW");
    }
}
