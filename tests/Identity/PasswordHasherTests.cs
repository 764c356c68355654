using TicMate.Identity.Passwords;

namespace TicMate.Tests.Identity;

public sealed class PasswordHasherTests
{
    [Fact]
    public async Task The_line_has_an_end_and_whoever_goes_away_makes_room()
    {
        using var hasher = new PasswordHasher();
        using var going = new CancellationTokenSource();
        var hashing = Enumerable.Range(0, PasswordHasher.AtOnce + 256).Select(_ => hasher.HashAsync("x", going.Token)).ToArray();

        await Should.ThrowAsync<TooBusyException>(hasher.HashAsync("x", TestContext.Current.CancellationToken));
        await going.CancelAsync();
        (await Task.WhenAll(hashing.Select(async hash => { try { await hash; return 1; } catch (OperationCanceledException) { return 0; } }))).Sum().ShouldBeLessThan(20);

        (await hasher.HashAsync("x", TestContext.Current.CancellationToken)).ShouldStartWith("$argon2id$");
    }

    [Fact]
    public async Task First_come_first_served_but_known_callers_do_not_wait_behind_strangers()
    {
        using var hasher = new PasswordHasher();
        using var going = new CancellationTokenSource();
        var order = new List<int>();
        async Task Hash(int who, bool isKnown = false)
        {
            await hasher.HashAsync("x", going.Token, isKnown);
            lock (order)
                order.Add(who);
        }

        var strangers = Enumerable.Range(1, 12 * PasswordHasher.AtOnce).Select(who => Hash(who)).ToArray();
        await Hash(0, isKnown: true);
        await strangers[6 * PasswordHasher.AtOnce];
        await going.CancelAsync();
        await Task.WhenAll(strangers).ContinueWith(_ => { }, TaskScheduler.Default);

        // Before the known caller go those whose turn it was, and those next to them.
        order.IndexOf(0).ShouldBeLessThanOrEqualTo(3 * PasswordHasher.AtOnce);
        order.Remove(0);
        for (var i = 0; i < order.Count; i++)
            order[i].ShouldBeInRange(i + 1 - 2 * PasswordHasher.AtOnce, i + 1 + 2 * PasswordHasher.AtOnce);
    }
}
