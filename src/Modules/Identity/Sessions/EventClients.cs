using System.Diagnostics;
using System.Net;
using Marten;
using Marten.Services;
using TicMate.Identity.Contracts;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace TicMate.Identity.Sessions;

/// <summary>
/// Who caused an event, by which request and from which address, for every session that a request opened. The address is kept in a table beside the
/// events, so that it can be shortened after a month and forgotten with its person without touching them.
/// </summary>
public sealed class EventClients(IHttpContextAccessor http) : DocumentSessionListenerBase
{
    public const string TableName = "event_clients";

    public static Table Table(string schema)
    {
        var table = new Table(PostgresqlProvider.Instance.Parse($"{schema}.{TableName}"));
        table.AddColumn<Guid>("event_id").AsPrimaryKey();
        table.AddColumn("address", "inet").NotNull();
        table.AddColumn<DateTimeOffset>("at").NotNull();
        table.Indexes.Add(new IndexDefinition("event_clients_by_address") { Columns = ["address", "at"] });
        return table;
    }

    public override Task BeforeSaveChangesAsync(IDocumentSession session, CancellationToken token)
    {
        if (http.HttpContext is not { } request)
            return Task.CompletedTask;

        var events = session.PendingChanges.Streams().SelectMany(stream => stream.Events).ToArray();
        var actor = session.LastModifiedBy ?? events.Select(e => e.Data).OfType<IAccountEvent>().FirstOrDefault()?.UserId.ToString();
        var cause = session.CausationId ?? Activity.Current?.Id ?? request.TraceIdentifier;
        foreach (var e in events)
        {
            e.UserName ??= actor;
            e.CausationId ??= cause;

            if (request.Connection.RemoteIpAddress is { } address)
                session.QueueSqlCommand(
                    $"insert into {session.DocumentStore.Options.DatabaseSchemaName}.{TableName} (event_id, address, at) values (?, cast(? as inet), ?)",
                    e.Id, Plain(address).ToString(), e.Timestamp == default ? DateTimeOffset.UtcNow : e.Timestamp);
        }

        return Task.CompletedTask;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
