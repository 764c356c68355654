using System.Diagnostics;
using System.Net;
using System.Text.Json;
using TicMate.Bench.Fill;
using TicMate.Identity.Passwords;

namespace TicMate.Bench.Measure;

/// <summary>Many sign-ins at once, beside what the hashes alone would take, and how readers fare meanwhile.</summary>
public static class SignIns
{
    private const int People = 200, Readers = 4;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(3), Pause = TimeSpan.FromMilliseconds(50);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(Testbed testbed, ServiceProcess service)
    {
        await HashesAsync(1);
        var (alone, together) = (await HashesAsync(1), await HashesAsync(PasswordHasher.AtOnce));

        using var stop = new CancellationTokenSource();
        var reading = Task.WhenAll(Enumerable.Range(0, Readers).Select(reader => ReadAsync(testbed, service, reader, stop.Token)));
        var clock = Stopwatch.StartNew();
        var again = (await Task.WhenAll(Enumerable.Range(0, People).Select(n => SignInAsync(service, n)))).Sum();
        var perSecond = People / clock.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        var times = (await reading).SelectMany(each => each).Order().ToArray();

        return
        [
            Figure.AtLeast(Figure.Text($"login: {People} at once, of {together:0.0} hashes a second ({PasswordHasher.AtOnce} at once; one at a time {alone:0.0})"), perSecond / together, 0.9, "×",
                Figure.Text($", {perSecond:0.0} a second; told {again} times to come again")),
            Figure.AtMost("login: p99 of reading a ticket meanwhile", times[times.Length * 99 / 100], 50, "ms", Figure.Text($" of {times.Length:N0}")),
        ];
    }

    // Hashes a second, by the service's own code at its own cost.
    private static async Task<double> HashesAsync(int atOnce)
    {
        var hash = Argon2Hash.Of(Crowd.Password, Argon2Cost.Owasp);
        var (clock, hashes) = (Stopwatch.StartNew(), 0);
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(() =>
        {
            for (; clock.Elapsed < Time; Interlocked.Increment(ref hashes))
                if (!Argon2Hash.Matches(Crowd.Password, hash))
                    throw new BenchException("A password does not fit its own hash.");
        })));
        return hashes / clock.Elapsed.TotalSeconds;
    }

    // Until it is let in. Gives back how often it was told to come again.
    private static async Task<int> SignInAsync(ServiceProcess service, int person)
    {
        var call = new ApiCall("POST", "/api/auth/login", Body: JsonSerializer.Serialize(new { email = $"person{person}@example.org", password = Crowd.Password, session = "bearer" }));
        for (var again = 0; ; again++)
        {
            using var answer = await service.SendAsync(call);
            if (answer.IsSuccessStatusCode)
                return again;
            if (answer.StatusCode is not HttpStatusCode.ServiceUnavailable)
                throw new BenchException($"A sign-in was answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");

            await Task.Delay(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1));
        }
    }

    // Milliseconds of each request.
    private static async Task<List<double>> ReadAsync(Testbed testbed, ServiceProcess service, int reader, CancellationToken stop)
    {
        var calls = Operation.Named("ticket").Calls(testbed.World).ToArray();
        List<double> times = [];
        for (var n = reader; !stop.IsCancellationRequested; n += Readers)
        {
            var clock = Stopwatch.StartNew();
            using (var answer = await service.SendAsync(calls[n % calls.Length]))
                answer.EnsureSuccessStatusCode();
            times.Add(clock.Elapsed.TotalMilliseconds);
            await Task.Delay(Pause, CancellationToken.None);
        }

        return times;
    }
}
