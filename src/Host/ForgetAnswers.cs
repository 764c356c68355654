using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.Marten;

namespace TicMate.Host;

/// <summary>Somebody's words are erased: drop every kept answer that names them. Words stand beside their author's id, whoever reads them.</summary>
public sealed record ForgetAnswers(Guid PersonId, int Round = 0);

public static class ForgetAnswersHandler
{
    // Requests that were under way may still keep an answer, and a name may be remembered for a minute: look again, twice.
    private static readonly TimeSpan[] Again = [TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(2)];

    public static OutgoingMessages Handle(ForgetAnswers command, IDocumentSession session)
    {
        foreach (var kept in new[] { "answer", "decided" })
            session.QueueSqlCommand(
                $"update {IdempotentRequest.Table(session)} set data = data - '{kept}' where data ->> 'callerId' = ? or strpos(data ->> '{kept}', ?) > 0",
                command.PersonId.ToString(), command.PersonId.ToString());

        OutgoingMessages messages = [];
        if (command.Round < Again.Length)
            messages.Delay(command with { Round = command.Round + 1 }, Again[command.Round]);

        return messages;
    }

    public static void ForgetErasedAnswers(this MartenIntegration events)
    {
        events.SubscribeToEvent<UserErased>().TransformedTo(e => new ForgetAnswers(e.Data.UserId));
        events.SubscribeToEvent<TicketWritingErased>().TransformedTo(e => new ForgetAnswers(e.Data.WriterId, Again.Length));
    }
}
