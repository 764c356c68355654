namespace TicMate.Identity.Passwords;

/// <summary>Too many are waiting for their turn; the host answers 503 with <c>Retry-After</c>.</summary>
public sealed class TooBusyException() : Exception("Too many sign-ins are waiting.");

/// <summary>
/// Hashes passwords a few at a time: each takes 19 MiB and a core for about a tenth of a second, so a burst of sign-ins waits in line
/// instead of taking the machine. Callers who are known (signed in, on a device seen before, or with a password just found right) do
/// not wait behind the line of strangers: of these no more are let up to the turns than can be served at once.
/// </summary>
public sealed class PasswordHasher : IDisposable
{
    private const int LongestQueue = 256;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private static readonly string NobodysHash = Argon2Hash.Of("nobody has this password", Argon2Cost.Owasp);

    private readonly Line turns = new(), strangers = new();
    private long computed;

    /// <summary>How many hashes have been worked out. What an attacker can time shows here exactly.</summary>
    public long Computed => Interlocked.Read(ref computed);

    /// <summary>How many hashes are worked out at once.</summary>
    public static int AtOnce { get; } = Math.Max(1, Environment.ProcessorCount - 1);

    public Task<string> HashAsync(string password, CancellationToken ct, bool isKnown = false) =>
        InTurnAsync(() => Argon2Hash.Of(password, Argon2Cost.Owasp), isKnown, ct);

    /// <summary>The same work whether there is a hash to compare with or not, so that the time tells nothing about an account.</summary>
    public async Task<bool> VerifyAsync(string password, string? hash, CancellationToken ct, bool isKnown = false) =>
        await InTurnAsync(() => Argon2Hash.Matches(password, hash ?? NobodysHash), isKnown, ct) && hash is not null;

    private async Task<T> InTurnAsync<T>(Func<T> work, bool isKnown, CancellationToken ct)
    {
        using var place = isKnown ? null : await strangers.TakeAsync(ct);
        using var turn = await turns.TakeAsync(ct);
        Interlocked.Increment(ref computed);
        return await Task.Run(work, CancellationToken.None);
    }

    public void Dispose()
    {
        turns.Dispose();
        strangers.Dispose();
    }

    /// <summary>First come, first served; whoever goes away makes room.</summary>
    private sealed class Line : IDisposable
    {
        private readonly SemaphoreSlim places = new(AtOnce);
        private int waiting;

        public async Task<IDisposable> TakeAsync(CancellationToken ct)
        {
            try
            {
                if (Interlocked.Increment(ref waiting) > LongestQueue || !await places.WaitAsync(LongestWait, ct))
                    throw new TooBusyException();

                return new Place(places);
            }
            finally
            {
                Interlocked.Decrement(ref waiting);
            }
        }

        public void Dispose() => places.Dispose();
    }

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
