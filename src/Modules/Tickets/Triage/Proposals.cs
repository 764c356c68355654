using System.Text.Json;
using System.Text.Json.Serialization;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Triage;

/// <summary>A proposal as the wire has it: a list of values for skills, one text for the rest.</summary>
/// <param name="State">waiting, applied, accepted, corrected, rejected, overruled (somebody set the field otherwise) or undone.</param>
public sealed record ProposalView(
    string Field, object Value, double Confidence, string Reason, string[] Quotes, string State, object Before, PersonView? DecidedBy, DateTimeOffset? DecidedAt);

/// <param name="Ai">The asking that the proposals answer.</param>
public sealed record ProposalsAnswer(IReadOnlyList<ProposalView> Proposals, AgentState Ai) : Answer;

public static class ListProposalsEndpoint
{
    public static ProblemDetails Validate(Ticket? ticket, CurrentUser user) => ProposalRules.NotTheirs(ticket, user) ?? WolverineContinue.NoProblems;

    [WolverineGet("/api/tickets/{ticketId}/proposals")]
    [ProducesResponseType<ProposalsAnswer>(200), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<ProposalsAnswer> Get([ReadModel] Ticket? ticket, CurrentUser user, IPeople people, CancellationToken ct)
    {
        var names = await people.NamesAsync([.. ticket!.Proposals.Select(p => p.DecidedById).OfType<Guid>().Distinct()], ct);
        return new(
            [
                .. ticket.Proposals.Select(p => new ProposalView(
                    p.Field, ProposalRules.OnTheWire(p.Field, p.Value), p.Confidence, p.Reason, p.Quotes, p.State, ProposalRules.OnTheWire(p.Field, p.Before),
                    p.DecidedById is { } person ? new PersonView(person, names[person]) : null, p.DecidedAt)),
            ],
            ticket.Agent);
    }
}

/// <param name="Value">What the field shall hold, when the proposal is not quite right; without it, what was proposed.</param>
public sealed record AcceptProposal(Field<ProposedValue> Value)
{
    [JsonIgnore]
    public Field<string> Text => Value.IsMalformed || Value.Value is { IsList: true } ? new(null) { IsMalformed = true } : new(Value.Value?.Items[0]);

    [JsonIgnore]
    public Field<string[]> List => Value.IsMalformed || Value.Value is { IsList: false } ? new(null) { IsMalformed = true } : new(Value.Value?.Items);
}

/// <summary>The value of a field as a request gives it: one text, or for skills a list of them.</summary>
[JsonConverter(typeof(ProposedValueConverter))]
public sealed record ProposedValue(string[] Items, bool IsList);

internal sealed class ProposedValueConverter : JsonConverter<ProposedValue>
{
    public override ProposedValue Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.TokenType is JsonTokenType.StartArray
        ? new(JsonSerializer.Deserialize<string[]>(ref reader, options)!, true)
        : new([reader.TokenType is JsonTokenType.String ? reader.GetString()! : throw new JsonException()], false);

    public override void Write(Utf8JsonWriter writer, ProposedValue value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize<object>(writer, value.IsList ? value.Items : value.Items[0], options);
}

public static class AcceptProposalEndpoint
{
    public static ProblemDetails Validate(AcceptProposal request, string field, Ticket? ticket, CurrentUser user, IfMatch match) =>
        ProposalRules.NotTheirs(ticket, user) ?? ProposalRules.Unknown(ticket!, field) ?? ProposalRules.Faults(request, field)
        ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket) ?? ProposalRules.Decided(ticket, field) ?? WolverineContinue.NoProblems;

    [WolverinePost("/api/tickets/{ticketId}/proposals/{field}/accept")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketProposalAccepted) Post(
        AcceptProposal request, string field, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user)
    {
        var proposed = ticket!.Proposals.Single(p => p.Field == field).Value;
        var value = ProposalRules.Corrected(request, field, ticket) ?? proposed;
        return (new TicketChanged(ticket.Id, "The proposal is taken."), new TicketProposalAccepted(ticket.Id, user.Id, field, value, !value.SequenceEqual(proposed)));
    }
}

public sealed record RejectProposal;

public static class RejectProposalEndpoint
{
    public static ProblemDetails Validate(string field, Ticket? ticket, CurrentUser user, IfMatch match) =>
        ProposalRules.NotTheirs(ticket, user) ?? ProposalRules.Unknown(ticket!, field)
        ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket) ?? ProposalRules.Decided(ticket, field) ?? WolverineContinue.NoProblems;

    [WolverinePost("/api/tickets/{ticketId}/proposals/{field}/reject")]
    [ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketProposalRejected) Post(
        RejectProposal _, string field, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user)
    {
        var proposal = ticket!.Proposals.Single(p => p.Field == field);
        return (new TicketChanged(ticket.Id, "The proposal is refused."),
            new TicketProposalRejected(ticket.Id, user.Id, field, proposal.State is Proposal.Applied && ticket.ValueOf(field).SequenceEqual(proposal.Value) ? proposal.Before : null));
    }
}

/// <summary>What holds for deciding on proposals, whichever way it goes.</summary>
public static class ProposalRules
{
    public static ProblemDetails? NotTheirs(Ticket? ticket, CurrentUser user) =>
        TicketGuard.Unseen(ticket, user) ?? (user.IsStaff ? null : Refuse.Forbidden("What the agent proposes is for staff."));

    public static ProblemDetails? Unknown(Ticket ticket, string field) => ticket.Proposals.Any(p => p.Field == field) ? null : Refuse.NotFound("proposal");

    /// <summary>409 when somebody has decided already.</summary>
    public static ProblemDetails? Decided(Ticket ticket, string field) =>
        ticket.Proposals.First(p => p.Field == field).State is Proposal.Waiting or Proposal.Applied ? null
        : Refuse.With(409, "proposal-decided", "Somebody has decided on this proposal already.");

    public static ProblemDetails? Faults(AcceptProposal request, string field)
    {
        var faults = new Faults();
        return (field switch
        {
            ProposalField.Skills => faults.Names("value", request.List, 20, 50),
            ProposalField.Priority => faults.OneOf("value", request.Text, Contracts.Priority.Words).When(request.Text.Value is "", "value", "Value must be a priority."),
            ProposalField.Category => faults.OptionalLine("value", request.Text, 255),
            _ => request.Text is { IsMalformed: false, Value: null or "" } ? faults : faults.Text("value", request.Text, field is ProposalField.Summary ? Limits.Summary : 10_000),
        }).Refusal;
    }

    /// <summary>What the person put in place of the proposal; null when they took it as it was.</summary>
    public static string[]? Corrected(AcceptProposal request, string field, Ticket ticket) => field switch
    {
        ProposalField.Skills => request.List.Value is { } skills ? [.. skills.Select(s => s.Trim()).Distinct(StringComparer.OrdinalIgnoreCase)] : null,
        _ when request.Text.Value is null => null,
        ProposalField.Notes => [Notes.Clean(request.Text.Value, $"{ticket.Title}\n{ticket.Description}\n{request.Text.Value}")],
        _ => [request.Text.Value.Trim()],
    };

    public static object OnTheWire(string field, string[] value) => field is ProposalField.Skills ? value : value.FirstOrDefault() ?? "";
}
