using Marten;

namespace TicMate.Tickets.Lifecycle;

/// <summary>The number people say on the phone: from a sequence, so unique and increasing without anyone waiting; gaps are fine.</summary>
public sealed record TicketNumber(int Value)
{
    public const string Sequence = "ticket_number";

    public static async Task<TicketNumber> NextAsync(IQuerySession session, CancellationToken ct) => (await NextAsync(session, 1, ct))[0];

    public static async Task<TicketNumber[]> NextAsync(IQuerySession session, int count, CancellationToken ct)
    {
        var schema = session.DocumentStore.Options.DatabaseSchemaName;
        var numbers = await session.QueryAsync<long>($"select nextval('{schema}.{Sequence}') from generate_series(1, ?)", ct, count);
        return [.. numbers.Select(number => new TicketNumber((int)number))];
    }
}
