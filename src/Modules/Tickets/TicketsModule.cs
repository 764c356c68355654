using JasperFx.Events.EventModeling;
using JasperFx.Events.Projections;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;
using TicMate.Tickets.Deadlines;
using TicMate.Tickets.Drafting;
using TicMate.Tickets.Erasure;
using TicMate.Tickets.History;
using TicMate.Tickets.Import;
using TicMate.Tickets.Lifecycle;
using TicMate.Tickets.Live;
using TicMate.Tickets.Quality;
using TicMate.Tickets.Reading;
using TicMate.Tickets.Searching;
using TicMate.Tickets.Similar;
using TicMate.Tickets.Triage;
using TicMate.Tickets.Triage.Costs;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;
using Wolverine;
using Wolverine.Marten;

namespace TicMate.Tickets;

/// <summary>Settings of the tickets module.</summary>
public sealed class TicketsOptions
{
    /// <summary>Whether the owner of a ticket may read its helpful notes, which are written for staff.</summary>
    public bool ShareNotesWithOwner { get; set; }

    /// <summary>What a ticket's id follows in the links of mails: an address of the web client, or of the API where there is none.</summary>
    public string TicketUrl { get; set; } = "";

    /// <summary>What no list may take longer than.</summary>
    public TimeSpan ListTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What the search for duplicates may add to the opening of a ticket.</summary>
    public TimeSpan DuplicatesTimeout { get; set; } = TimeSpan.FromMilliseconds(100);

    public string LinkTo(Guid ticketId) => $"{TicketUrl}{ticketId}";
}

/// <summary>What people ask for: tickets, their conversation, and the agent that reads them first.</summary>
public static class TicketsModule
{
    public static IServiceCollection AddTickets(this IServiceCollection services)
    {
        services.AddOptions<TicketsOptions>().BindConfiguration("Tickets");
        services.AddOptions<TriageOptions>().BindConfiguration("Ai:Thresholds");
        services.AddSingleton<TicketReader>();
        services.AddSingleton<HistoryReader>();
        services.AddSingleton<ITicketChanges, TicketChanges>();
        services.AddSingleton<WordShares>().AddHostedService<DateTexts>();
        services.AddSingleton<TicketLists>();
        services.AddSingleton<ITicketShelf, TicketShelf>();
        services.AddSingleton<IAdviceQuality, AdviceQuality>();
        services.AddSingleton<Trigrams>().AddHostedService<TurnOnTrigrams>();
        services.AddSingleton<SimilarTickets>();
        services.AddSingleton<Vectors>();
        services.AddSingleton<TextEmbedder>();
        services.AddSingleton<TicketEmbeddings>();
        services.AddSingleton<EmbedSolvedTickets>().AddHostedService(provider => provider.GetRequiredService<EmbedSolvedTickets>());
        services.AddSingleton<PossibleDuplicates>();
        services.AddModelClient();
        services.AddSingleton<Model>();
        services.AddSingleton<IModelLedger, ModelLedger>();
        services.AddSingleton<ModelClaims>();
        services.AddSingleton<WatchModel>().AddHostedService(provider => provider.GetRequiredService<WatchModel>());
        services.AddSingleton<TriageKnowledge>();
        services.AddSingleton<StoredLessons>();
        services.AddSingleton<ImportTickets>();
        services.AddSingleton<IPersonalDataSource, WrittenTickets>();
        services.AddSingleton<IPersonalDataSource, WrittenNotes>();
        services.AddHostedService<LearnFromSolvedTickets>();
        services.AddSingleton<WatchWorkload>().AddHostedService(provider => provider.GetRequiredService<WatchWorkload>());
        services.AddSingleton<WatchDeadlines>().AddHostedService(provider => provider.GetRequiredService<WatchDeadlines>());
        services.AddHostedService<EraseDeletedTickets>();
        services.AddSingleton<SweepDrafts>().AddHostedService(provider => provider.GetRequiredService<SweepDrafts>());

        services.AddSingleton<IConfigureMarten, TicketsTelemetry>();
        services.AddLive();

        services.ConfigureMarten(store =>
        {
            var schema = store.DatabaseSchemaName;
            store.Projections.Snapshot<Ticket>(SnapshotLifecycle.Inline);
            store.Projections.Snapshot<Note>(SnapshotLifecycle.Inline);
            store.Projections.Add(new WorkloadProjection(schema), ProjectionLifecycle.Inline);
            store.Projections.Add(new AdviceQualityProjection(schema), ProjectionLifecycle.Async);
            store.Projections.Add(new SpendProjection(schema), ProjectionLifecycle.Inline);
            store.Storage.ExtendedSchemaObjects.Add(new Sequence(PostgresqlProvider.Instance.Parse($"{schema}.{TicketNumber.Sequence}"), 1));
            store.Storage.ExtendedSchemaObjects.Add(ModelClaims.TableIn(schema));
            store.Storage.ExtendedSchemaObjects.Add(StoredLessons.TableIn(schema));
            store.StoreSearchText();
            store.Schema.For<DraftText>().Duplicate(draft => draft.TicketId);
            store.Schema.For<Note>().Duplicate(n => n.TicketId).Duplicate(n => n.AuthorId);
            store.Schema.For<Ticket>()
                .Duplicate(t => t.RemindAt, configure: index => (index.Name, index.Predicate) = ("deadlines_to_tell", "remind_at is not null"))
                .Duplicate(t => t.WaitingFor, configure: index =>
                    (index.Name, index.Method, index.Predicate) = ("waiting_tickets_by_skill", IndexMethod.gin, WaitingTicket.Waits))
                .Index(t => t.Number, index => (index.Name, index.Predicate) = ("waiting_tickets", WaitingTicket.Waits))
                .Index(t => t.ImportKey!, index => (index.Name, index.IsUnique, index.Predicate) = ("one_ticket_per_imported_row", true, "data ->> 'importKey' is not null"));
        });

        services.ConfigureWolverine(wolverine =>
        {
            wolverine.Discovery.IncludeAssembly(typeof(TicketsModule).Assembly);
            wolverine.LocalQueue(ImportTickets.Queue.Host).UseDurableInbox();
        });
        return services.AddEventModel("TicMate", model => model.Domain("Tickets").Includes(typeof(TicketsModule).Assembly));
    }

