namespace TicMate.Identity.Passwords;

/// <summary>Too many are waiting for their turn; the host answers 503 with <c>Retry-After</c>.</summary>
public sealed class TooBusyException() : Exception("Too many sign-ins are waiting.");

/// <summary>
/// Hashes passwords a few at a time: each takes 19 MiB and a core for about a tenth of a second, so a burst of sign-ins waits in line
/// instead of taking the machine.
/// </summary>
public sealed class PasswordHasher : IDisposable
{
    private const int LongestQueue = 256;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private static readonly string NobodysHash = Argon2Hash.Of("nobody has this password", Argon2Cost.Owasp);

    private readonly SemaphoreSlim turns = new(Math.Max(1, Environment.ProcessorCount - 1));
    private int waiting;
    private long computed;

    /// <summary>How many hashes have been worked out. What an attacker can time shows here exactly.</summary>
    public long Computed => Interlocked.Read(ref computed);

    public Task<string> HashAsync(string password, CancellationToken ct) =>
        InTurnAsync(() => Argon2Hash.Of(password, Argon2Cost.Owasp), ct);

    /// <summary>The same work whether there is a hash to compare with or not, so that the time tells nothing about an account.</summary>
    public async Task<bool> VerifyAsync(string password, string? hash, CancellationToken ct) =>
        await InTurnAsync(() => Argon2Hash.Matches(password, hash ?? NobodysHash), ct) && hash is not null;

    private async Task<T> InTurnAsync<T>(Func<T> work, CancellationToken ct)
    {
        if (Interlocked.Increment(ref waiting) > LongestQueue)
        {
            Interlocked.Decrement(ref waiting);
            throw new TooBusyException();
        }

        bool ourTurn;
        try
        {
            ourTurn = await turns.WaitAsync(LongestWait, ct);
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }

        if (!ourTurn)
            throw new TooBusyException();

        Interlocked.Increment(ref computed);
        try
        {
            return await Task.Run(work, CancellationToken.None);
        }
        finally
        {
            turns.Release();
        }
    }

    public void Dispose() => turns.Dispose();
}
