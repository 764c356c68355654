namespace TicMate.Tickets.Contracts;

/// <summary>A reply was suggested to staff. Its words are not in the event: they are kept until they are used, and go with the ticket.</summary>
/// <param name="ById">Who asked for it.</param>
/// <param name="Advisor">Who wrote it: "built-in", or the name of the model.</param>
/// <param name="Kind">answer, question or unknown.</param>
/// <param name="BasedOn">The solved tickets that it rests on.</param>
/// <param name="Length">How many characters it has.</param>
public sealed record ReplyDrafted(Guid DraftId, Guid TicketId, Guid ById, string Advisor, string Kind, double? Confidence, Guid[] BasedOn, int Length);

/// <summary>A reply was sent that began as the draft.</summary>
/// <param name="Survived">How much of the draft was left, from 0 to 1.</param>
public sealed record ReplyDraftUsed(Guid DraftId, Guid TicketId, Guid ReplyId, double Survived);