    /// <summary>What follows from events, of tickets and of people. The message commits with the event and carries ids only.</summary>
    /// <param name="embeds">Whether solved tickets are embedded; without a model nothing needs to be sent about it.</param>
    public static void ForwardTicketEvents(this MartenIntegration events, bool embeds)
    {
        if (embeds)
        {
            events.SubscribeToEvent<TicketStatusChanged>().TransformedTo(e => new EmbedTicket(e.Data.TicketId));
            events.SubscribeToEvent<TicketEdited>().TransformedTo(e => new EmbedTicket(e.Data.TicketId));
        }

        events.SubscribeToEvent<TicketCreated>().TransformedTo(e => new TriageTicket(e.Data.TicketId));
        events.SubscribeToEvent<TicketEdited>().TransformedTo(e => new TriageTicket(e.Data.TicketId));
        events.SubscribeToEvent<TicketTriageRequested>().TransformedTo(e => new TriageTicket(e.Data.TicketId));
        events.SubscribeToEvent<UserDeactivated>().TransformedTo(e => new HandOnTickets(e.Data.UserId));
        events.SubscribeToEvent<RoleChanged>().TransformedTo(e => new HandOnTickets(e.Data.UserId));
        events.SubscribeToEvent<RoleChanged>().TransformedTo(e => new HandOutTickets(e.Data.UserId));
        events.SubscribeToEvent<UserInvited>().TransformedTo(e => new HandOutTickets(e.Data.UserId));
        events.SubscribeToEvent<UserActivated>().TransformedTo(e => new HandOutTickets(e.Data.UserId));
        events.SubscribeToEvent<SkillsChanged>().TransformedTo(e => new HandOutTickets(e.Data.UserId));
        events.SubscribeToEvent<CapacityChanged>().TransformedTo(e => new HandOutTickets(e.Data.UserId));
        events.SubscribeToEvent<UserErased>().TransformedTo(e => new EraseWriting(e.Data.UserId));
    }
}
