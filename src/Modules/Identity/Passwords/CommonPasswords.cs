using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TicMate.Identity.Passwords;

/// <summary>The passwords that are tried first. The file says where the list comes from; it holds hashes, as nobody needs to read it.</summary>
public static class CommonPasswords
{
    private static readonly Lazy<ulong[]> Hashes = new(Read);

    public static int Count => Hashes.Value.Length;

    public static bool Contains(string folded) =>
        Array.BinarySearch(Hashes.Value, BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(folded)))) >= 0;

    private static ulong[] Read()
    {
        using var lines = new StreamReader(typeof(CommonPasswords).Assembly.GetManifestResourceStream("common-passwords.txt")!);
        var hashes = new List<ulong>(10_000);
        while (lines.ReadLine() is { } line)
            if (line is not ['#', ..])
                hashes.Add(ulong.Parse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

        return [.. hashes];
    }
}
