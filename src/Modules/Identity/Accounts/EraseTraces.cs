using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Email;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Accounts;

/// <summary>Remove what an erased person left outside the documents: skills in events, addresses they came from, mails kept in Development.</summary>
public sealed record EraseTraces(Guid UserId);

public static class EraseTracesHandler
{
    public static async Task HandleAsync(EraseTraces command, IDocumentSession session, FolderMailbox mailbox, CancellationToken ct)
    {
        session.LastModifiedBy = "system:erasure";

        // A message that comes twice finds nothing left to erase.
        var account = await session.Events.FetchForExclusiveWriting<User>(command.UserId, ct);
        var said = (await session.Events.FetchStreamAsync(command.UserId, token: ct)).Select(e => (Event: e, Data: Masked(e.Data))).Where(m => m.Data is not null).ToArray();
        foreach (var (e, masked) in said)
            session.Events.OverwriteEvent(e.WithData(masked!));
        if (said.Length > 0)
            account.AppendOne(new UserTracesErased(command.UserId) { Redacts = [.. said.Select(m => m.Event.Id)] });

        var schema = session.DocumentStore.Options.DatabaseSchemaName;
        session.QueueSqlCommand(
            $"delete from {schema}.{EventClients.TableName} c using {schema}.mt_events e where e.id = c.event_id and split_part(coalesce(e.user_name, e.data ->> 'userId'), ' ', 1) = ?",
            command.UserId.ToString());

        // The address itself is forgotten by now, so every mail to an address that is nobody's goes.
        var addresses = mailbox.Recipients();
        var keys = addresses.Select(PersonalData.Key).ToArray();
        var known = await session.Query<PersonalData>().Where(p => p.EmailKey.IsOneOf(keys)).Select(p => p.EmailKey).ToListAsync(ct);
        mailbox.RemoveMailTo(addresses.Where(a => !known.Contains(PersonalData.Key(a))).ToHashSet());
    }

    // Skills are free text about the person.
    private static object? Masked(object data) => data switch
    {
        UserRegistered { Skills.Length: > 0 } e => e with { Skills = [] },
        UserInvited { Skills.Length: > 0 } e => e with { Skills = [] },
        SkillsChanged { Skills.Length: > 0 } e => e with { Skills = [] },
        _ => null,
    };
}

/// <summary>A restore brought somebody back who had been erased: erase them again, as the first time.</summary>
public sealed record EraseAgain(Guid UserId);

public static class EraseAgainHandler
{
    public static Task<OpenSessions> LoadAsync(EraseAgain command, IDocumentSession session, CancellationToken ct)
    {
        session.LastModifiedBy = "command:restore";
        return session.HoldSessionsAsync(command.UserId, ct);
    }

    public static HandlerContinuation Validate(User? account) => account is null or { IsErased: true } ? HandlerContinuation.Stop : HandlerContinuation.Continue;

    public static (UserErased, ForgetPerson, EndSessions, OutgoingMessages) Handle(
        EraseAgain command, [WriteModel(nameof(EraseAgain.UserId), LoadStyle = ModelConcurrencyStyle.Exclusive)] User? account, OpenSessions sessions) =>
        (new UserErased(account!.Id), new ForgetPerson(account.Id), sessions.End("erased"), [new EraseTraces(account.Id)]);
}
