using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace TicMate.Tickets.Quality;

/// <summary>
/// What became of the agent's proposals and drafts, counted per day of the proposal. It runs behind the events: counters that every triage
/// increments would make the triages wait for each other.
/// </summary>
public sealed partial class AdviceQualityProjection : EventProjection, IBuildsBeside
{
    /// <summary>An undo counts against a proposal for so long.</summary>
    public static readonly TimeSpan UndoCounts = TimeSpan.FromDays(7);

    /// <summary>Confidence is counted in millionths: whole numbers add up to the same sum in any order.</summary>
    public const int Million = 1_000_000;

    private readonly AdviceQualityTables tables;

    public AdviceQualityProjection(string schema)
    {
        // How far it has come is stored under this name: under another one it would count everything a second time.
        Name = "AdviceQuality";
        tables = new(schema);
        foreach (var table in tables.Definitions())
        {
            SchemaObjects.Add(table);
            Options.DeleteDataInTableOnTeardown(table.Identifier.QualifiedName);
        }
    }

    public EventProjection Beside(string schema) => new AdviceQualityProjection(schema);

    public void Project(IEvent<TicketTriaged> e, IDocumentOperations operations)
    {
        foreach (var proposal in e.Data.Proposals.DistinctBy(p => p.Field))
        {
            var (skills, bucket) = (SkillsOf(proposal), Confidence.BucketOf(proposal.Confidence));
            var (applied, confidence) = (proposal.IsApplied ? 1 : 0, (long)Math.Round(Math.Clamp(proposal.Confidence, 0, 1) * Million));
            operations.QueueSqlCommand(
                $"""
                insert into {tables.Proposals} (ticket_id, field, triage, day, proposed_at, advisor, skills, bucket, confidence, applied, outcome)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{Outcome.None}')
                on conflict (ticket_id, field) do update set triage = excluded.triage, day = excluded.day, proposed_at = excluded.proposed_at, advisor = excluded.advisor,
                    skills = excluded.skills, bucket = excluded.bucket, confidence = excluded.confidence, applied = excluded.applied, outcome = excluded.outcome
                """,
                e.Data.TicketId, proposal.Field, e.Sequence, DayOf(e), e.Timestamp, e.Data.Advisor, skills, bucket, confidence, proposal.IsApplied);
            operations.QueueSqlCommand(
                $"""
                insert into {tables.Quality} as q (day, field, advisor, skill, bucket, proposed, applied, judged, stood, confidence)
                select ?, ?, ?, skill, ?, 1, ?, ?, ?, ? from unnest(?) as skill
                on conflict (day, field, advisor, skill, bucket) do update set proposed = q.proposed + 1, applied = q.applied + excluded.applied,
                    judged = q.judged + excluded.judged, stood = q.stood + excluded.stood, confidence = q.confidence + excluded.confidence
                """,
                DayOf(e), proposal.Field, e.Data.Advisor, bucket, applied, applied, applied, proposal.IsApplied ? confidence : 0L, (string[])["", .. skills]);
        }

        operations.QueueSqlCommand(
            $"insert into {tables.Tickets} (ticket_id, advisor, skills) values (?, ?, ?) on conflict (ticket_id) do update set advisor = excluded.advisor, skills = excluded.skills",
            e.Data.TicketId, e.Data.Advisor, e.Data.Proposals.FirstOrDefault(p => p.Field is ProposalField.Skills) is { } skillful ? SkillsOf(skillful) : []);
    }

    public void Project(TicketProposalAccepted e, IDocumentOperations operations) =>
        Decide(operations, e.WasCorrected ? Outcome.Edited : Outcome.Accepted, e.TicketId, e.Field);

    public void Project(TicketProposalRejected e, IDocumentOperations operations) => Decide(operations, Outcome.Rejected, e.TicketId, e.Field);

    public void Project(TicketPrioritised e, IDocumentOperations operations) => Decide(operations, Outcome.Edited, e.TicketId, ProposalField.Priority);

    public void Project(TicketSkillsRecorded e, IDocumentOperations operations) => Decide(operations, Outcome.Edited, e.TicketId, ProposalField.Skills);

    public void Project(TicketNotesRewritten e, IDocumentOperations operations) => Decide(operations, Outcome.Edited, e.TicketId, ProposalField.Notes);

