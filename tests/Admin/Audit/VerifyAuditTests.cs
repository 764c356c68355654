using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Admin.Audit;

public sealed class VerifyAuditTests(App app) : AuditScenarios(app)
{
    [Fact]
    public async Task Whatever_is_done_to_the_log_or_the_chain_is_found_and_told_where()
    {
        var hole = await Number("select nextval('ticmate.mt_events_sequence')");
        var from = await CatchUp();
        for (var n = 0; n < 4; n++)
            await Someone();
        await Settle();
        var signed = (await Checkpoints.WriteAsync(TimeSpan.Zero, Ct)).ShouldNotBeNull();
        await Someone();
        await Settle();
        var head = await Number("select max(position) from ticmate.audit_chain");
        var (one, two) = (from + 1, from + 2);
        string Seq(long position) => $"(select event_seq from ticmate.audit_chain where position = {position})";
        var (seqOne, seqTwo) = (await Number($"select {Seq(one)}"), await Number($"select {Seq(two)}"));

        (await Check(from)).ShouldSatisfyAllConditions(v => v.Result.ShouldBe("ok", v.Reason), v => v.Counts.Checked.ShouldBe(head - from + 1), v => v.Checkpoints.Newest.ShouldBe(signed.Position));

        // Edited, in the log.
        await Finds("tampered", one, $"update ticmate.mt_events set data = jsonb_set(data, '{{skills}}', '[\"x\"]') where seq_id = {seqOne}");
        foreach (var change in new[] { "user_name = 'x'", "timestamp = timestamp + interval '1 microsecond'", "type = 'x'", "causation_id = 'x'", "correlation_id = 'x'", "is_archived = true", "id = gen_random_uuid()", "version = 99" })
            await Finds("tampered", one, $"update ticmate.mt_events set {change} where seq_id = {seqOne}");

        // Deleted, swapped, put in, cut off.
        await Finds("missing", one, $"delete from ticmate.mt_events where seq_id = {seqOne}");
        await Finds("tampered", one, $"update ticmate.mt_events set seq_id = -1 where seq_id = {seqOne}", $"update ticmate.mt_events set seq_id = {seqOne} where seq_id = {seqTwo}", $"update ticmate.mt_events set seq_id = {seqTwo} where seq_id = -1");
        await Finds("tampered", one, $"update ticmate.mt_events set data = case seq_id when {seqOne} then (select data from ticmate.mt_events where seq_id = {seqTwo}) else (select data from ticmate.mt_events where seq_id = {seqOne}) end where seq_id in ({seqOne}, {seqTwo})");
        await Finds("tampered", null, Copy(seqOne, hole));
        await Finds("missing", head, $"delete from ticmate.mt_events where seq_id = {Seq(head)}");
        await Finds("missing", signed.Position, $"delete from ticmate.mt_events where seq_id >= {Seq(signed.Position)}", $"delete from ticmate.audit_chain where position >= {signed.Position}");

        // The chain itself.
        await Finds("missing", one, $"delete from ticmate.audit_chain where position = {one}");
        await Finds("tampered", one, $"update ticmate.audit_chain set hash = '\\x00' where position = {one}");
        await Finds("tampered", one, $"update ticmate.audit_chain set payload_hash = '\\x00' where position = {one}");
        await Finds("tampered", one, $"update ticmate.audit_chain set late = true where position = {one}");
        await Finds("tampered", one, $"delete from ticmate.audit_salts where position = {one}");
        await Finds("tampered", one, $"delete from ticmate.audit_salts where position = {one}", $"insert into ticmate.audit_redactions select event_id, {head} from ticmate.audit_chain where position = {one}");
        await Finds("tampered", signed.Position, $"update ticmate.audit_checkpoints set signature = '\\x00' where position = {signed.Position}");
        await Finds("tampered", signed.Position, $"update ticmate.audit_checkpoints set key_id = 'x' where position >= {from}");
    }

