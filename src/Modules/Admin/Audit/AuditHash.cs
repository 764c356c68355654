using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace TicMate.Admin.Audit;

/// <summary>An event as it stands in the database, without its payload.</summary>
/// <param name="Micros">When, in microseconds since 1970.</param>
public sealed record EventRow(
    long Seq, Guid Id, Guid StreamId, long Version, string Type, long Micros, string? UserName, string? CausationId, string? CorrelationId, string TenantId, bool IsArchived);

/// <summary>
/// The hashes of the chain, as docs/audit.md describes them for whoever wants to compute them with something else: SHA-256 over parts that
/// each have their length in front, so that no two different things are written alike.
/// </summary>
public static class AuditHash
{
    public const int SaltLength = 16;

    /// <summary>What the first link of the chain hangs on.</summary>
    public static readonly byte[] Origin = new byte[SHA256.HashSizeInBytes];

    /// <summary>Without the salt nobody can try what the payload might have been.</summary>
    public static byte[] OfPayload(byte[] salt, string payload) => Of("ticmate audit payload 1", parts => parts.Add(salt).Add(payload));

    public static byte[] Of(byte[] previous, long position, bool isLate, EventRow e, byte[] payloadHash) => Of("ticmate audit link 1", parts => parts
        .Add(previous).Add(position).Add(isLate ? 1 : 0)
        .Add(e.Seq).Add(e.Id.ToString("D")).Add(e.StreamId.ToString("D")).Add(e.Version).Add(e.Type).Add(e.Micros)
        .Add(e.UserName).Add(e.CausationId).Add(e.CorrelationId).Add(e.TenantId).Add(e.IsArchived ? 1 : 0)
        .Add(payloadHash));

    /// <summary>What is signed of a checkpoint.</summary>
    public static byte[] OfCheckpoint(long position, byte[] hash, long micros, string keyId) =>
        Of("ticmate audit checkpoint 1", parts => parts.Add(position).Add(hash).Add(micros).Add(keyId));

    private static byte[] Of(string purpose, Action<Parts> write)
    {
        var parts = new Parts().Add(purpose);
        write(parts);
        return SHA256.HashData(parts.Bytes);
    }

    /// <summary>Each part: its length as four bytes, big-endian, then its bytes; -1 for none at all. Texts are UTF-8, numbers eight bytes.</summary>
    private sealed class Parts
    {
        private readonly ArrayBufferWriter<byte> writer = new();

        public ReadOnlySpan<byte> Bytes => writer.WrittenSpan;

        public Parts Add(string? text) => text is null ? Length(-1) : Add(Encoding.UTF8.GetBytes(text));

        public Parts Add(long number)
        {
            Length(sizeof(long));
            BinaryPrimitives.WriteInt64BigEndian(writer.GetSpan(sizeof(long)), number);
            writer.Advance(sizeof(long));
            return this;
        }

        public Parts Add(byte[] bytes)
        {
            Length(bytes.Length);
            writer.Write(bytes);
            return this;
        }

        private Parts Length(int length)
        {
            BinaryPrimitives.WriteInt32BigEndian(writer.GetSpan(sizeof(int)), length);
            writer.Advance(sizeof(int));
            return this;
        }
    }
}
