using Marten;
using Microsoft.Extensions.Hosting;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace TicMate.Identity.Contracts;

/// <summary>This database is a restored copy: nothing may leave the house until the command <c>resume</c> says so. Try again later.</summary>
public sealed class HeldException() : Exception("Held since a restore, until the command resume.");

/// <summary>
/// Whether the service is held: the database was restored from a backup, and the original may have sent since then what waits in it. Asked of
/// the database each time, so that all nodes agree and a hold ends at once.
/// </summary>
public sealed class Held(IDocumentStore store)
{
    public const string TableName = "hold";

    /// <summary>A row, and only one, while the service is held.</summary>
    public static Table TableIn(string schema)
    {
        var table = new Table(PostgresqlProvider.Instance.Parse($"{schema}.{TableName}"));
        table.AddColumn<bool>("is_held").AsPrimaryKey();
        table.AddColumn<DateTimeOffset>("since").NotNull();
        return table;
    }

    /// <summary>Since when no mail is sent and no model asked; null when nothing is held.</summary>
    public async Task<DateTimeOffset?> SinceAsync(CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return (await session.QueryAsync<DateTimeOffset>($"select since from {store.Options.DatabaseSchemaName}.{TableName}", ct)).Select(since => (DateTimeOffset?)since).SingleOrDefault();
    }

    /// <exception cref="HeldException">The service is held.</exception>
    public async Task RefuseAsync(CancellationToken ct)
    {
        if (await SinceAsync(ct) is not null)
            throw new HeldException();
    }
}

/// <summary>Says at the start that the service is held: whoever waits for a mail should know why none comes.</summary>
public sealed class TellHeld(Held held, ILogger<TellHeld> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        if (await held.SinceAsync(ct) is { } since)
            log.LogWarning("This database is a restored copy, held since {Since:u}: no mail is sent and no model is asked until the command resume", since);
    }
}