    [Fact]
    public async Task A_chain_made_anew_without_the_key_is_not_the_one_that_was_signed()
    {
        var from = await CatchUp();
        await Someone();
        await Settle();
        var signed = (await Checkpoints.WriteAsync(TimeSpan.Zero, Ct)).ShouldNotBeNull();
        var row = await Number($"select event_seq from ticmate.audit_chain where position = {from}");

        // What somebody would do who can write to every table: change the event, and chain again from there on, by our own means.
        await using var connection = await Open();
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, Ct);
        await using (var edit = new NpgsqlCommand($"update ticmate.mt_events set user_name = 'x' where seq_id = {row}", connection))
            await edit.ExecuteNonQueryAsync(Ct);
        await Rechain(connection, from);
        var verdict = await Verifier.VerifyAsync(connection, from, long.MaxValue / 2, [], null, Ct);

        (verdict.Result, verdict.Position, verdict.FaultCount).ShouldBe(("tampered", signed.Position, 1));
    }

    [Fact]
    public async Task A_row_that_came_late_is_chained_and_reported_and_not_accused()
    {
        await Someone();
        await Settle();
        var (from, of) = (await CatchUp(), await Number("select max(seq_id) from ticmate.mt_events where type = 'user_registered'"));
        long late;
        await using (var slow = await Open())
        {
            await using var transaction = await slow.BeginTransactionAsync(Ct);
            await using (var take = new NpgsqlCommand("select nextval('ticmate.mt_events_sequence')", slow))
                late = (long)(await take.ExecuteScalarAsync(Ct))!;
            foreach (var sql in Copy(of, late))
                await using (var insert = new NpgsqlCommand(sql, slow))
                    await insert.ExecuteNonQueryAsync(Ct);

            await Someone();
            await CatchUp();
            for (var n = 0; n < 5; n++)
                await Chain.SweepAsync(Ct);
            (await Number("select final_to from ticmate.audit_progress")).ShouldBeLessThan(late);
            await transaction.CommitAsync(Ct);
        }

        await Settle();
        var verdict = await Check(from);
        (verdict.Result, verdict.Counts.Late).ShouldBe(("ok", 1), verdict.Reason);
        (await Number($"select count(*) from ticmate.audit_chain where late and event_seq = {late}")).ShouldBe(1);
    }

    [Fact]
    public async Task Erasing_somebody_keeps_the_chain_valid_and_shows_what_was_erased()
    {
        var (author, admin) = (await Someone(Roles.User, "a skill of theirs"), await Someone(Roles.Admin));
        var from = await CatchUp() - 3;
        var id = (Guid)(await ATicket(author, "Canary", "in the mine"))["id"]!;
        await CallAndSettle(author, "POST", $"/api/tickets/{id}/replies", new { message = "It sings." });
        await Settle();
        (await Check(from)).ShouldSatisfyAllConditions(v => v.Result.ShouldBe("ok", v.Reason), v => v.Counts.Redacted.ShouldBe(0));

        await CallAndSettle(admin, "DELETE", "/api/admin/delete-user", new { userId = author.Id });
        await Settle();

        var verdict = await Check(from);
        (verdict.Result, verdict.Counts.Redacted >= 3).ShouldBe(("ok", true), $"{verdict.Reason} {verdict.Counts}");
        var entries = (await Call(admin, "GET", $"/api/admin/audit?subject={id}")).Body["entries"]!.AsArray();
        entries.Where(e => (bool)e!["redacted"]!).Select(e => (string)e!["action"]!).ShouldBe(["ticket-replied", "ticket-triaged", "ticket-created"]);
        entries.ToJsonString().ShouldNotContain("Canary");

        // What no erasure lists stays under guard, and an erasure that is changed vouches for nothing.
        var erasure = await Number($"select c.position from ticmate.audit_chain c join ticmate.mt_events e on e.id = c.event_id where e.stream_id = '{id}' and e.type = 'ticket_writing_erased'");
        (await Check(from, $"delete from ticmate.audit_redactions where by_position = {erasure}")).Result.ShouldBe("tampered");
        (await Check(from, $"update ticmate.mt_events e set data = jsonb_set(data, '{{redacts}}', '[]') from ticmate.audit_chain c where c.position = {erasure} and e.id = c.event_id")).Result.ShouldBe("tampered");
        (await Check(from, $"update ticmate.mt_events set data = jsonb_set(data, '{{status}}', '\"x\"') where stream_id = '{id}' and type = 'ticket_writing_erased'")).Result.ShouldBe("tampered");
    }

    [Fact]
    public async Task An_erasure_that_is_not_chained_yet_accuses_nobody()
    {
        var from = await CatchUp();
        var person = await Someone();
        await Settle();
        var registered = $"(select id from ticmate.mt_events where stream_id = '{person.Id}' and type = 'user_registered')";
        var seq = await Number($"select seq_id from ticmate.mt_events where id = {registered}");
        string[] erasure =
        [
            $"update ticmate.mt_events set data = jsonb_set(data, '{{skills}}', '[\"masked\"]') where id = {registered}",
            .. Copy(seq, 1_000_000_000), $"update ticmate.mt_events set type = 'user_traces_erased', data = jsonb_build_object('redacts', jsonb_build_array({registered})) where seq_id = 1000000000",
        ];

        (await Check(from, erasure[..1])).Result.ShouldBe("tampered");
        (await Check(from, erasure)).Result.ShouldBe("lagging");
    }

    [Fact]
    public async Task Admins_check_the_chain_and_see_its_checkpoints()
    {
        await Someone();
        await Settle();
        var signed = (await Checkpoints.WriteAsync(TimeSpan.Zero, Ct)).ShouldNotBeNull();
        var admin = await Someone(Roles.Admin);

        var part = (await Call(admin, "GET", $"/api/admin/audit/verify?from={signed.Position}&limit=1")).Body;
        ((string?)part["result"], (long)part["counts"]!["checked"]!, (long)part["checkpoints"]!["newest"]!).ShouldBe(("ok", 1, signed.Position));
        ((string?)(await Call(admin, "GET", $"/api/admin/audit/verify?from={Math.Max(1, signed.Position - 5)}")).Body["result"]).ShouldBe("ok");
        ((string?)(await Call(admin, "GET", "/api/admin/audit/verify?from=999999999")).Body["result"]).ShouldBe("missing");
        var newest = (await Call(admin, "GET", "/api/admin/audit/checkpoints?limit=1")).Body["checkpoints"]![0]!;
        ((long)newest["position"]!, (bool)newest["isOurs"]!).ShouldBe((signed.Position, true));
        foreach (var (query, field) in new[] { ("from=0", "from"), ("limit=100001", "limit"), ("x=1", "x") })
            (await Call(admin, "GET", $"/api/admin/audit/verify?{query}")).ShouldFault(field);
    }

    private async Task Rechain(NpgsqlConnection connection, long from)
    {
        List<(long Position, bool IsLate, TicMate.Admin.Audit.EventRow Event, byte[] Payload)> links = [];
        await using (var read = new NpgsqlCommand($"select c.position, c.late, c.payload_hash, {TicMate.Admin.Audit.AuditTables.Columns} from ticmate.audit_chain c join ticmate.mt_events e on e.id = c.event_id where c.position >= {from} order by 1", connection))
        await using (var row = await read.ExecuteReaderAsync(Ct))
            while (await row.ReadAsync(Ct))
                links.Add((row.GetInt64(0), row.GetBoolean(1), TicMate.Admin.Audit.AuditTables.Row(row, 3), row.GetFieldValue<byte[]>(2)));

        await using var before = new NpgsqlCommand($"select hash from ticmate.audit_chain where position = {from - 1}", connection);
        var previous = await before.ExecuteScalarAsync(Ct) as byte[] ?? TicMate.Admin.Audit.AuditHash.Origin;
        foreach (var link in links)
        {
            previous = TicMate.Admin.Audit.AuditHash.Of(previous, link.Position, link.IsLate, link.Event, link.Payload);
            await using var write = new NpgsqlCommand("update ticmate.audit_chain set hash = $1 where position = $2", connection) { Parameters = { new() { Value = previous }, new() { Value = link.Position } } };
            await write.ExecuteNonQueryAsync(Ct);
        }
    }

    private async Task Finds(string result, long? position, params string[] changes)
    {
        var from = position is { } at ? Math.Max(1, at - 3) : Math.Max(1, await Number("select max(position) from ticmate.audit_chain") - 40);
        var verdict = await Check(from, changes);
        (verdict.Result, verdict.Position).ShouldBe((result, position), $"{changes[0]}: {verdict.Reason}");
    }
}
