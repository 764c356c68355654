using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Audit;

/// <summary>Where a page ended: a time in microseconds, and the event's number. Opaque to clients.</summary>
public sealed record AuditCursor(long Micros, long Seq)
{
    public override string ToString() => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Micros}.{Seq}")));

    public static AuditCursor? Parse(string text)
    {
        Span<byte> bytes = stackalloc byte[64];
        if (text.Length is 0 or > 80 || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var length))
            return null;

        // No later than PostgreSQL's calendar goes.
        return Encoding.ASCII.GetString(bytes[..length]).Split('.') is [var time, var number]
            && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var micros) && micros < 9_000_000_000_000_000
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? new(micros, seq) : null;
    }
}

/// <summary>Which part of the audit is asked for. Anything that is not understood is a fault, never ignored.</summary>
public sealed record AuditQuery
{
    public const int DefaultLimit = 25, LargestLimit = 100, MostActions = 10;

    public static readonly string[] Filters = ["actor", "action", "subject", "since", "until", "address"];
    public static readonly string[] Parameters = [.. Filters, "limit", "cursor"];
    public static readonly string[] ExportParameters = [.. Filters, "format"];

    public int Limit { get; init; } = DefaultLimit;
    public AuditCursor? After { get; init; }

    /// <summary>csv or ndjson; for the export.</summary>
    public string Format { get; private init; } = "csv";

    public string? Actor { get; private init; }

    /// <summary>As the log names them.</summary>
    public string[] Types { get; private init; } = [];

    public Guid? Subject { get; init; }
    public DateTimeOffset? Since { get; private init; }
    public DateTimeOffset? Until { get; private init; }
    public IPAddress? Address { get; private init; }

    public static (AuditQuery, ProblemDetails) Read(IQueryCollection query, string[] parameters)
    {
        var faults = new Faults();
        var read = new AuditQuery();
        foreach (var (name, values) in query)
        {
            faults.When(values.Count != 1, name, $"{name} may be given once.");
            read = (parameters.Contains(name) ? name : "", values[0] ?? "") switch
            {
                ("limit", var text) when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= LargestLimit => read with { Limit = limit },
                ("limit", _) => Fault($"limit must be a number from 1 to {LargestLimit}."),
                ("cursor", var text) when AuditCursor.Parse(text) is { } cursor => read with { After = cursor },
                ("cursor", _) => Fault("cursor must be the next of an earlier page."),
                ("format", "csv" or "ndjson") => read with { Format = values[0]! },
                ("format", _) => Fault("format must be csv or ndjson."),
                ("actor", var text) when ActorIn(text) is { } actor => read with { Actor = actor },
                ("actor", _) => Fault("actor must be a person's id, or the name of the agent or a part of the service (agent:built-in, system:erasure, command:import)."),
                ("action", var text) when text.Split(',') is { Length: <= MostActions } words && words.All(AuditEvents.Actions.Contains) =>
                    read with { Types = [.. words.Distinct().Select(AuditEvents.AliasOf)] },
                ("action", _) => Fault($"action must be one to {MostActions} of {string.Join(", ", AuditEvents.Actions.Order(StringComparer.Ordinal))}."),
                ("subject", var text) when new Reference(text).Id is var id && id != Reference.Nothing => read with { Subject = id },
                ("subject", _) => Fault("subject must be the id of a ticket, of a person or of a stream."),
                ("since", var text) when WireTime.Moment(text) is { } time => read with { Since = time },
                ("until", var text) when WireTime.Moment(text) is { } time => read with { Until = time },
                ("since" or "until", _) => Fault($"{name} must be a time with an offset (2026-12-31T17:00:00Z)."),
                ("address", var text) when AddressIn(text) is { } address => read with { Address = address },
                ("address", _) => Fault("address must be an IP address."),
                _ => Fault($"{name} is not a parameter of this list."),
            };

            AuditQuery Fault(string message)
            {
                faults.Add(name, message);
                return read;
            }
        }

        return (read, faults.Problem);
    }

    private static string? ActorIn(string text) =>
        new Reference(text).Id is var id && id != Reference.Nothing ? id.ToString()
        : text.Length <= 100 && text.All(c => c is > ' ' and <= '~') && text.Split(':') is ["agent" or "system" or "command", { Length: > 0 }, ..] ? text : null;

