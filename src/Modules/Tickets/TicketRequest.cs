using System.Text.Json.Serialization;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets;

/// <summary>A request body that names its ticket, in any of the spellings that clients use, or that may name it again.</summary>
public abstract record TicketRequest
{
    [JsonPropertyName("ticketId")]
    public Reference? Named { get; init; }

    public Reference? Id { get; init; }

    [JsonPropertyName("_id")]
    public Reference? UnderscoreId { get; init; }

    [JsonIgnore]
    public Guid TicketId => Reference.FirstOf(Named, Id, UnderscoreId);

    /// <summary>Faults of a request for this ticket; naming another one is the first.</summary>
    public Faults FaultsFor(Ticket ticket) =>
        new Faults().When(Reference.IsAnother(ticket.Id, Named, Id, UnderscoreId), "id", "The request names more than one ticket.");
}
