using TicMate.Tickets.Contracts;
using TicMate.Tickets.Quality;

namespace TicMate.Tests.Tickets.Quality;

/// <summary>What the counters must say, told a second time, from the events of whole tickets and with nothing kept between them.</summary>
internal static class Recount
{
    private sealed record Told(int Triage, TicketProposal Proposal)
    {
        public string Outcome { get; set; } = "";
        public bool IsJudged => Proposal.IsApplied || Outcome.Length > 0;
        public bool Stood => Outcome is "accepted" || (Outcome is "" && Proposal.IsApplied);
    }

    public static string Of(IEnumerable<object[]> tickets)
    {
        var (proposals, completions, kept) = (new List<Told>(), 0, 0);
        foreach (var events in tickets)
        {
            var told = new List<Told>();
            foreach (var (data, n) in events.Select((data, n) => (data, n)))
                switch (data)
                {
                    case TicketTriaged e: told.AddRange(e.Proposals.Select(p => new Told(n, p))); break;
                    case TicketProposalAccepted e: Decide(e.Field, e.WasCorrected ? "edited" : "accepted"); break;
                    case TicketProposalRejected e: Decide(e.Field, "rejected"); break;
                    case TicketPrioritised: Decide("priority", "edited"); break;
                    case TicketSkillsRecorded: Decide("skills", "edited"); break;
                    case TicketNotesRewritten: Decide("notes", "edited"); break;
                    case TicketEdited { Category: not null }: Decide("category", "edited"); break;
                    case TicketTriageUndone:
                        foreach (var t in told.Where(t => t.Triage == told[^1].Triage && t is { Outcome: "", Proposal.IsApplied: true }))
                            t.Outcome = "undone";
                        break;
                }

            void Decide(string field, string outcome)
            {
                if (told.LastOrDefault(t => t.Proposal.Field == field) is { Outcome: "" } newest)
                    newest.Outcome = outcome;
            }

            proposals.AddRange(told);
            var first = events.SkipWhile(e => e is not TicketTriaged).SkipWhile(e => e is not TicketAssigned { ById: null }).ToArray();
            if (first.OfType<TicketStatusChanged>().LastOrDefault(e => e.To is Status.Completed) is not { } last)
                continue;

            completions++;
            kept += last.AssigneeId == ((TicketAssigned)first[0]).AssigneeId ? 1 : 0;
        }

        if (proposals.Count == 0)
            return "";

        int Count(string outcome) => proposals.Count(p => p.Outcome == outcome);
        return $"proposed {proposals.Count}, applied {proposals.Count(p => p.Proposal.IsApplied)}, accepted {Count("accepted")}, edited {Count("edited")}, "
            + $"rejected {Count("rejected")}, undone {Count("undone")}, stood {proposals.Count(p => p.Stood)} of {proposals.Count(p => p.IsJudged)}, kept {kept} of {completions}, "
            + string.Join(' ', Enumerable.Range(0, 10).Select(bucket => proposals.Where(p => p.IsJudged && Confidence.BucketOf(p.Proposal.Confidence) == bucket).ToArray())
                .Select(b => $"{b.Count(p => p.Stood)}/{b.Length}"));
    }
}
