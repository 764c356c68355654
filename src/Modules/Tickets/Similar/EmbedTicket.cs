using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Triage;
using Wolverine;

namespace TicMate.Tickets.Similar;

/// <summary>Learn what a solved ticket means. Holds the id only, and may come twice: a text that is known costs nothing.</summary>
public sealed record EmbedTicket(Guid TicketId);

public static class EmbedTicketHandler
{
    public static Task<Ticket?> LoadAsync(EmbedTicket command, IQuerySession session, CancellationToken ct) => session.LoadAsync<Ticket>(command.TicketId, ct);

    public static HandlerContinuation Validate(Ticket? ticket) =>
        ticket is not null && TicketEmbeddings.MayBeEmbedded(ticket) ? HandlerContinuation.Continue : HandlerContinuation.Stop;

    public static async Task HandleAsync(EmbedTicket _, Ticket ticket, TicketEmbeddings embeddings, ILogger<TicketEmbeddings> log, CancellationToken ct)
    {
        try
        {
            await embeddings.EmbedAsync([ticket], TextEmbedder.Share, ct);
        }
        // Whoever looks for what was left out comes by every hour.
        catch (Exception e) when (e is ModelUnavailableException or InvalidAnswerException or HeldException)
        {
            log.LogInformation("A solved ticket is found by its words alone for now: {Reason}", e.Message);
        }
    }
}
