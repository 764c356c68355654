using System.Diagnostics.Metrics;
using JasperFx.Events;
using Marten;
using Marten.Services;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage.Costs;

namespace TicMate.Tickets;

/// <summary>
/// Counts what happened to tickets, from the events that this node has just stored, so that no slice needs to think of it and nothing is counted
/// that did not happen. Tags are words of the code and names from the settings; never an id or anything a person wrote.
/// </summary>
public sealed class TicketsTelemetry : DocumentSessionListenerBase, IConfigureMarten
{
    public const string Name = "TicMate.Tickets";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Opened = Meter.CreateCounter<long>("ticmate.tickets.opened", "{ticket}", "Tickets opened; not those imported as solved.");
    private static readonly Counter<long> Completed = Meter.CreateCounter<long>("ticmate.tickets.completed", "{ticket}", "Tickets completed.");
    private static readonly Counter<long> Reopened = Meter.CreateCounter<long>("ticmate.tickets.reopened", "{ticket}", "Completed tickets taken up again.");
    private static readonly Counter<long> Replied = Meter.CreateCounter<long>("ticmate.tickets.replied", "{reply}", "Replies written.");
    private static readonly Counter<long> Triaged = Meter.CreateCounter<long>(
        "ticmate.triage.outcomes", "{triage}", "What came of reading a ticket: advised, suspected (the text gives orders), fallback (the model did not advise) or failed; by advisor.");
    private static readonly Histogram<double> Latency = Meter.CreateHistogram(
        "ticmate.triage.duration", "s", "From the opening of a ticket to its first advice, by advisor.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600] });
    private static readonly Counter<long> Calls = Meter.CreateCounter<long>("ticmate.ai.calls", "{call}", "Calls to the language model that were made, by feature, model and outcome.");
    private static readonly Counter<long> Tokens = Meter.CreateCounter<long>("ticmate.ai.tokens", "{token}", "Tokens, by feature, model and direction: input or output.");
    private static readonly Counter<double> Cost = Meter.CreateCounter<double>("ticmate.ai.cost", "{currency}", "What the calls cost, in the currency of the prices, by feature and model.");

    public void Configure(IServiceProvider services, StoreOptions options) => options.Listeners.Add(this);

    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        foreach (var e in commit.GetStreams().SelectMany(stream => stream.Events))
            Count(e, commit);

        return Task.CompletedTask;
    }

    private static void Count(IEvent e, IChangeSet commit)
    {
        switch (e.Data)
        {
            case TicketCreated { IsTriaged: true }:
                Opened.Add(1);
                break;
            case TicketStatusChanged { To: Status.Completed, From: not Status.Completed }:
                Completed.Add(1);
                break;
            case TicketStatusChanged { From: Status.Completed, To: not Status.Completed }:
                Reopened.Add(1);
                break;
            case TicketReplied:
                Replied.Add(1);
                break;
            case TicketTriaged triaged:
                Triaged.Add(1, Tag("advisor", triaged.Advisor), Tag("outcome", triaged.InjectionSuspected ? "suspected" : triaged.FallbackReason is null ? "advised" : "fallback"));
                if (triaged.Round == 1 && commit.Updated.Concat(commit.Inserted).OfType<Ticket>().FirstOrDefault(ticket => ticket.Id == triaged.TicketId) is { } ticket)
                    Latency.Record(Math.Max(0, (ticket.UpdatedAt - ticket.CreatedAt).TotalSeconds), Tag("advisor", triaged.Advisor));
                break;
            case TicketTriageFailed:
                Triaged.Add(1, Tag("advisor", "none"), Tag("outcome", "failed"));
                break;
            case ModelAsked asked:
                Calls.Add(1, Tag("feature", asked.Feature), Tag("model", asked.Model), Tag("outcome", asked.Outcome));
                Tokens.Add(asked.InputTokens, Tag("feature", asked.Feature), Tag("model", asked.Model), Tag("direction", "input"));
                Tokens.Add(asked.OutputTokens, Tag("feature", asked.Feature), Tag("model", asked.Model), Tag("direction", "output"));
                Cost.Add(asked.CostMicros / 1_000_000d, Tag("feature", asked.Feature), Tag("model", asked.Model));
                break;
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
