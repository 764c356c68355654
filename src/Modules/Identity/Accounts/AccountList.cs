using System.Text;
using Marten;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;

namespace TicMate.Identity.Accounts;

/// <summary>Reads accounts for admins, in one query each, which may take only so long.</summary>
public sealed class AccountList(IDocumentStore store, SessionHandles handles, TimeProvider clock) : IAccounts
{
    private const int MostSessions = 100;

    /// <summary>What no list may take longer than, in milliseconds.</summary>
    private const string Timeout = "5000";

    public async Task<IReadOnlyList<UserView>> ListAsync(AccountFilter filter, CancellationToken ct)
    {
        var query = new NpgsqlBatchCommand();
        List<string> conditions = ["coalesce((u.data ->> 'isErased')::boolean, false) = false"];
        if (filter.Before is { } before)
            conditions.Add($"u.id < {Value(before)}");
        if (filter.Roles is { } roles)
            conditions.Add($"u.data ->> 'role' = any({Value(roles)})");
        if (filter.IsActive is { } active)
            conditions.Add($"(u.data ->> 'isActive')::boolean = {Value(active)}");
        if (filter.IsVerified is { } verified)
            conditions.Add($"(u.data ->> 'isEmailVerified')::boolean = {Value(verified)}");
        if (filter.Skills is { } skills)
            conditions.Add($"exists (select from jsonb_array_elements_text(u.data -> 'skills') skill where upper(skill) = any({Value(skills.Select(s => s.ToUpperInvariant()).ToArray())}))");
        if (filter.Words is { } words)
            conditions.Add($"position(lower({Value(words)}) in lower(concat(p.data ->> 'name', ' ', p.data ->> 'email'))) > 0");

        var schema = store.Options.DatabaseSchemaName;
        query.CommandText =
            $"""
            select u.data::text, p.data::text from {schema}.mt_doc_user u join {schema}.mt_doc_personaldata p on p.id = u.id
            where {string.Join(" and ", conditions)} order by u.id desc limit {Value(filter.Limit)}
            """;

        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new("select set_config('statement_timeout', $1, true)") { Parameters = { new() { Value = Timeout } } }, query },
        };
        await using var rows = await batch.ExecuteReaderAsync(ct);
        await rows.NextResultAsync(ct);
        var (found, json) = (new List<UserView>(), store.Options.Serializer());
        while (await rows.ReadAsync(ct))
            found.Add(UserView.Of(Read<User>(0), Read<PersonalData>(1)));

        return found;

        T Read<T>(int column) => json.FromJson<T>(new MemoryStream(Encoding.UTF8.GetBytes(rows.GetString(column))));

        string Value(object value)
        {
            query.Parameters.Add(new() { Value = value });
            return $"${query.Parameters.Count}";
        }
    }

    public async Task<UserView?> FindAsync(Guid id, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var batch = session.CreateBatchQuery();
        var (user, person) = (batch.Load<User>(id), batch.Load<PersonalData>(id));
        await batch.Execute(ct);
        return await user is { IsErased: false } found && await person is { } known ? UserView.Of(found, known) : null;
    }

    public async Task<IReadOnlyList<OpenSession>> SessionsAsync(UserView user, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var oldest = now - Session.LongestLife;
        await using var session = store.QuerySession();
        var open = await session.Query<Session>().Where(s => s.UserId == user.Id && s.EndedAt == null && s.StartedAt > oldest)
            .OrderByDescending(s => s.Id).Take(MostSessions).ToListAsync(ct);
        var uses = (await session.LoadManyAsync<LastUse>(ct, open.Select(s => s.Id).ToArray())).ToDictionary(use => use.Id);
        return
        [
            .. open.Select(s => (Session: s, Seen: uses.GetValueOrDefault(s.Id)?.At)).Where(s => !s.Session.IsOver(user.Role, s.Seen ?? s.Session.StartedAt, now))
                .Select(s => new OpenSession(handles.Of(s.Session.Id), s.Session.StartedAt, s.Seen, s.Session.Kind)),
        ];
    }
}
