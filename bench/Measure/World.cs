using System.Text.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using TicMate.Bench.Fill;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;

namespace TicMate.Bench.Measure;

/// <summary>Who calls and what they call for: people signed in, and tickets that are theirs.</summary>
/// <param name="Users">Those with the most tickets, each with some of them.</param>
/// <param name="Texts">Titles and descriptions of tickets that are there, which new ones are made of.</param>
public sealed record World(IReadOnlyList<(string Token, Guid[] Tickets)> Users, IReadOnlyList<string> Moderators, string Admin, IReadOnlyList<(string Title, string Description)> Texts)
{
    private const int MostUsers = 64, MostModerators = 16, MostTickets = 100, MostTexts = 2_000;

    /// <summary>Signs people in: the events are written, and the tokens are real ones.</summary>
    public static async Task<World> SignInAsync(Service service, CancellationToken ct)
    {
        var schema = service.Store.Options.DatabaseSchemaName;
        await using var session = service.Store.LightweightSession();
        var authors = await session.QueryAsync<Guid>(
            $"select t.author_id from {schema}.mt_doc_ticket t join {schema}.mt_doc_user u on u.id = t.author_id where u.data ->> 'role' = ? and t.deleted_at is null group by 1 order by count(*) desc, 1 limit ?", ct, Roles.User, MostUsers);
        var moderators = await PeopleAsync(Roles.Moderator, MostModerators);
        var admins = await PeopleAsync(Roles.Admin, 1);

        var tickets = (await session.AdvancedSql.QueryAsync<Guid, Guid>(
                $"select row(id), row(author_id) from (select id, author_id, row_number() over (partition by author_id order by number desc) as nth from {schema}.mt_doc_ticket where author_id = any(?) and deleted_at is null) t where nth <= ? order by nth",
                ct, authors.ToArray(), MostTickets))
            .ToLookup(ticket => ticket.Item2, ticket => ticket.Item1);
        var texts = await session.QueryAsync<string>($"select jsonb_build_array(data -> 'title', data -> 'description')::text from {schema}.mt_doc_ticket order by number desc limit ?", ct, MostTexts);

        var tokens = service.Services.GetRequiredService<AccessTokens>();
        var world = new World(
            [.. authors.Select(id => (SignIn(id, Roles.User), tickets[id].ToArray()))], [.. moderators.Select(id => SignIn(id, Roles.Moderator))], SignIn(admins[0], Roles.Admin),
            [.. texts.Select(text => JsonSerializer.Deserialize<string[]>(text)!).Select(text => (text[0], text[1]))]);
        await session.SaveChangesAsync(ct);
        return world;

        Task<IReadOnlyList<Guid>> PeopleAsync(string role, int most) =>
            session.QueryAsync<Guid>($"select id from {schema}.mt_doc_user where data ->> 'role' = ? order by id limit ?", ct, role, most);

        string SignIn(Guid person, string role)
        {
            var id = Guid.CreateVersion7();
            session.Events.StartStream<Session>(id, new SignedIn(id, person));
            return tokens.Issue(person, id, role);
        }
    }
}