    // Only as addresses are written: 10.1 is one to the parser, and to nobody else.
    private static IPAddress? AddressIn(string text) =>
        text.Length > 45 || text.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(text, out var address) ? null
        : address.AddressFamily is AddressFamily.InterNetwork ? address.ToString() == text ? address : null
        : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}

/// <summary>
/// The query of a page, newest first. Each filter has an index in the order of the list; what may be one of several values is walked once
/// for each, and only then put in order, so that no page sorts more than a few pages.
/// </summary>
public sealed class AuditSql
{
    private readonly List<NpgsqlParameter> parameters = [];

    private AuditSql()
    {
    }

    public string Text { get; private set; } = "";
    public IReadOnlyList<NpgsqlParameter> Parameters => parameters;

    /// <summary>A page, and one row more, which tells whether there is another.</summary>
    public static AuditSql Page(string schema, AuditQuery query)
    {
        var (sql, tables) = (new AuditSql(), new AuditTables(schema));
        var take = sql.Value(query.Limit + 1);
        var key = query.Address is null ? "e.timestamp" : "c.at";

        List<string> conditions = [];
        if (query.Actor is { } actor)
            conditions.Add($"{AuditIndexes.Actor.Replace("user_name", "e.user_name", StringComparison.Ordinal)} = {sql.Value(actor)}");
        if (query.Subject is { } subject)
            conditions.Add($"{AuditIndexes.Subject.Replace("data", "e.data", StringComparison.Ordinal).Replace("stream_id", "e.stream_id", StringComparison.Ordinal)} = {sql.Value(subject.ToString())}");
        if (query.Since is { } since)
            conditions.Add($"{key} >= {sql.Value(since)}");
        if (query.Until is { } until)
            conditions.Add($"{key} <= {sql.Value(until)}");
        if (query.After is { } after)
            conditions.Add($"({key}, e.seq_id) < ({sql.Value(DateTimeOffset.UnixEpoch.AddTicks(after.Micros * TimeSpan.TicksPerMicrosecond))}, {sql.Value(after.Seq)})");

        var from = query.Address is null ? $"{tables.Events} e" : $"{tables.Clients} c join {tables.Events} e on e.id = c.event_id";
        string[] arms = query switch
        {
            // After a month only the network of an address is left.
            { Address: { } address } => [.. Known(address).Select(known => $"c.address = {sql.Value(known)}::inet{(query.Types.Length == 0 ? "" : $" and e.type = any({sql.Value(query.Types)})")}")],
            { Types: [_, _, ..], Actor: null, Subject: null } => [.. query.Types.Select(type => $"e.type = {sql.Value(type)}")],
            { Types: [] } => ["true"],
            { Types: [var type] } => [$"e.type = {sql.Value(type)}"],
            _ => [$"e.type = any({sql.Value(query.Types)})"],
        };

        var rows = string.Join(" union all ", arms.Select(arm =>
            $"(select e.seq_id, e.id, e.stream_id, e.version, e.type, e.timestamp, e.user_name, e.causation_id, e.correlation_id, e.data, {key} as key "
            + $"from {from} where {string.Join(" and ", [arm, .. conditions])} order by {key} desc, e.seq_id desc limit {take})"));
        sql.Text = "select e.seq_id, e.id, e.stream_id, e.version, e.type, e.timestamp, e.user_name, e.causation_id, e.correlation_id, "
            + $"{AuditIndexes.Subject}, data ->> 'ticketId' is not null, data ->> 'userId' is not null, c.address::text, r.event_id is not null, (extract(epoch from key) * 1000000)::bigint "
            + $"from (select * from ({rows}) u order by key desc, seq_id desc limit {take}) e "
            + $"left join {tables.Clients} c on c.event_id = e.id left join {tables.Redactions} r on r.event_id = e.id order by e.key desc, e.seq_id desc";
        return sql;
    }

    private static string[] Known(IPAddress address)
    {
        var length = address.AddressFamily is AddressFamily.InterNetwork ? 24 : 48;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(length / 8).Clear();
        return [address.ToString(), $"{new IPAddress(bytes)}/{length}"];
    }

    private string Value(object value)
    {
        parameters.Add(new NpgsqlParameter { Value = value });
        return $"${parameters.Count}";
    }
}
