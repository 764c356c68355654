using Microsoft.Extensions.Options;
using TicMate.Admin.Audit;

namespace TicMate.Tests.Admin.Audit;

public sealed class VerdictTests
{
    private static readonly ChainHead Head = new(9, new byte[32]);
    private static readonly DateTimeOffset At = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_chain_is_behind_when_events_wait_longer_than_usual()
    {
        Verdict(new() { Waiting = 3, Lag = TimeSpan.FromSeconds(29) }).Result.ShouldBe("ok");
        Verdict(new() { Waiting = 3, Lag = TimeSpan.FromSeconds(31) }).ShouldSatisfyAllConditions(v => v.Result.ShouldBe("lagging"), v => v.ExitCode.ShouldBe(2));
        Verdict(new() { HasPendingRedaction = true }).Result.ShouldBe("lagging");
    }

    [Fact]
    public void The_first_fault_names_the_result_whatever_waits()
    {
        var findings = new AuditFindings { Lag = TimeSpan.FromHours(1) };
        findings.Missing(4, 5, "gone");
        findings.Tampered(6, 7, "changed");

        Verdict(findings).ShouldSatisfyAllConditions(v => (v.Result, v.Position, v.Seq, v.Reason, v.FaultCount, v.ExitCode).ShouldBe(("missing", 4L, 5L, "gone", 2L, 1)));
    }

    [Fact]
    public void Only_some_of_many_faults_are_told_and_all_are_counted()
    {
        var findings = new AuditFindings();
        for (var n = 1; n <= 50; n++)
            findings.Tampered(n, n, "changed");

        (Verdict(findings).Faults.Count, Verdict(findings).FaultCount).ShouldBe((20, 50));
    }

    [Fact]
    public void A_signature_holds_for_the_one_chain_only()
    {
        var keys = Keys("one");
        var signed = keys.Sign(Head, At);

        keys.IsOurs(signed).ShouldBe(true);
        foreach (var forged in new[] { signed with { Position = 8 }, signed with { At = At.AddTicks(10) }, signed with { Hash = [1] }, signed with { Signature = new byte[32] } })
            keys.IsOurs(forged).ShouldBe(false);
        Keys("two").IsOurs(signed).ShouldBeNull();
        Keys("two", "one").IsOurs(signed).ShouldBe(true);
    }

    [Fact]
    public void Of_a_key_that_is_gone_only_a_later_checkpoint_of_ours_vouches()
    {
        var (old, now) = (Keys("old"), Keys("new"));
        string? Result(params Checkpoint[] checkpoints)
        {
            var (findings, signed) = (new AuditFindings(), new SignedHeads(now, []));
            foreach (var checkpoint in checkpoints)
                signed.Add(checkpoint);
            for (var position = 1L; position <= 9; position++)
                signed.Compare(position, Head.Hash, findings);
            signed.End(9, findings);
            return findings.Verdict(1, null, Head, signed.Counts).Result;
        }

        Checkpoint By(CheckpointKeys keys, long position) => keys.Sign(new(position, Head.Hash), At);
        Result(By(old, 3), By(now, 5)).ShouldBe("ok");
        Result(By(now, 3), By(old, 5)).ShouldBe("tampered");
        Result(By(now, 12)).ShouldBe("missing");
        Result(By(now, 5) with { Signature = [1] }).ShouldBe("tampered");
        Result(now.Sign(new(5, new byte[31]), At)).ShouldBe("tampered");
    }

    [Fact]
    public void What_was_noted_elsewhere_is_read_from_any_log()
    {
        var hash = new string('a', 64);
        NotedHead.In([$"{{\"Message\":\"Audit checkpoint: position 12 hash {hash} key x\"}}", "something else", $"position 13 hash {hash} at now", $"position 14 hash {hash[1..]}g"])
            .ShouldBe([new(12, hash), new(13, hash)]);

        var (findings, signed) = (new AuditFindings(), new SignedHeads(Keys("k"), [new(3, hash), new(12, hash)]));
        signed.Compare(3, Head.Hash, findings);
        signed.End(9, findings);
        Verdict(findings).Faults.Select(f => f.Kind).ShouldBe(["tampered", "missing"]);
    }

    private static AuditVerdict Verdict(AuditFindings findings) => findings.Verdict(1, null, Head, new(0, 0, null));

    private static CheckpointKeys Keys(string secret, params string[] previous) => new(Options.Create(new AuditOptions { Secret = secret, PreviousSecrets = previous }));
}
