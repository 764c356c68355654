using JasperFx;
using JasperFx.CodeGeneration;
using JasperFx.Core;
using JasperFx.Events;
using JasperFx.Resources;
using Marten;
using TicMate.Admin;
using TicMate.Host;
using TicMate.Identity;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using Weasel.Core;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;

try
{
    var asked = Commands.Parse(args);
    if (asked is { StandsAlone: true })
        return await asked.RunAloneAsync();

    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.AddSettings(args);
    await using var postgres = await builder.OpenDatabaseAsync(args);
    if (!Database.NeedsOnlyCode(args) && args.FirstOrDefault() != RestoreCommand.Name)
        await Restoring.RefuseAsync(builder.Configuration.GetConnectionString("Database")!, CancellationToken.None);
    if (asked is not null && await asked.BeforeHostAsync(builder.Configuration) is { } done)
        return done;

    var services = builder.Services;

    services.AddIdentity().AddTickets().AddAdmin().AddHouse(builder);
    if (!args.Any(arg => !arg.StartsWith('-')))
        builder.AddTelemetry();

    services.AddMarten(store =>
        {
            store.Connection(builder.Configuration.GetConnectionString("Database")!);
            store.DatabaseSchemaName = "ticmate";
            store.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase);
            store.Events.UseMandatoryStreamTypeDeclaration = true;
            store.Events.UseListenNotifyForEventAppends = true;

            // The service's own clock, whatever the name: with the database's, documents would differ from what a rebuild makes of the events.
            store.Events.AppendMode = EventAppendMode.QuickWithServerTimestamps;
            store.Events.TimeProvider = new DatabaseTime();

            // Who did what, and because of which request: the audit log reads these columns.
            store.Events.MetadataConfig.UserNameEnabled = true;
            store.Events.MetadataConfig.CorrelationIdEnabled = true;
            store.Events.MetadataConfig.CausationIdEnabled = true;
        })
        .IntegrateWithWolverine(events =>
        {
            events.UseFastEventForwarding = true;
            events.UseWolverineManagedEventSubscriptionDistribution = true;
            events.ForwardTicketEvents(embeds: builder.Configuration["Ai:EmbeddingModel"] is { Length: > 0 });
            events.ForgetErasedAnswers();
            events.RecordErasures();
        });

    builder.Host.UseWolverine(wolverine => wolverine.UseHouseRules(builder.Configuration));
    services.CritterStackDefaults(stack =>
    {
        stack.GeneratedCodeOutputPath = Messaging.GeneratedCode;
        stack.Development.GeneratedCodeMode = Messaging.CodeMode;
        stack.Production.GeneratedCodeMode = Messaging.CodeMode;
        stack.Development.ResourceAutoCreate = AutoCreate.CreateOrUpdate;
        stack.Production.ResourceAutoCreate = Migrate.MayChangeTables(args) ? AutoCreate.CreateOrUpdate : AutoCreate.None;
    });
    services.AddWolverineHttp();

    if (asked is not null)
        await builder.ServeCommandAsync();

    var app = builder.Build();
    app.UseHouseRules();
    app.MapWolverineEndpoints(http => http.UseHouseRules());
    if (asked is not null)
        return await app.RunAsync(asked);

    app.Greet(postgres);

    if (Migrate.IsAskedFor(args))
        return await Migrate.RunAsync(app);

    if (args.Any(arg => !arg.StartsWith('-')))
        return await app.RunJasperFxCommands(args);

    await app.CheckDatabaseAsync();
    await using var alone = await OnlyNode.ProveAsync(app.Configuration, app.Environment.IsDevelopment() ? 3.Seconds() : 30.Seconds(), app.Logger);
    await app.RunAsync();
    return 0;
}
catch (CommandException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return e.ExitCode;
}
catch (Exception e) when (Settings.Explain(e) is { } sentence)
{
    await Console.Error.WriteLineAsync($"TICMaTe cannot start. {sentence}");
    return 78; // EX_CONFIG of sysexits.h
}

public partial class Program;
