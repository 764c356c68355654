using System.Text.Json.Serialization;
using JasperFx.CodeGeneration.Frames;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Similar;
using Wolverine;
using Wolverine.Configuration;

namespace TicMate.Tickets.Reading;

public sealed record TicketAnswer(string? Message, TicketView Ticket) : Answer(Message)
{
    /// <summary>Tickets that may ask for the same; only in the answer to opening one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DuplicateView>? PossibleDuplicates { get; init; }

    /// <summary>Answers with a ticket that was just stored.</summary>
    public static async Task<TicketAnswer> OfAsync(Ticket ticket, string message, int statusCode, TicketReader reader, CurrentUser user, HttpContext http, CancellationToken ct)
    {
        http.Response.StatusCode = statusCode;
        http.Response.Headers.ETag = $"\"{ticket.Version}\"";
        if (statusCode is StatusCodes.Status201Created)
            http.Response.Headers.Location = $"/api/tickets/{ticket.Id}";

        return new TicketAnswer(message, await reader.ViewAsync(ticket, user, ct));
    }
}

/// <summary>Answers a change with the ticket as it is once the change is stored.</summary>
public sealed record TicketChanged(Guid TicketId, string Message, int StatusCode = StatusCodes.Status200OK) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(TicketChanged), nameof(AnswerAsync)));

    public static async Task<TicketAnswer> AnswerAsync(
        TicketChanged changed, IDocumentSession session, TicketReader reader, CurrentUser user, HttpContext http, CancellationToken ct) =>
        await TicketAnswer.OfAsync((await session.Events.FetchLatest<Ticket>(changed.TicketId, ct))!, changed.Message, changed.StatusCode, reader, user, http, ct);
}
