using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Email;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Accounts;

/// <summary>Remove what an erased person left outside the documents: mails kept in Development, and messages that have been handled.</summary>
public sealed record EraseTraces(Guid UserId);

public static class EraseTracesHandler
{
    public static async Task HandleAsync(EraseTraces command, IQuerySession session, FolderMailbox mailbox, CancellationToken ct)
    {
        // The address itself is forgotten by now, so every mail to an address that is nobody's goes.
        var addresses = mailbox.Recipients();
        var keys = addresses.Select(PersonalData.Key).ToArray();
        var known = await session.Query<PersonalData>().Where(p => p.EmailKey.IsOneOf(keys)).Select(p => p.EmailKey).ToListAsync(ct);
        mailbox.RemoveMailTo(addresses.Where(a => !known.Contains(PersonalData.Key(a))).ToHashSet());
    }
}
