using System.Globalization;
using TicMate.Identity.Contracts;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Similar;

/// <summary>How many are wanted.</summary>
public sealed record SimilarLimit(int Value)
{
    public static (SimilarLimit, ProblemDetails?) Read(IQueryCollection query)
    {
        var (faults, limit) = (new Faults(), SimilarTickets.DefaultLimit);
        foreach (var (name, values) in query)
            if (name != "limit")
                faults.Add(name, $"{name} is not a parameter here.");
            else if (values is not [{ } text] || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > SimilarTickets.LargestLimit)
                faults.Add("limit", $"limit must be a number from 1 to {SimilarTickets.LargestLimit}.");

        return (new(limit), faults.Refusal);
    }
}

public static class FindSimilarEndpoint
{
    public static (SimilarLimit, ProblemDetails) Validate(Ticket? ticket, CurrentUser user, HttpContext http)
    {
        var (limit, faults) = SimilarLimit.Read(http.Request.Query);
        return (limit, TicketGuard.Unseen(ticket, user) ?? faults ?? WolverineContinue.NoProblems);
    }

    /// <summary>Solved tickets about the same thing as this one.</summary>
    [WolverineGet("/api/tickets/{ticketId}/similar")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static Task<SimilarAnswer> Get([ReadModel] Ticket? ticket, SimilarLimit limit, CurrentUser user, SimilarTickets similar, CancellationToken ct) =>
        similar.AnswerAsync(ticket!.Title, ticket.Description, ticket.Id, limit.Value, user, ct);
}

/// <summary>A ticket that is not opened yet.</summary>
public sealed record FindSimilarTo(Field<string> Title, Field<string> Description, Number Limit);

public static class FindSimilarToEndpoint
{
    public static ProblemDetails Validate(FindSimilarTo request)
    {
        var faults = new Faults().Line("title", request.Title, 255);
        if (request.Description.IsMalformed || !string.IsNullOrEmpty(request.Description.Value))
            faults.Text("description", request.Description, 10_000);
        return faults.When(request.Limit.IsMalformed || request.Limit.Value is < 1 or > SimilarTickets.LargestLimit, "limit", $"limit must be a number from 1 to {SimilarTickets.LargestLimit}.").Problem;
    }

    /// <summary>Solved tickets about the same thing as a text, for people who are about to open one.</summary>
    [WolverinePost("/api/tickets/similar")]
    [ProducesResponseType<SimilarAnswer>(200), ProducesResponseType<ProblemDetails>(400)]
    public static Task<SimilarAnswer> Post(FindSimilarTo request, CurrentUser user, SimilarTickets similar, CancellationToken ct) =>
        similar.AnswerAsync(request.Title.Value!, request.Description.Value ?? "", null, (int?)request.Limit.Value ?? SimilarTickets.DefaultLimit, user, ct);
}
