using System.Diagnostics;
using Marten;
using Npgsql;
using TicMate.Tickets.Lifecycle;

namespace TicMate.Bench.Fill;

/// <summary>Brings a database to a size, with copies of tickets that the service itself has written.</summary>
public sealed class FillDatabase(string connectionString, int size, int people, string? textFile, int seed)
{
    /// <summary>With fewer, somebody would have to take turns with themselves.</summary>
    public const int FewestPeople = 200;

    private const int Models = 72;

    public async Task RunAsync(CancellationToken ct)
    {
        if (people < FewestPeople)
            throw new ArgumentException($"A database is filled with at least {FewestPeople} people.");

        var whole = Stopwatch.StartNew();
        var texts = Texts.Read(textFile);
        await using var database = NpgsqlDataSource.Create(connectionString);
        IReadOnlyList<ModelTicket> models = [];
        ModelPerson[] modelPeople = [];
        await Step("models, written by the API and the agent", async () => (models, modelPeople) = await ModelsAsync(texts, ct));

        await using var service = new Service(connectionString, isAtWork: false);
        await Step("tables", service.MigrateAsync);
        var store = (DocumentStore)service.Store;
        var (schema, readModels, indexes) = (store.Options.DatabaseSchemaName, new ReadModels(store, database), new LaterIndexes(database));
        var missing = size - (int)await database.NumberAsync($"select count(*) from {schema}.mt_doc_ticket", ct);
        if (missing <= 0)
            return;
        if (await readModels.BehindAsync(ct) is > 0 and var behind)
            throw new InvalidOperationException($"The database has {behind} events that its projections have not seen. Let the service run until they have.");

        var forms = models.Select(model => new TicketForm(model, store.Options.Serializer())).ToArray();
        var advice = new Dictionary<TicketForm, AdviceForm>();
        await Step("forms", async () =>
        {
            foreach (var form in forms)
                advice[form] = await AdviceForm.OfAsync(form, store, ct);
        });

        var (now, chance) = (Now(), new Chance(seed));
        var crowd = await Crowd.OfAsync(store, ct);
        var newcomers = await crowd.GrowAsync(service, people, Math.Max(20, size / people * 4), now - Copying.Past, chance, ct);
        var copying = new Copying(store, forms, modelPeople, crowd, texts, now, chance);
        var plan = copying.Plan(missing);
        var first = await database.NumberAsync($"select setval('{schema}.{TicketNumber.Sequence}', nextval('{schema}.{TicketNumber.Sequence}') + {missing - 1})", ct) - missing + 1;
        var storing = new Storing(store, database, advice, ct);

        await Step("indexes dropped", () => indexes.DropAsync(ct));
        await Step("events, documents, dashboard, advice", () =>
            storing.RunAsync(newcomers.OrderBy(n => n.Events[0].Timestamp).Concat(plan.Select((planned, i) => copying.Copy(planned, (int)first + i)))));
        await Step("words and audit chain", () => Task.WhenAll(readModels.WriteTextAsync(ct), new AuditLinks(database, schema).WriteAsync(storing.Before, storing.Last, ct)));
        await Step("workload", () => readModels.WriteWorkloadAsync(storing.Before, ct));
        await Step("indexes made again", () => indexes.CreateAsync(_ => true, ct));
        await readModels.WriteProgressAsync(storing.Last, ct);
        await Step("vacuum and analyze", () => database.ExecuteAsync("vacuum (analyze)", ct));
        Console.WriteLine($"{whole.Elapsed.TotalSeconds,8:0.0} s  in all: {missing} tickets, {storing.Last - storing.Before} events");
    }

    private async Task<(IReadOnlyList<ModelTicket>, ModelPerson[])> ModelsAsync(IReadOnlyList<SampleText> texts, CancellationToken ct)
    {
        await using var scratch = await ScratchDatabase.CreateAsync(connectionString, ct);
        await using var service = new Service(scratch.ConnectionString, isAtWork: true);
        var tickets = new ModelTickets(service, texts, new Chance(seed));
        return (await tickets.MakeAsync(Models, ct), [.. tickets.People]);
    }

    private static DateTimeOffset Now() => DateTimeOffset.UtcNow is var now ? now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)) : default;

    private static async Task Step(string name, Func<Task> run)
    {
        var clock = Stopwatch.StartNew();
        await run();
        Console.WriteLine($"{clock.Elapsed.TotalSeconds,8:0.0} s  {name}");
    }
}