    public void Project(TicketEdited e, IDocumentOperations operations)
    {
        if (e.Category is not null)
            Decide(operations, Outcome.Edited, e.TicketId, ProposalField.Category);
    }

    public void Project(IEvent<TicketTriageUndone> e, IDocumentOperations operations) => operations.QueueSqlCommand(
        Counted(
            $"""
            update {tables.Proposals} set outcome = case when proposed_at >= ? then '{Outcome.Undone}' else '{Outcome.UndoneLate}' end
            where ticket_id = ? and applied and outcome = '{Outcome.None}' and triage = (select max(triage) from {tables.Proposals} where ticket_id = ?) returning *
            """),
        e.Timestamp - UndoCounts, e.Data.TicketId, e.Data.TicketId);

    public void Project(IEvent<TicketAssigned> e, IDocumentOperations operations)
    {
        if (e.Data.ById is null)
            operations.QueueSqlCommand(
                $"""
                with first as (
                    update {tables.Tickets} set assignee_id = ?, assigned_day = ?, assigned_advisor = advisor, assigned_skills = skills
                    where ticket_id = ? and assignee_id is null returning *)
                insert into {tables.Assignees} as q (day, advisor, skill, assigned)
                select assigned_day, assigned_advisor, skill, 1 from first, unnest(array_prepend('', assigned_skills)) as skill
                on conflict (day, advisor, skill) do update set assigned = q.assigned + 1
                """,
                e.Data.AssigneeId, DayOf(e), e.Data.TicketId);
    }

    // A ticket that was reopened counts by its last completion, so what the one before it counted is taken back.
    public void Project(TicketStatusChanged e, IDocumentOperations operations)
    {
        if (e.To is Status.Completed)
            operations.QueueSqlCommand(
                $"""
                with done as (
                    update {tables.Tickets} t set kept = (t.assignee_id = ?) from {tables.Tickets} before
                    where t.ticket_id = ? and before.ticket_id = t.ticket_id and t.assignee_id is not null returning t.*, before.kept as was_kept)
                update {tables.Assignees} q set completed = q.completed + (done.was_kept is null)::int, kept = q.kept + done.kept::int - coalesce(done.was_kept, false)::int
                from done where q.day = done.assigned_day and q.advisor = done.assigned_advisor and q.skill = any(array_prepend('', done.assigned_skills))
                """,
                e.AssigneeId ?? Guid.Empty, e.TicketId);
    }

    public void Project(IEvent<ReplyDrafted> e, IDocumentOperations operations)
    {
        operations.QueueSqlCommand($"insert into {tables.Drafts} (draft_id, day) values (?, ?)", e.Data.DraftId, DayOf(e));
        operations.QueueSqlCommand(
            $"insert into {tables.DraftsByDay} as q (day, drafted) values (?, 1) on conflict (day) do update set drafted = q.drafted + 1", DayOf(e));
    }

    // Counted on the day it was drafted, like a proposal, and once.
    public void Project(ReplyDraftUsed e, IDocumentOperations operations) => operations.QueueSqlCommand(
        $"""
        with sent as (delete from {tables.Drafts} where draft_id = ? returning day)
        update {tables.DraftsByDay} q set used = used + 1, survived = survived + ? from sent where q.day = sent.day
        """,
        e.DraftId, (long)Math.Round(Math.Clamp(e.Survived, 0, 1) * Million));

    // The first thing that a person does with a proposal is what became of it.
    private void Decide(IDocumentOperations operations, string outcome, Guid ticket, string field) => operations.QueueSqlCommand(
        Counted($"update {tables.Proposals} set outcome = ? where ticket_id = ? and field = ? and outcome = '{Outcome.None}' returning *"), outcome, ticket, field);

    private string Counted(string update) =>
        $"""
        with decided as ({update})
        update {tables.Quality} q set
            accepted = q.accepted + (p.outcome = '{Outcome.Accepted}')::int, edited = q.edited + (p.outcome = '{Outcome.Edited}')::int,
            rejected = q.rejected + (p.outcome = '{Outcome.Rejected}')::int, undone = q.undone + (p.outcome = '{Outcome.Undone}')::int,
            judged = q.judged + (not p.applied)::int, confidence = q.confidence + case when p.applied then 0 else p.confidence end,
            stood = q.stood + (p.outcome = '{Outcome.Accepted}')::int - p.applied::int
        from decided p where p.outcome <> '{Outcome.UndoneLate}'
            and q.day = p.day and q.field = p.field and q.advisor = p.advisor and q.bucket = p.bucket and q.skill = any(array_prepend('', p.skills))
        """;

