using TicMate.Admin.Audit;

namespace TicMate.Tests.Admin.Audit;

public sealed class AuditHashTests
{
    private static readonly EventRow Event = new(
        7, new("11111111-1111-4111-8111-111111111111"), new("22222222-2222-4222-8222-222222222222"), 3, "user_registered", 1_700_000_000_000_001,
        "33333333-3333-4333-8333-333333333333", null, "", "*DEFAULT*", false);

    private static readonly byte[] Payload = AuditHash.OfPayload([.. Enumerable.Range(0, 16).Select(n => (byte)n)], "{\"userId\": \"ä\"}");

    // Worked out with another program from what docs/audit.md says.
    [Fact]
    public void The_hashes_are_those_that_the_documentation_describes()
    {
        Convert.ToHexStringLower(Payload).ShouldBe("b7235dfa6ae75bcb017698db2ad607c9be557f9eb46c47a7ee47fb0937b58c97");
        var link = Link(Event);
        Convert.ToHexStringLower(link).ShouldBe("c59f2ab979db6f83cbad0edb76e2cbd94b5cfe876383a43f4d30a8c4c1622456");
        Convert.ToHexStringLower(AuditHash.OfCheckpoint(1, link, 1_700_000_000_000_002, "abc")).ShouldBe("fe8115c55d01c8aced63d2b2bd268a7ee16cb2269a2cddc8fec740581ce12e1a");
    }

    [Fact]
    public void Whatever_is_different_has_another_hash() => new[]
    {
        Link(Event), Link(Event with { Seq = 8 }), Link(Event with { Id = Event.StreamId }), Link(Event with { StreamId = Event.Id }), Link(Event with { Version = 4 }),
        Link(Event with { Type = "user_invited" }), Link(Event with { Micros = 0 }), Link(Event with { UserName = null }), Link(Event with { CausationId = "" }),
        Link(Event with { CorrelationId = null }), Link(Event with { CausationId = "a", CorrelationId = "b" }), Link(Event with { CausationId = "ab" }),
        Link(Event with { TenantId = "x" }), Link(Event with { IsArchived = true }),
        AuditHash.Of(AuditHash.Origin, 2, false, Event, Payload), AuditHash.Of(AuditHash.Origin, 1, true, Event, Payload),
        AuditHash.Of(Payload, 1, false, Event, Payload), AuditHash.Of(AuditHash.Origin, 1, false, Event, AuditHash.Origin),
    }.Select(Convert.ToHexStringLower).ShouldBeUnique();

    private static byte[] Link(EventRow e) => AuditHash.Of(AuditHash.Origin, 1, false, e, Payload);
}
