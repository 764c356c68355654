using System.Buffers.Binary;

namespace TicMate.Bench.Fill;

/// <summary>Everything that is left to chance, from one seed.</summary>
public sealed class Chance(int seed)
{
    private readonly Random random = new(seed);

    public double Part() => random.NextDouble();

    public int Below(int limit) => random.Next(limit);

    public T Of<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    /// <summary>The first ones more often than the last.</summary>
    public T OftenFirst<T>(IReadOnlyList<T> items) => items[(int)(items.Count * Math.Pow(random.NextDouble(), 2))];

    /// <summary>As the service's clock has it, in microseconds.</summary>
    public TimeSpan UpTo(TimeSpan span) => TimeSpan.FromMicroseconds((long)(span.TotalMicroseconds * random.NextDouble()));

    /// <summary>Half of them are longer than the median, a few much longer.</summary>
    public TimeSpan Around(TimeSpan median) =>
        TimeSpan.FromMicroseconds((long)(median.TotalMicroseconds * Math.Exp(1.2 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))));

    public Guid Id()
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        (bytes[6], bytes[8]) = ((byte)((bytes[6] & 0x0f) | 0x40), (byte)((bytes[8] & 0x3f) | 0x80));
        return new(bytes, bigEndian: true);
    }

    /// <summary>As <see cref="Guid.CreateVersion7(DateTimeOffset)"/> makes it at that time.</summary>
    public Guid Id(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[18];
        random.NextBytes(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes, at.ToUnixTimeMilliseconds());
        (bytes[8], bytes[10]) = ((byte)((bytes[8] & 0x0f) | 0x70), (byte)((bytes[10] & 0x3f) | 0x80));
        return new(bytes[2..], bigEndian: true);
    }

    public string Hex(int length)
    {
        Span<byte> bytes = stackalloc byte[length / 2];
        random.NextBytes(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