    private static DateOnly DayOf(IEvent e) => DateOnly.FromDateTime(e.Timestamp.UtcDateTime);

    private static string[] SkillsOf(TicketProposal proposal) =>
        proposal.Field is ProposalField.Skills ? [.. proposal.Value.Where(skill => skill.Length > 0).DistinctBy(Skill.Key)] : [];

    private static class Outcome
    {
        public const string None = "none", Accepted = "accepted", Edited = "edited", Rejected = "rejected", Undone = "undone", UndoneLate = "undone_late";
    }
}

/// <summary>The newest proposal for each field of a ticket, its first assignee and the drafts not sent yet, and what they add up to.</summary>
public sealed class AdviceQualityTables(string schema)
{
    public string Proposals => $"{schema}.ai_proposals";
    public string Tickets => $"{schema}.ai_tickets";
    public string Quality => $"{schema}.ai_quality";
    public string Drafts => $"{schema}.ai_drafts";
    public string DraftsByDay => $"{schema}.ai_drafts_by_day";
    public string Assignees => $"{schema}.ai_first_assignees";

    public IEnumerable<Table> Definitions()
    {
        var proposals = Named(Proposals);
        proposals.AddColumn<Guid>("ticket_id").AsPrimaryKey();
        proposals.AddColumn("field", "text").AsPrimaryKey();
        proposals.AddColumn<long>("triage").NotNull();
        proposals.AddColumn("day", "date").NotNull();
        proposals.AddColumn<DateTimeOffset>("proposed_at").NotNull();
        proposals.AddColumn("advisor", "text").NotNull();
        proposals.AddColumn("skills", "text[]").NotNull();
        proposals.AddColumn<int>("bucket").NotNull();
        proposals.AddColumn<long>("confidence").NotNull();
        proposals.AddColumn<bool>("applied").NotNull();
        proposals.AddColumn("outcome", "text").NotNull();
        yield return proposals;

        var tickets = Named(Tickets);
        tickets.AddColumn<Guid>("ticket_id").AsPrimaryKey();
        tickets.AddColumn("advisor", "text").NotNull();
        tickets.AddColumn("skills", "text[]").NotNull();
        tickets.AddColumn<Guid>("assignee_id");
        tickets.AddColumn("assigned_day", "date");
        tickets.AddColumn("assigned_advisor", "text");
        tickets.AddColumn("assigned_skills", "text[]");
        tickets.AddColumn<bool>("kept");
        yield return tickets;

        var quality = Named(Quality);
        quality.AddColumn("day", "date").AsPrimaryKey();
        foreach (var key in new[] { "field", "advisor", "skill" })
            quality.AddColumn(key, "text").AsPrimaryKey();
        quality.AddColumn<int>("bucket").AsPrimaryKey();
        foreach (var counter in new[] { "proposed", "applied", "accepted", "edited", "rejected", "undone", "judged", "stood", "confidence" })
            quality.AddColumn<long>(counter).NotNull().DefaultValue(0);
        yield return quality;

        var assignees = Named(Assignees);
        assignees.AddColumn("day", "date").AsPrimaryKey();
        foreach (var key in new[] { "advisor", "skill" })
            assignees.AddColumn(key, "text").AsPrimaryKey();
        foreach (var counter in new[] { "assigned", "completed", "kept" })
            assignees.AddColumn<long>(counter).NotNull().DefaultValue(0);
        yield return assignees;

        var drafts = Named(Drafts);
        drafts.AddColumn<Guid>("draft_id").AsPrimaryKey();
        drafts.AddColumn("day", "date").NotNull();
        yield return drafts;

        var draftsByDay = Named(DraftsByDay);
        draftsByDay.AddColumn("day", "date").AsPrimaryKey();
        foreach (var counter in new[] { "drafted", "used", "survived" })
            draftsByDay.AddColumn<long>(counter).NotNull().DefaultValue(0);
        yield return draftsByDay;
    }

    private static Table Named(string name) => new(PostgresqlProvider.Instance.Parse(name));
}
