using System.Globalization;
using System.Text.RegularExpressions;

namespace TicMate.Admin.Audit;

/// <summary>Where the chain stood, as somebody noted it outside of the database.</summary>
public sealed partial record NotedHead(long Position, string Hash)
{
    /// <summary>Every checkpoint that a log or a note tells of, one per line at most.</summary>
    public static IEnumerable<NotedHead> In(IEnumerable<string> lines) =>
        from line in lines
        let found = Words().Match(line)
        where found.Success
        select new NotedHead(long.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture), found.Groups[2].Value);

    [GeneratedRegex("position ([0-9]{1,18}) hash ([0-9a-f]{64})", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}

/// <summary>What is known of the chain from signatures and from notes elsewhere, held against it.</summary>
public sealed class SignedHeads(CheckpointKeys keys, IReadOnlyCollection<NotedHead> noted)
{
    private readonly Dictionary<long, Checkpoint> waiting = [];
    private readonly ILookup<long, NotedHead> notes = noted.ToLookup(note => note.Position);
    private (long Count, long UnknownKey) seen;
    private long? newest, newestUnknown;

    public CheckpointCounts Counts => new(seen.Count, seen.UnknownKey, newest);

    public void Add(Checkpoint checkpoint)
    {
        seen.Count++;
        waiting[checkpoint.Position] = checkpoint;
    }

    /// <summary>One that was signed with a key we do not have says nothing; a later one of ours vouches for all before it.</summary>
    public void Compare(long position, byte[] hash, AuditFindings findings)
    {
        if (waiting.Remove(position, out var checkpoint))
            switch (keys.IsOurs(checkpoint))
            {
                case null:
                    (seen.UnknownKey, newestUnknown) = (seen.UnknownKey + 1, position);
                    break;
                case false:
                    findings.Tampered(position, null, $"The signature of the checkpoint at position {position} is not ours.");
                    break;
                default:
                    newest = position;
                    if (!hash.AsSpan().SequenceEqual(checkpoint.Hash))
                        findings.Tampered(position, null, $"The chain up to position {position} is not the one that was signed at {checkpoint.At.UtcDateTime:O}.");
                    break;
            }

        foreach (var note in notes[position])
            if (note.Hash != Convert.ToHexStringLower(hash))
                findings.Tampered(position, null, $"The chain up to position {position} is not the one that was noted elsewhere.");
    }

    /// <summary>At the end of the chain: what was signed or noted beyond it has been cut off.</summary>
    public void End(long head, AuditFindings findings)
    {
        foreach (var position in waiting.Keys.Concat(notes.Select(note => note.Key)).Where(position => position > head).Distinct().Order())
            findings.Missing(head + 1, null, $"The chain ends at position {head}, and it once went to {position}: what was after it is gone.");

        if (newestUnknown > (newest ?? 0))
            findings.Tampered(newestUnknown, null, $"The newest checkpoint, at position {newestUnknown}, names a key that is not configured here (Audit:SigningKey, Audit:PreviousSigningKeys).");
    }
}
