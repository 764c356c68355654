using Marten;

namespace TicMate.Tickets.Lifecycle;

/// <summary>The number people say on the phone: from a sequence, so unique and increasing without anyone waiting; gaps are fine.</summary>
public sealed record TicketNumber(int Value)
{
    public const string Sequence = "ticket_number";

    public static async Task<TicketNumber> NextAsync(IQuerySession session, CancellationToken ct)
    {
        var schema = session.DocumentStore.Options.DatabaseSchemaName;
        return new TicketNumber((int)(await session.QueryAsync<long>($"select nextval('{schema}.{Sequence}')", ct))[0]);
    }
}
